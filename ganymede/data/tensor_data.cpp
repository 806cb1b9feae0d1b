#include "ganymede/data/tensor_data.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"

namespace ganymede::data {
namespace {

std::string_view bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

}  // namespace

TensorData::TensorData(SampleSpec spec, const Batch& batch, std::string kind)
    : spec_(std::move(spec)),
      samples_(batch.samples.to(at::kFloat).cpu().contiguous()),
      kind_(std::move(kind)) {
  std::vector<int64_t> shape = spec_.shape;
  shape.insert(shape.begin(), samples_.size(0));
  const bool labelled = batch.labels.defined();
  if (samples_.sizes() != shape || (labelled && batch.labels.numel() != samples_.size(0))) {
    throw UsageError({.where = kind_,
                      .found = "samples or labels of another shape than the data's",
                      .allowed = "[N, ...shape] and [N]"});
  }
  labels_ = labelled ? batch.labels.to(at::kLong).cpu().contiguous()
                     : at::full({samples_.size(0)}, -1, at::kLong);
  if (spec_.takes_given()) {
    shape = spec_.given[0].shape;
    shape.insert(shape.begin(), samples_.size(0));
    if (!batch.given.defined() || batch.given.sizes() != shape) {
      throw UsageError({.where = kind_,
                        .found = "nothing that samples are made from, or of another shape",
                        .allowed = "[N, ...spec.given[0].shape]"});
    }
    given_ = batch.given.to(at::kFloat).cpu().contiguous();
  }
  fingerprint_ = fmt::format("{:016x}", xxh3(bytes_of(labels_), xxh3(bytes_of(samples_))));
  if (given_.defined()) {
    fingerprint_ = fmt::format("{:016x}", xxh3(fingerprint_, xxh3(bytes_of(given_))));
  }
}

void TensorData::read(int64_t index, float* out) const {
  const auto count = static_cast<size_t>(spec_.elements());
  std::memcpy(out, samples_.const_data_ptr<float>() + static_cast<size_t>(index) * count,
              count * sizeof(float));
}

void TensorData::read_pair(int64_t index, Stream&, float* sample, float* given) const {
  read(index, sample);
  if (!given_.defined()) return;
  const auto count = static_cast<size_t>(spec_.given[0].elements());
  std::memcpy(given, given_.const_data_ptr<float>() + static_cast<size_t>(index) * count,
              count * sizeof(float));
}

int64_t TensorData::label(int64_t index) const { return labels_.const_data_ptr<int64_t>()[index]; }

}  // namespace ganymede::data
