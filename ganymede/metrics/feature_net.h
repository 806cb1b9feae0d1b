// Networks that turn samples into features for evaluation. Which one was used is part of every
// figure: only weights whose SHA-256 is in the table of known files carry a published name.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"

namespace ganymede::metrics {

class FeatureNet {
 public:
  virtual ~FeatureNet() = default;

  // "inception-2015-12-05", "inception", "vgg16", "vgg19", "classifier", "autoencoder", "pca",
  // "random-conv", "identity", "discriminator", ...
  virtual std::string name() const = 0;
  // SHA-256 of the weights, 64 hex digits.
  virtual std::string sha256() const = 0;
  virtual int64_t dim() const = 0;
  // How images reach the network's input size: "none", "clean" (Pillow's bicubic in float),
  // "legacy-pytorch", "legacy-tensorflow".
  virtual std::string resize_mode() const = 0;

  // samples: float32 [N, ...shape], images in [-1, 1] as [N, C, H, W]; quantised to 8 bits by the
  // caller where that is wanted. Returns float32 [N, dim] on the CPU. Changes nothing; the result
  // does not depend on the batch size (up to 1e-5) or thread count. UsageError for other shapes.
  virtual at::Tensor features(const at::Tensor& samples) const = 0;
  virtual int64_t classes() const { return 0; }
  // Class probabilities float32 [N, classes] from features(), or undefined when the net has no
  // classes.
  virtual at::Tensor class_probabilities(const at::Tensor& features) const;
  // The same from samples; computes the features on the way.
  virtual at::Tensor probabilities(const at::Tensor& samples) const;

  // What a Frechet distance over these features may be called: "FID" for
  // known Inception weights only, else "FD[<name>:<first 8 digits of sha256>]".
  std::string distance_name() const;
};

struct FeatureNetOptions {
  std::string resize = "clean";
  uint64_t seed = 0;  // of random-conv
};

// `name`: "random" (fixed-seed random convolutions, needs no file), "pca" (fitted to `reference`),
// "identity" (the values themselves), or a file: .safetensors written by `gan features train`, or
// Inception/VGG weights as safetensors. `reference` gives the sample shape, and the data for pca;
// reading them reports to `progress`. Throws UsageError with what is allowed, ModelError for files
// that are damaged or do not fit.
std::unique_ptr<FeatureNet> open_feature_net(const std::string& name,
                                             const data::Dataset& reference,
                                             const FeatureNetOptions& options = {},
                                             Progress* progress = nullptr);

}  // namespace ganymede::metrics
