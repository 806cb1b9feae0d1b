// Sets that need no file: every sample is a pure function of its number.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// digits:    28 px grey (other sizes are drawn, not scaled), 10 classes, 60,000 train + 10,000
// test. shapes:    32 px colour (other sizes likewise), 8 classes, 32,000 train + 4,000 test.
// stacked-digits: three digits as red, green and blue (stacked.h), 1,000 classes, as many.
// ring8:     8 Gaussians on a circle of radius 2, sd 0.02; class = mode.
// grid25:    25 Gaussians at -4, -2, 0, 2, 4 in x and y, sd 0.05; class = mode.
// swissroll: (t cos t, t sin t) / 7.5 for t uniform in [1.5 pi, 4.5 pi], each with sd 0.25 / 7.5.
// gaussian:  1-D, mean 4, sd 0.5.
// oracle-text: texts of a random LSTM (text/oracle.h), 10,000 train + 10,000 test.
// Point sets have 100,000 train and 10,000 test samples. `split` chooses; "all" is train, then
// test.
bool is_builtin(std::string_view name);

// digits or shapes; nothing for another name.
std::optional<PictureSet> open_builtin_pictures(const DataConfig& config);

// Centres of the modes of ring8, grid25 or gaussian (its mean, 0), in class order; empty for
// others.
std::vector<std::array<double, 2>> mode_centers(std::string_view name);

// Standard deviation of each mode in every direction; 0 for sets without modes.
double mode_deviation(std::string_view name);

// First sample and number of samples of a split of a built-in set.
struct SampleRange {
  int64_t first = 0;
  int64_t count = 0;
};
SampleRange split_range(const std::string& split, int64_t train, int64_t test);

// The seed of every built-in set: they are the same everywhere and in every run.
inline constexpr uint64_t kBuiltinSeed = 2014;

}  // namespace ganymede::data
