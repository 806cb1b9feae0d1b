// Stacks of residual blocks whose layers are made by the caller: plain, with normalised weights,
// conditional.
#pragma once

#include <functional>
#include <vector>

#include "ganymede/nn/layers.h"

namespace ganymede::nn {

using ConvMaker = std::function<ModulePtr(int64_t in, int64_t out, const ConvOptions&)>;
using LinearMaker = std::function<ModulePtr(int64_t in, int64_t out, const LinearOptions&)>;
using NormMaker = std::function<ModulePtr(int64_t channels)>;  // null module: no norm

struct LayerMakers {
  ConvMaker conv = nn::conv;
  LinearMaker linear = nn::linear;
  NormMaker norm = [](int64_t) { return ModulePtr(); };
};

// What a residual block does to the picture's size.
enum class Resample { kNone, kUp, kDown };

// Pre-activation block of WGAN-GP (Gulrajani 2017, arXiv 1704.00028, appendix F) and SNGAN:
// [norm] ReLU conv3 [norm] ReLU conv3 beside a 1x1 shortcut of the input before its ReLU;
// He-uniform (over fan in + fan out) convolutions, Glorot-uniform shortcut, biases 0. Children
// norm1, conv1, norm2, conv2, shortcut. `first`: the input is an image, so that neither norm nor
// ReLU comes before conv1, nor a norm after it.
ModulePtr residual_block(int64_t in, int64_t out, Resample resample, const LayerMakers& layers,
                         bool first = false);

// z -> linear to 4x4 -> up blocks -> norm, ReLU, conv3, tanh. widths[0] is the width at 4x4, then
// one for each doubling. attention_px: self-attention behind the block that makes this size; 0:
// none.
struct ResidualUp {
  int64_t latent_dim;
  std::vector<int64_t> widths;
  int64_t channels;
  LayerMakers layers = {};
  int64_t attention_px = 0;
};
ModulePtr residual_up(const ResidualUp& plan);

// First block without pre-activation, further blocks, ReLU, mean or sum over the places, head.
// widths: one for each block; the first `halvings` blocks halve the size.
struct ResidualDown {
  int64_t size_px;
  int64_t channels;
  std::vector<int64_t> widths;
  int64_t halvings;
  bool sum_pool = true;
  LayerMakers layers = {};
  ModulePtr head;  // [N, widths.back()] -> [N, 1]
  int64_t attention_px = 0;
};
ModulePtr residual_down(const ResidualDown& plan);

// Glorot-uniform weights, bias 0.
LinearOptions glorot_linear(int64_t in, int64_t out);

}  // namespace ganymede::nn
