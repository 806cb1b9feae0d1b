// Latent space of a trained model: codes of seeds, arithmetic with them, files of codes.
#pragma once

#include <filesystem>
#include <vector>

#include "ganymede/infer/model.h"

namespace ganymede::infer {

// The z that each seed draws: float32 [seeds, dim].
at::Tensor latents_of(const Model& model, const std::vector<uint64_t>& seeds);

// z as the model can take it: uniform codes are clamped to their range, normal ones come back.
at::Tensor within_range(const gans::Latent& latent, const at::Tensor& z);

// The standard deviation of one entry of z: 1 for normal codes, (high - low) / sqrt(12) for
// uniform.
double latent_deviation(const gans::Latent& latent);

// Samples at z [N, dim], float32 [N, ...spec.shape] on the CPU. `label`: class of all, or -1.
// Throws UsageError for a z of another width, or a class that does not exist.
at::Tensor samples_at(const Model& model, const at::Tensor& z, int64_t label = -1);

// mean(a) - mean(b) + mean(c) of codes [.., dim] (Radford, Metz, Chintala 2016, arXiv 1511.06434,
// sec. 6.3.2): float32 [1, dim]. An empty b or c counts as zero.
at::Tensor latent_arithmetic(const Model& model, const at::Tensor& a, const at::Tensor& b,
                             const at::Tensor& c);

// "z" float32 [N, dim] in an .npz file. Reading throws DataError, and UsageError with the file when
// z has another width than `model`'s or is not finite.
void save_latents(const std::filesystem::path& path, const at::Tensor& z);
at::Tensor load_latents(const std::filesystem::path& path, const Model& model);

}  // namespace ganymede::infer
