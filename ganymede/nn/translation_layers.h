// What the networks of translation_networks.h are made of.
#pragma once

#include <memory>

#include "ganymede/nn/layers.h"
#include "ganymede/nn/translation_networks.h"

namespace ganymede::nn {

// Convolutions that begin as the paper's: N(0, 0.02), biases 0.
std::shared_ptr<Conv2d> picture_conv(int64_t in, int64_t out, ConvOptions options);
// [N, in, H, W] -> [N, out, 2H, 2W]; `transposed` is the geometry of the published form.
ModulePtr picture_doubling(int64_t in, int64_t out, Doubling doubling, ConvOptions transposed);

// A normalisation with the leaky ReLU behind it as one operator. Only batch normalisation has
// weights: `batch` is the child to register, null for the others.
struct NormStep {
  PictureNorm kind = PictureNorm::kNone;
  std::shared_ptr<BatchNorm> batch = {};

  NormStep() = default;
  NormStep(PictureNorm norm, int64_t channels);
  // slope 1: the normalisation alone.
  at::Tensor operator()(const at::Tensor& x, double slope) const;
};

// Batch normalisation subtracts what a bias adds before it.
inline bool wants_bias(PictureNorm norm) { return norm != PictureNorm::kBatch; }

}  // namespace ganymede::nn
