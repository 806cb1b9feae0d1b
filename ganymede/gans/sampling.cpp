#include "ganymede/gans/sampling.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/Parallel.h>

namespace ganymede::gans {
namespace {

Request row_of(const Request& request, int64_t row) {
  Request one;
  one.device = request.device;
  if (!request.seeds.empty()) one.seeds = {request.seeds[static_cast<size_t>(row)]};
  if (request.labels.defined()) one.labels = request.labels.narrow(0, row, 1);
  if (request.z.defined()) one.z = request.z.narrow(0, row, 1);
  return one;
}

}  // namespace

at::Tensor sample(Gan& gan, const Request& request) {
  std::vector<int64_t> shape = gan.spec().shape;
  shape.insert(shape.begin(), request.count());
  at::Tensor samples = at::empty(shape, at::kFloat);
  const auto generate_rows = [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
    for (int64_t row = begin; row < end; ++row) {
      samples[row].copy_(gan.generate(row_of(request, row))[0]);
    }
  };
  if (request.device.is_cpu()) {
    at::parallel_for(0, request.count(), 1, generate_rows);
  } else {
    generate_rows(0, request.count());
  }
  return samples;
}

}  // namespace ganymede::gans
