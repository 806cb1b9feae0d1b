// Inception-v3 in the form that FID is computed with: the TensorFlow graph of 2015-12-05 (Szegedy
// et al. 2016, arXiv 1512.00567; Heusel et al. 2017, arXiv 1706.08500). It differs from
// torchvision's: average pools leave the padding out of the mean, the last block pools by maximum,
// and there are 1008 classes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/nn/module.h"

namespace ganymede::metrics {

class Inception {
 public:
  static constexpr int64_t kFeatures = 2048;  // of pool3
  static constexpr int64_t kClasses = 1008;
  static constexpr int64_t kSizePx = 299;

  // `tensors` have the names and shapes of pytorch-fid's state dict (Conv2d_1a_3x3.conv.weight,
  // ..., fc.bias); num_batches_tracked is ignored. Batch normalisation (eps 1e-3) is folded into
  // the convolutions in float64. Throws ModelError listing what is missing, unexpected or
  // misshapen, with `where`.
  Inception(const nn::TensorMap& tensors, const std::string& where,
            at::ScalarType dtype = at::kFloat);

  // pool3: [N, 2048] of `dtype`. images: floating [N, 3, H, W] about [-1, 1], sides >= 75 px
  // (299 for published figures); UsageError otherwise.
  at::Tensor features(const at::Tensor& images) const;
  // [N, 1008] from features, with the bias of the file.
  at::Tensor logits(const at::Tensor& features) const;
  // Class probabilities as the Inception score takes them: without the bias, as in the code of
  // Salimans et al. 2016 (arXiv 1606.03498).
  at::Tensor probabilities(const at::Tensor& features) const;

  // One convolution with its normalisation, then ReLU.
  struct Convolution {
    at::Tensor weight, bias;
    int64_t stride = 1;
    std::vector<int64_t> padding = {};
  };
  // What a branch does next. A fork sends its input through both convolutions and joins the maps.
  struct Step {
    enum class Kind { kConvolution, kFork, kMeanPool, kMaxPool, kShrink };
    Kind kind = Kind::kConvolution;
    std::vector<Convolution> convolutions = {};
  };
  using Branch = std::vector<Step>;
  using Block = std::vector<Branch>;  // outputs are joined along the channels

 private:
  std::vector<Block> blocks_;
  at::Tensor class_weight_, class_bias_;
  at::ScalarType dtype_;
};

}  // namespace ganymede::metrics
