// Convolutions over three dimensions, and the pyramids of 3D-GAN made of them. Shapes and state
// names are PyTorch's: volumes [N, C, D, H, W], float32.
#pragma once

#include <array>

#include "ganymede/nn/layers.h"

namespace ganymede::nn {

// Along depth (or time), height, width.
using Triple = std::array<int64_t, 3>;

struct Conv3dOptions {
  Triple kernel = {4, 4, 4};
  Triple stride = {2, 2, 2};
  Triple padding = {1, 1, 1};
  bool bias = true;
  std::optional<Init> weight_init = {};  // default: PyTorch's
  std::optional<Init> bias_init = {};
};

class Conv3d final : public Module {
 public:
  Conv3d(int64_t in, int64_t out, const Conv3dOptions& options);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  Conv3dOptions options_;
  at::Tensor* weight_;  // [out, in, d, h, w]
  at::Tensor* bias_ = nullptr;
};

class ConvTranspose3d final : public Module {
 public:
  ConvTranspose3d(int64_t in, int64_t out, const Conv3dOptions& options);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  Conv3dOptions options_;
  at::Tensor* weight_;  // [in, out, d, h, w]
  at::Tensor* bias_ = nullptr;
};

ModulePtr conv3d(int64_t in, int64_t out, const Conv3dOptions& options = {});
ModulePtr conv_transpose3d(int64_t in, int64_t out, const Conv3dOptions& options = {});

// Sides of solids that the pyramids make: 16, 32, 64, 128 voxels.
const std::vector<int64_t>& volume_sides();

struct VolumePyramidOptions {
  int64_t side = 64;
  int64_t base_channels = 64;  // next to the solid; doubles with every halving of its side
  bool norm = true;            // batch normalisation between the layers
  double slope = 0.2;          // of D's leaky ReLU
};

// The networks of 3D-GAN (Wu et al. 2016, arXiv 1610.07584, appendix A): kernels of 4 voxels, no
// biases, weights ~ N(0, 0.02), batch norm gains ~ N(1, 0.02). z [N, latent_dim] -> 4^3 -> ... ->
// occupancy [N, 1, side^3] in (0, 1) through a sigmoid. UsageError for other sides.
ModulePtr volume_pyramid_up(int64_t latent_dim, const VolumePyramidOptions& options);

// Its mirror image: solids -> logits [N, 1]; biases, from 0, where there is no norm. features():
// the maps of the last three hidden layers, pooled by maxima to 2^3 and joined, [N, 56 *
// base_channels * side / 32] (sec. 4.2: 7168 for 64^3).
ModulePtr volume_pyramid_down(const VolumePyramidOptions& options);

}  // namespace ganymede::nn
