#include "ganymede/infer/impute.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ganymede/core/error.h"

namespace ganymede::infer {
namespace {

constexpr int64_t kBlock = 1024;

}  // namespace

at::Tensor impute(const Model& model, const at::Tensor& rows, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  at::Tensor completed = at::empty_like(rows, at::kFloat);
  for (int64_t first = 0; first < rows.size(0); first += kBlock) {
    const int64_t count = std::min(kBlock, rows.size(0) - first);
    gans::Request request;
    request.device = model.device();
    for (int64_t row = first; row < first + count; ++row)
      request.seeds.push_back(seed + static_cast<uint64_t>(row));
    const at::Tensor made =
        model.gan().impute(rows.narrow(0, first, count).to(model.device()), request);
    if (!made.defined()) {
      throw UsageError({.where = model.source().string(),
                        .found = "a model of " + model.gan_name() + ", which completes nothing",
                        .allowed = "a model of gain"});
    }
    completed.narrow(0, first, count).copy_(made);
  }
  return completed;
}

}  // namespace ganymede::infer
