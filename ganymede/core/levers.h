// What makes training and sampling faster without changing what is computed. Each part can be
// turned off, so that a measurement shows what it is worth (bench/ablation); no user needs that.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ganymede {

enum class Lever : uint8_t {
  kMalloc,         // core/tuning: freed pages are kept
  kFrozen,         // train: gradients of the player who moves only
  kFusedAdam,      // ops/multi_tensor: one pass over all parameters
  kProducts,       // ops/linear: matrix products by oneDNN or ops/matrix
  kWholeProducts,  // ops/conv: a kernel that covers its picture is a matrix product
  kTiles,          // ops/winograd
  kLargeTiles,     // its F(4, r)
  kThin,           // ops/thin
  kLayouts,        // LibTorch with the channels of a pixel side by side
  kFusedNorm,      // ops/batch_norm: one operator with its activation
  kKeptWeights,    // ops/weight_cache
};

// Names as "fused_norm", in the order of the enumeration.
const std::vector<const char*>& lever_names();

// All are on at first. Turn one off before the work that it belongs to starts. Throws UsageError
// for an unknown name.
bool is_on(Lever lever);
void turn_off(std::string_view name);
void turn_all_on();

}  // namespace ganymede
