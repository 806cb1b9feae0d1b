#include "ganymede/data/builtin.h"

#include "ganymede/core/error.h"
#include "ganymede/data/digits.h"
#include "ganymede/data/shapes.h"

namespace ganymede::data {

std::vector<std::pair<std::string, std::string>> builtin_datasets() {
  return {{"digits", "procedural handwritten digits, 28 px grey, 10 classes, 60,000 + 10,000"},
          {"shapes",
           "coloured shapes on gradients, 32 px (64 with data.size_px), 8 classes, "
           "32,000 + 4,000"},
          {"stacked-digits",
           "three digits as red, green, blue, 28 px, 1,000 classes, 60,000 + 10,000; "
           "stacked:PATH does it with MNIST files"},
          {"ring8", "2-D points: 8 Gaussians on a circle of radius 2"},
          {"grid25", "2-D points: 25 Gaussians on a 5 x 5 grid"},
          {"swissroll", "2-D points: a spiral with noise"},
          {"gaussian", "1-D points: mean 4, standard deviation 0.5"},
          {"oracle-text", "texts of 20 tokens by a random LSTM, 10,000 + 10,000"}};
}

bool is_builtin(std::string_view name) {
  for (const auto& entry : builtin_datasets())
    if (entry.first == name) return true;
  return false;
}

SampleRange split_range(const std::string& split, int64_t train, int64_t test) {
  if (split == "test") return {train, test};
  return {0, split == "all" ? train + test : train};
}

std::optional<PictureSet> open_builtin_pictures(const DataConfig& config) {
  if (config.path == "digits") return open_digits(config);
  if (config.path == "shapes") return open_shapes(config);
  return std::nullopt;
}

}  // namespace ganymede::data
