// The weights of antialiased resampling in one direction, as Pillow computes them: shared by the
// 8-bit form (resize.h) and the float form that features are computed from.
#pragma once

#include <cstdint>
#include <vector>

#include "ganymede/media/resize.h"

namespace ganymede::media {

// For every output sample: the first input sample, how many, and their weights, which sum to 1.
struct Taps {
  struct Window {
    int first;
    int count;
  };
  int stride = 0;  // between the weights of neighbouring output samples
  std::vector<Window> windows;
  std::vector<double> weights;

  const double* row(int out) const {
    return weights.data() + static_cast<size_t>(out) * static_cast<size_t>(stride);
  }
};

// in_size and out_size >= 1. The filter widens with the scale when shrinking.
Taps make_taps(int in_size, int out_size, Filter filter);

}  // namespace ganymede::media
