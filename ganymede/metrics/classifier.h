// Feature networks that are trained on the user's own data: a classifier where the data have
// labels, an autoencoder where they have none. Network, file format and use; ganymede/train trains
// them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/media/byte_source.h"
#include "ganymede/metrics/feature_net.h"
#include "ganymede/nn/module.h"

namespace ganymede::metrics {

// What the file says about a network.
struct TrainedNetInfo {
  std::vector<int64_t> shape = {};    // of a sample: [channels, height, width]
  int64_t classes = 0;                // 0: an autoencoder
  int64_t dim = 128;                  // features
  std::string data_fingerprint = {};  // of the data it was trained on
  std::string split = {};             // of these data: train, test, all
  uint64_t seed = 0;
  double kimg = 0;       // thousand images shown
  int64_t held_out = 0;  // images kept from training to judge it by
  // Of the held-out images: share classified rightly, or share of the variance reconstructed.
  double accuracy = 0;

  std::string kind() const { return classes > 0 ? "classifier" : "autoencoder"; }
};

struct TrainedNet {
  TrainedNetInfo info;
  // float32 [N, channels, height, width] in [-1, 1] -> [N, dim]: sides above 64 px are averaged
  // down by a whole factor, then convolution 3x3, ReLU and maximum over 2x2 with 32, 64, 128, 128,
  // ... channels until the longer side is at most 8 px, then a linear layer. The features are
  // taken before the ReLU, so that none of them is constant.
  nn::ModulePtr encoder;
  nn::ModulePtr head;  // classifier: ReLU, linear [N, dim] -> [N, classes]; else null
};

// Untrained networks for `info`: call initialize() on encoder and head. UsageError for shapes other
// than [C, H, W] with 1 <= C <= 16 and sides of 4 to 4096, or dim outside 1..4096.
TrainedNet make_trained_net(const TrainedNetInfo& info);
// The way back for an autoencoder's training: [N, dim] -> thumbnails in [-1, 1].
nn::ModulePtr make_decoder(const TrainedNetInfo& info);
// Images as the encoder's first layer sees them (averaged down to at most 64 px).
at::Tensor thumbnails(const at::Tensor& images);

// One safetensors file: tensors "encoder.*" and "head.*", everything of `info` as metadata.
// Atomic; throws FileError.
void save_trained_net(const std::filesystem::path& path, const TrainedNet& net);

// Whether a safetensors file was written by save_trained_net, judged by its metadata.
bool is_trained_net(const media::ByteSource& source);
// Throws ModelError naming the file for damaged metadata or tensors that do not fit them.
TrainedNet load_trained_net(const media::ByteSource& source);

// `sha256`: of the file.
std::unique_ptr<FeatureNet> trained_feature_net(TrainedNet net, const std::string& sha256);

}  // namespace ganymede::metrics
