// Fakes beside their nearest training pictures: a copying generator is seen at a glance.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ganymede/media/image.h"

namespace ganymede::metrics {

// What is shown. Pictures are uint8 [N, C, H, W] with 1 or 3 channels, indices int64 into `train`.
struct NeighbourTable {
  at::Tensor fakes;               // [N, C, H, W]
  at::Tensor train;               // [M, C, H, W]
  at::Tensor pixel_neighbours;    // [N, k], the nearest first, by difference of pixels
  at::Tensor feature_neighbours;  // [N, k], by distance of features; undefined: left out
  at::Tensor closeness;           // floating [N]: small is close; nearest() gives it
};

// One row for each of the `rows` closest fakes, closest first: its closeness in words, the fake, k
// neighbours in pixel space, k in feature space. Throws UsageError for shapes that do not fit,
// indices outside `train`, or rows < 1.
media::Image memorisation_picture(const NeighbourTable& table, int64_t rows = 12);

}  // namespace ganymede::metrics
