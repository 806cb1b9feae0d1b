// Perceptual path length: how evenly a generator changes along its latent space. Karras, Laine,
// Aila 2019, arXiv 1812.04948, sec. 4.1.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace ganymede::metrics {

struct PathLength {
  double mean =
      0;          // over the pairs between the 1st and the 99th percentile, as in the paper's code
  double sd = 0;  // over the same
  int64_t pairs = 0;  // drawn
};

// z: float32 [N, latent_dim] -> float32 samples [N, ...]. Leave them as they are: rounding them to
// 8 bits drowns the small steps (a figure of 31 became 1147 that way).
using LatentFunction = std::function<at::Tensor(const at::Tensor& z)>;
// Distances [N] between samples; a squared one (LPIPS, or squared differences of features) makes
// the result independent of epsilon.
using SampleDistance = std::function<at::Tensor(const at::Tensor& a, const at::Tensor& b)>;

// Mean of distance(G(x(t)), G(x(t + epsilon))) / epsilon^2 for t uniform in [0, 1) along paths
// between two random latents. Normal latents N(0, 1) are joined along great circles with their
// lengths kept (Shoemake's slerp of the vectors as they are), uniform ones in [-1, 1] along
// straight lines. `map`, where given, takes both ends to the space where a straight line is walked
// instead (StyleGAN's w); `generate` then receives points of that space. Draws are keyed by seed
// and pair. Throws UsageError for a dimension, number of pairs or epsilon below 1, 1 or not above
// 0, or distances of another shape; NumericError naming the pair when a distance is not finite.
PathLength path_length(const LatentFunction& generate, const SampleDistance& distance,
                       int64_t latent_dim, bool normal_latents, int64_t pairs, uint64_t seed,
                       double epsilon = 1e-4, const LatentFunction& map = {});

}  // namespace ganymede::metrics
