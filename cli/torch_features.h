// Feature networks from PyTorch files, for gan evaluate and gan compare.
#pragma once

#include <memory>
#include <string>

#include "ganymede/metrics/feature_net.h"

namespace ganymede::cli {

// Inception or VGG from a file of torch.save, read without running anything in it and known by the
// file's own SHA-256: only so can its distances be called FID. Nothing when `file` is no such file
// (by its first bytes and its ending). Throws ModelError for files that are damaged, hostile or of
// another network, UsageError for an unknown resize mode.
std::shared_ptr<const metrics::FeatureNet> torch_feature_net(const std::string& file,
                                                             const std::string& resize);

}  // namespace ganymede::cli
