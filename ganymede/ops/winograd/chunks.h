// How an operator's rows of tiles are divided into chunks and these among threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ganymede/ops/kernel/executor.h"
#include "ganymede/ops/winograd/layout.h"

namespace ganymede::ops::winograd {

struct Chunks {
  // `tile_floats`: what one tile needs in all points, `weight_floats`: what every chunk reads of
  // the weights. A chunk should stay in the caches, but one that is small beside the weights would
  // spend its time reading those.
  template <typename Layout>
  Chunks(const Layout& layout, int64_t tile_floats, int64_t weight_floats,
         const Executor& executor) {
    constexpr int64_t kCacheFloats = 900'000;
    constexpr int64_t kMostTiles = 384;
    const int64_t floats = std::max(kCacheFloats, weight_floats);
    const int64_t tiles = std::clamp<int64_t>(floats / tile_floats, 16, kMostTiles);
    const int64_t wanted = ceil_div(layout.units, units_per_chunk(layout, tiles));
    // The same number for every thread, if there are enough.
    const int64_t even = wanted < executor.threads ? wanted : round_up(wanted, executor.threads);
    units = ceil_div(layout.units, even);
    count = ceil_div(layout.units, units);
    each_alone = executor.threads == 1 || count >= executor.threads;
  }

  int64_t units;  // per chunk
  int64_t count;
  bool each_alone;  // a thread works on a chunk of its own; otherwise all work on the same chunk
};

}  // namespace ganymede::ops::winograd
