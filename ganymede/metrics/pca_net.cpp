#include "ganymede/metrics/pca_net.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/metrics/function_net.h"
#include "ganymede/metrics/image_batches.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kReadBatch = 64;

// float64 [count, elements].
at::Tensor read_evenly(const data::Dataset& reference, int64_t count, Progress* progress) {
  at::Tensor rows = at::empty({count, reference.spec().elements()}, at::kDouble);
  for (int64_t begin = 0; begin < count; begin += kReadBatch) {
    const int64_t end = std::min(begin + kReadBatch, count);
    std::vector<int64_t> indices;
    for (int64_t i = begin; i < end; ++i) indices.push_back(i * reference.size() / count);
    rows.slice(0, begin, end).copy_(data::read_batch(reference, indices).samples.flatten(1));
    if (progress != nullptr) {
      progress->update({static_cast<double>(end), static_cast<double>(count), {}});
    }
  }
  return rows;
}

// The first `dim` principal axes of centred rows [N, E], as [dim, E].
at::Tensor principal_axes(const at::Tensor& rows, int64_t dim) {
  const bool gram = rows.size(0) < rows.size(1);
  const at::Tensor products = gram ? at::mm(rows, rows.t()) : at::mm(rows.t(), rows);
  const at::Tensor vectors = std::get<1>(at::linalg_eigh(products));  // ascending, in columns
  const at::Tensor largest = vectors.slice(1, vectors.size(1) - dim).flip(1).t();
  at::Tensor axes = gram ? at::mm(largest, rows) : largest;
  // Data of lower rank leave directions of no extent: they become axes of zeros.
  const at::Tensor lengths = axes.norm(2, {1}, /*keepdim=*/true);
  const double smallest = lengths.max().item<double>() * 1e-12 + 1e-300;
  axes = at::where(lengths > smallest, axes / lengths.clamp_min(smallest), at::zeros_like(axes));
  const at::Tensor leading = axes.gather(1, axes.abs().argmax(1, /*keepdim=*/true));
  return axes * at::where(leading < 0, at::full_like(leading, -1), at::ones_like(leading));
}

}  // namespace

std::unique_ptr<FeatureNet> pca_net(const data::Dataset& reference, Progress* progress) {
  const at::NoGradGuard no_grad;
  const int64_t count = std::min(reference.size(), kPcaSamples);
  if (count < 2) {
    throw UsageError({.where = "features pca",
                      .found = std::to_string(count) + " samples",
                      .allowed = "2 or more"});
  }
  const at::Tensor rows = read_evenly(reference, count, progress);
  if (!rows.isfinite().all().item<bool>()) {
    throw NumericError({.where = "features pca", .found = "reference data with NaN or infinity"});
  }
  const at::Tensor mean = rows.mean(0);
  const int64_t dim = std::min({kPcaDim, rows.size(1), count - 1});
  const at::Tensor axes = principal_axes(rows - mean, dim).to(at::kFloat).t().contiguous();
  const at::Tensor offset = mean.to(at::kFloat);
  return std::make_unique<FunctionFeatureNet>(
      "pca", sha256_of({offset, axes}), dim,
      [axes, offset, shape = reference.spec().shape](const at::Tensor& samples) {
        check_samples(samples, shape, "pca");
        return at::mm(samples.flatten(1) - offset, axes);
      });
}

}  // namespace ganymede::metrics
