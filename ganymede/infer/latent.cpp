#include "ganymede/infer/latent.h"

#include <ATen/ATen.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/infer/npz_tensor.h"

namespace ganymede::infer {
namespace {

void check_class(const Model& model, int64_t label) {
  if (label < 0) return;
  if (model.gan().conditional() && label < model.spec().classes) return;
  throw UsageError(
      {.where = "--class",
       .found = std::to_string(label),
       .allowed = model.gan().conditional()
                      ? "0.." + std::to_string(model.spec().classes - 1)
                      : "none: " + model.gan_name() + " makes samples without classes"});
}

at::Tensor mean_or_zero(const at::Tensor& codes, int64_t dim) {
  return codes.defined() && codes.size(0) > 0 ? codes.mean(0, /*keepdim=*/true)
                                              : at::zeros({1, dim});
}

}  // namespace

at::Tensor latents_of(const Model& model, const std::vector<uint64_t>& seeds) {
  gans::Request request;
  request.seeds = seeds;
  return request.latents(model.gan().latent());
}

at::Tensor within_range(const gans::Latent& latent, const at::Tensor& z) {
  return latent.kind == gans::Latent::Kind::kUniform ? z.clamp(latent.low, latent.high) : z;
}

double latent_deviation(const gans::Latent& latent) {
  return latent.kind == gans::Latent::Kind::kUniform ? (latent.high - latent.low) / std::sqrt(12.0)
                                                     : 1.0;
}

at::Tensor samples_at(const Model& model, const at::Tensor& z, int64_t label) {
  const int64_t dim = model.gan().latent().dim;
  if (z.dim() != 2 || z.size(0) < 1 || z.size(1) != dim) {
    throw UsageError({.where = "z",
                      .found = "codes of another shape than the model's",
                      .allowed = "[N, " + std::to_string(dim) + "]"});
  }
  check_class(model, label);
  gans::Request request;
  request.z = z.to(at::kFloat);
  request.device = model.device();
  if (label >= 0) request.labels = at::full({z.size(0)}, label, at::kLong);
  return gans::sample(model.gan(), request);
}

at::Tensor latent_arithmetic(const Model& model, const at::Tensor& a, const at::Tensor& b,
                             const at::Tensor& c) {
  const gans::Latent latent = model.gan().latent();
  return within_range(latent, mean_or_zero(a, latent.dim) - mean_or_zero(b, latent.dim) +
                                  mean_or_zero(c, latent.dim));
}

void save_latents(const std::filesystem::path& path, const at::Tensor& z) {
  write_npz_tensors(path, {{"z", z.to(at::kFloat)}});
}

at::Tensor load_latents(const std::filesystem::path& path, const Model& model) {
  const at::Tensor z = npz_tensor(media::read_npz(path), "z", path);
  const int64_t dim = model.gan().latent().dim;
  if (z.dim() == 2 && z.size(0) > 0 && z.size(1) == dim && at::isfinite(z).all().item<bool>()) {
    return z;
  }
  throw UsageError({.where = path.string(),
                    .found = "z that is not of " + model.gan_name() + "'s shape, or not finite",
                    .allowed = "[N, " + std::to_string(dim) + "]"});
}

}  // namespace ganymede::infer
