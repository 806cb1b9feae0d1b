#include "ganymede/metrics/image_batches.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"

namespace ganymede::metrics {
namespace {

[[noreturn]] void refuse(const at::Tensor& samples, const std::string& network,
                         const std::string& allowed) {
  throw UsageError({.where = "features of " + network,
                    .found = fmt::format("samples of [{}]{}", fmt::join(samples.sizes(), ", "),
                                         samples.is_floating_point() ? "" : " that are no floats"),
                    .allowed = "floats of " + allowed});
}

}  // namespace

void check_samples(const at::Tensor& samples, const std::vector<int64_t>& shape,
                   const std::string& network) {
  const bool fits = samples.dim() == static_cast<int64_t>(shape.size()) + 1 &&
                    samples.sizes().slice(1) == at::IntArrayRef(shape);
  if (fits && samples.is_floating_point()) return;
  refuse(samples, network, fmt::format("[N, {}]", fmt::join(shape, ", ")));
}

void check_images(const at::Tensor& samples, const std::string& network) {
  const bool fits = samples.dim() == 4 && (samples.size(1) == 1 || samples.size(1) == 3) &&
                    samples.size(2) > 0 && samples.size(3) > 0;
  if (fits && samples.is_floating_point()) return;
  refuse(samples, network, "[N, 1 or 3, H, W]");
}

at::Tensor in_batches(const at::Tensor& samples, int64_t batch, int64_t dim,
                      const std::function<at::Tensor(const at::Tensor&)>& f) {
  if (samples.dim() < 1 || !samples.is_floating_point()) {
    refuse(samples, "a network", "[N, ...]");
  }
  const at::NoGradGuard no_grad;
  const int64_t count = samples.size(0);
  at::Tensor result = at::empty({count, dim}, at::kFloat);
  for (int64_t begin = 0; begin < count; begin += batch) {
    const int64_t end = std::min(begin + batch, count);
    result.slice(0, begin, end)
        .copy_(f(samples.slice(0, begin, end).to(at::kCPU, at::kFloat).contiguous()));
  }
  return result;
}

at::Tensor as_bytes_scale(const at::Tensor& images) {
  const at::Tensor bytes = (images + 1).mul_(127.5);
  return bytes.size(1) == 1 ? bytes.expand({-1, 3, -1, -1}) : bytes;
}

std::string sha256_of(const std::vector<at::Tensor>& tensors) {
  Sha256 hash;
  for (const at::Tensor& tensor : tensors) {
    const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    hash.update(fmt::format("[{}]", fmt::join(plain.sizes(), ",")));
    hash.update({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
  }
  return hash.hex();
}

}  // namespace ganymede::metrics
