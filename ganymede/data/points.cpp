#include "ganymede/data/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/random.h"
#include "ganymede/core/text.h"
#include "ganymede/data/builtin.h"

namespace ganymede::data {
namespace {

constexpr int64_t kTrainPoints = 100'000;
constexpr int64_t kTestPoints = 10'000;
constexpr double kGaussianMean = 4.0;
constexpr double kSwissrollNoise = 0.25;
constexpr double kSwissrollScale = 1.0 / 7.5;

// All values are drawn or loaded at once: at most a few megabytes.
class PointDataset final : public Dataset {
 public:
  PointDataset(std::string kind, std::vector<float> values, int64_t dimensions,
               std::vector<int64_t> labels, int64_t classes)
      : kind_(std::move(kind)), values_(std::move(values)), labels_(std::move(labels)) {
    spec_.domain = "points";
    spec_.shape = {dimensions};
    spec_.classes = labels_.empty() ? 0 : classes;
  }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(values_.size()) / spec_.shape[0]; }
  std::string kind() const override { return kind_; }
  int64_t label(int64_t index) const override { return labels_.empty() ? -1 : labels_.at(index); }

  void read(int64_t index, float* out) const override {
    const int64_t dimensions = spec_.shape[0];
    std::memcpy(out, values_.data() + index * dimensions, sizeof(float) * dimensions);
  }

  std::string fingerprint() const override {
    const std::string_view bytes(reinterpret_cast<const char*>(values_.data()),
                                 values_.size() * sizeof(float));
    const std::string_view labels(reinterpret_cast<const char*>(labels_.data()),
                                  labels_.size() * sizeof(int64_t));
    return fmt::format("{:016x}", xxh3(bytes, xxh3(labels, static_cast<uint64_t>(spec_.shape[0]))));
  }

 private:
  std::string kind_;
  SampleSpec spec_;
  std::vector<float> values_;
  std::vector<int64_t> labels_;
};

void put_swissroll(Stream& stream, float* out) {
  const double t = 1.5 * std::numbers::pi * (1.0 + 2.0 * stream.next_uniform());
  out[0] = static_cast<float>((t * std::cos(t) + kSwissrollNoise * stream.next_normal()) *
                              kSwissrollScale);
  out[1] = static_cast<float>((t * std::sin(t) + kSwissrollNoise * stream.next_normal()) *
                              kSwissrollScale);
}

}  // namespace

std::vector<std::array<double, 2>> mode_centers(std::string_view name) {
  std::vector<std::array<double, 2>> centers;
  if (name == "ring8") {
    for (int i = 0; i < 8; ++i) {
      const double angle = i * std::numbers::pi / 4;
      centers.push_back({2.0 * std::cos(angle), 2.0 * std::sin(angle)});
    }
  } else if (name == "grid25") {
    for (int y = -4; y <= 4; y += 2)
      for (int x = -4; x <= 4; x += 2)
        centers.push_back({static_cast<double>(x), static_cast<double>(y)});
  } else if (name == "gaussian") {
    centers.push_back({kGaussianMean, 0.0});
  }
  return centers;
}

double mode_deviation(std::string_view name) {
  if (name == "ring8") return 0.02;
  if (name == "grid25") return 0.05;
  return name == "gaussian" ? 0.5 : 0.0;
}

std::shared_ptr<Dataset> make_point_array(std::vector<float> values, int64_t dimensions,
                                          std::vector<int64_t> labels, std::string name,
                                          std::string kind) {
  const int64_t count = static_cast<int64_t>(values.size()) / dimensions;
  int64_t classes = 0;
  if (!labels.empty()) {
    if (static_cast<int64_t>(labels.size()) != count) {
      throw DataError({name,
                       format_count(static_cast<int64_t>(labels.size())) + " labels for " +
                           format_count(count) + " points",
                       "one label for each point", "--set data.labels=false"});
    }
    const auto [low, high] = std::minmax_element(labels.begin(), labels.end());
    if (*low < 0 || *high > 65535)
      throw DataError({name, "label " + std::to_string(*low < 0 ? *low : *high), "0 to 65,535"});
    classes = *high + 1;
  }
  return std::make_shared<PointDataset>(std::move(kind), std::move(values), dimensions,
                                        std::move(labels), classes);
}

std::shared_ptr<Dataset> make_builtin_points(const DataConfig& config) {
  const auto centers = mode_centers(config.path);
  if (centers.empty() && config.path != "swissroll") return nullptr;
  SampleRange range = split_range(config.split, kTrainPoints, kTestPoints);
  if (config.limit > 0) range.count = std::min(range.count, config.limit);
  const int64_t dimensions = config.path == "gaussian" ? 1 : 2;
  const double deviation = mode_deviation(config.path);
  const Stream keyed(kBuiltinSeed, config.path);
  std::vector<float> values(static_cast<size_t>(range.count * dimensions));
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < range.count; ++i) {
    const int64_t index = range.first + i;
    Stream stream = keyed.at(static_cast<uint64_t>(index));
    float* out = values.data() + i * dimensions;
    if (centers.empty()) {
      put_swissroll(stream, out);
      continue;
    }
    const int64_t mode = index % static_cast<int64_t>(centers.size());
    for (int64_t d = 0; d < dimensions; ++d)
      out[d] = static_cast<float>(centers[mode][d] + deviation * stream.next_normal());
    if (config.labels && centers.size() > 1) labels.push_back(mode);
  }
  return std::make_shared<PointDataset>("built-in", std::move(values), dimensions,
                                        std::move(labels), static_cast<int64_t>(centers.size()));
}

}  // namespace ganymede::data
