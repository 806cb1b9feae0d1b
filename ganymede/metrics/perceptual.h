// VGG-16 and VGG-19 (Simonyan & Zisserman 2015, arXiv 1409.1556), and the perceptual distance that
// is learned on top of VGG-16: LPIPS (Zhang et al. 2018, arXiv 1801.03924).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/metrics/weight_reader.h"
#include "ganymede/nn/module.h"

namespace ganymede::metrics {

class Vgg {
 public:
  // Whether `tensors` hold VGG-19 (else VGG-16 is taken for granted).
  static bool is_vgg19(const nn::TensorMap& tensors);

  // Takes "features.<n>.weight" and ".bias" with torchvision's names, and "classifier.{0,3,6}"
  // when there is one. The caller ends with reader.finish().
  Vgg(WeightReader& reader, bool vgg19, bool classifier, at::ScalarType dtype = at::kFloat);

  bool vgg19() const { return vgg19_; }
  bool has_classifier() const { return !classifier_.empty(); }
  int64_t classes() const { return has_classifier() ? classifier_.back().weight.size(0) : 0; }

  // Activations after the last ReLU of each of the five blocks (relu1_2, relu2_2, relu3_3, relu4_3,
  // relu5_3; VGG-19: relu3_4, relu4_4, relu5_4). images: floating [N, 3, H, W] in [-1, 1], sides
  // >= 16 px; they are standardised by the mean and deviation of ImageNet here. UsageError for
  // other shapes.
  std::vector<at::Tensor> blocks(const at::Tensor& images) const;
  // The second hidden layer (fc7) after ReLU, [N, 4096], from the last of blocks(); needs a
  // classifier.
  at::Tensor hidden(const at::Tensor& last_block) const;
  at::Tensor logits(const at::Tensor& hidden) const;  // [N, classes]

 private:
  struct Layer {
    at::Tensor weight, bias;
  };
  std::vector<std::vector<Layer>> blocks_;
  std::vector<Layer> classifier_;
  bool vgg19_;
  at::ScalarType dtype_;
};

// LPIPS, version 0.1, on VGG-16: differences of unit-length activations, weighted by channel,
// averaged over the picture and summed over the five blocks.
class Lpips {
 public:
  // `tensors`: torchvision's "features.<n>.{weight,bias}" and the package's
  // "lin<k>.model.1.weight" [1, C, 1, 1] for k = 0..4; a classifier is ignored. Throws ModelError
  // listing what does not fit.
  Lpips(const nn::TensorMap& tensors, const std::string& where, at::ScalarType dtype = at::kFloat);

  // a, b: floating [N, 3, H, W] or [N, 1, H, W] (repeated) in [-1, 1], sides >= 16 px, equal
  // shapes. Returns [N] of the dtype: 0 for equal images; differentiable. UsageError for other
  // shapes.
  at::Tensor distance(const at::Tensor& a, const at::Tensor& b) const;

 private:
  Lpips(WeightReader reader, at::ScalarType dtype);

  Vgg vgg_;
  std::vector<at::Tensor> channel_weights_;  // [C, 1, 1]
};

}  // namespace ganymede::metrics
