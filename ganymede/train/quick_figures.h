// What this machine makes of GAN training, in half a minute: roofs, operators, whole steps.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ganymede::train {

struct Figure {
  std::string name;  // "conv 4x4 /2, 64 to 128 at 32 px, forward"
  double value = 0;
  std::string unit;    // "GFLOP/s", "GB/s", "images/s", "ms", "faults"
  double of_peak = 0;  // share of the measured multiply-add peak; 0 where it makes no sense
};

constexpr int kQuickMeasurements = 7;  // times that quick_figures calls `begin`

// The multiply-add peak and memory bandwidth; matrix products; three convolutions of the common
// networks, forward and backward, as nn runs them; one step of DCGAN at 28 and at 64 px by the
// trainer. Uses at::get_num_threads() threads. `begin` hears the name of each measurement.
std::vector<Figure> quick_figures(const std::function<void(const std::string&)>& begin);

}  // namespace ganymede::train
