#include "ganymede/metrics/feature_checks.h"

#include <ATen/ATen.h>

#include <sstream>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

std::string describe(const at::Tensor& tensor) {
  if (!tensor.defined()) return "no tensor";
  std::ostringstream text;
  text << c10::toString(tensor.scalar_type()) << " " << tensor.sizes();
  return text.str();
}

void check_finite(const at::Tensor& rows, const std::string& where, int64_t first) {
  const at::Tensor finite = rows.isfinite().all(1);
  if (finite.all().item<bool>()) return;
  const int64_t row = finite.to(at::kByte).argmin().item<int64_t>();
  throw NumericError(
      {.where = where,
       .found = "NaN or infinity in the features of sample " + std::to_string(first + row),
       .allowed = "finite features",
       .remedy = "look at that sample and at the feature network"});
}

}  // namespace

at::Tensor checked_features(const at::Tensor& features, const std::string& where, int64_t least,
                            int64_t first) {
  const bool fits = features.defined() && at::isFloatingType(features.scalar_type()) &&
                    features.dim() == 2 && features.size(1) > 0 && features.size(0) >= least;
  if (!fits) {
    throw UsageError({.where = where,
                      .found = describe(features),
                      .allowed = "floating [N, features] with N >= " + std::to_string(least)});
  }
  const at::ScalarType type = features.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  at::Tensor rows = features.detach().to(at::kCPU, type).contiguous();
  check_finite(rows, where, first);
  return rows;
}

void check_same_dim(const at::Tensor& a, const at::Tensor& b, const std::string& where) {
  if (a.size(1) == b.size(1)) return;
  throw UsageError({.where = where,
                    .found = std::to_string(a.size(1)) + " and " + std::to_string(b.size(1)) +
                             " features per sample",
                    .allowed = "features of the same network"});
}

}  // namespace ganymede::metrics
