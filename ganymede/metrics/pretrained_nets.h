// Published networks from weights that the user has: Inception-v3 in the FID form, VGG-16, VGG-19.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ganymede/metrics/feature_net.h"
#include "ganymede/nn/module.h"

namespace ganymede::metrics {

// "inception-2015-12-05" when `sha256` is that of pytorch-fid's
// pt_inception-2015-12-05-6726825d.pth, whose name carries the first eight digits (the check that
// pytorch-fid itself makes); nothing for other files.
std::optional<std::string> published_name(const std::string& sha256);

// The network whose tensors these are, told by their names; `sha256` is that of the file that they
// were read from (.safetensors, or .pth through a restricted reader), `where` its name.
//   Inception  2048 features of pool3 at 299 px by options.resize: about [-1, 1] as x / 127.5 - 1
//              for legacy-pytorch (pytorch-fid), (x - 128) / 128 for the rest (TensorFlow,
//              clean-fid)
//   VGG        with its classifier: 4096 features of fc7 at 224 px by options.resize; without: the
//              512 means of the last block at the images' own size
// Throws ModelError for tensors of no such network, UsageError for an unknown options.resize.
std::unique_ptr<FeatureNet> pretrained_net(const nn::TensorMap& tensors, const std::string& sha256,
                                           const std::string& where,
                                           const FeatureNetOptions& options = {});

}  // namespace ganymede::metrics
