// Network families shared by several gans: the DCGAN pyramid, residual stacks and plain MLPs.
// Generators take z [N, latent_dim]; image generators return [N, C, H, W] in [-1, 1] (tanh);
// discriminators take samples and return logits [N, 1].
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/nn/layers.h"
#include "ganymede/nn/residual.h"

namespace ganymede::nn {

struct ImageShape {
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;

  // UsageError when the samples are not square images [C, H, W] of a size in `allowed`
  // (empty: any square size).
  static ImageShape of(const SampleSpec& spec, const std::vector<int64_t>& allowed = {});
};

enum class Norm { kNone, kBatch, kLayer };
// Names in recipes: none, batch, layer.
std::vector<std::pair<const char*, Norm>> enum_names(Norm);

// Sizes that conv_pyramid_* can make: 8, 16, 28, 32, 64, 128, 256.
const std::vector<int64_t>& pyramid_sizes();
// Sizes that residual_* can make: the same without 28.
const std::vector<int64_t>& residual_sizes();

struct PyramidOptions {
  Norm norm = Norm::kBatch;
  double slope = 0.2;              // leaky ReLU of the discriminator
  double weight_deviation = 0.02;  // weights ~ N(0, deviation), batch norm gains ~ N(1, deviation)
};

// DCGAN's stack of strided (transposed) convolutions, all without bias (Radford, Metz, Chintala
// 2016, arXiv 1511.06434; the form of pytorch/examples/dcgan, with its names "main.0.weight" ...).
// `base_channels` is the width next to the image; it doubles with every halving of the size.
// 28 px takes the networks of the PyTorch C++ tutorial (base_channels 64, latent_dim 100).
// UsageError for other sizes than pyramid_sizes().
ModulePtr conv_pyramid_up(int64_t latent_dim, int64_t base_channels, const ImageShape& image,
                          const PyramidOptions& options = {});
ModulePtr conv_pyramid_down(const ImageShape& image, int64_t base_channels,
                            const PyramidOptions& options = {});

enum class Activation { kNone, kRelu, kLeakyRelu, kTanh, kSigmoid, kSoftplus };
// Names in recipes: none, relu, leaky_relu, tanh, sigmoid, softplus.
std::vector<std::pair<const char*, Activation>> enum_names(Activation);
ModulePtr activation(Activation kind);  // null for kNone: Sequential skips it

struct MlpOptions {
  Activation hidden = Activation::kRelu;
  Activation output = Activation::kNone;
  Norm norm = Norm::kNone;  // after every hidden linear layer
  LinearOptions linear = {};
};

// Linear layers of `widths`, then one to `out`. Input of any shape is flattened to [N, in];
// output [N, out].
ModulePtr mlp(int64_t in, const std::vector<int64_t>& widths, int64_t out,
              const MlpOptions& options = {});

struct ResidualOptions {
  Norm norm = Norm::kNone;
  bool sum_pool = false;  // the discriminator's head: mean over pixels (WGAN-GP) or sum (SNGAN)
};

// The block of residual.h with this norm.
ModulePtr residual_block(int64_t in, int64_t out, Resample resample, Norm norm);

// z -> linear to 4x4 -> up blocks of constant width -> norm, ReLU, conv3, tanh.
ModulePtr residual_up(int64_t latent_dim, int64_t width, const ImageShape& image,
                      const ResidualOptions& options = {.norm = Norm::kBatch});
// First block without pre-activation, down blocks to 8x8 (4x4 for 8 px), two blocks of the same
// size, ReLU, pool, linear to one logit.
ModulePtr residual_down(const ImageShape& image, int64_t width,
                        const ResidualOptions& options = {});

}  // namespace ganymede::nn
