#include "ganymede/data/noise.h"

#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/random.h"

namespace ganymede::data {
namespace {

class Noise final : public Dataset {
 public:
  Noise(const SampleSpec& spec, int64_t count, uint64_t seed)
      : spec_(spec),
        count_(count),
        seed_(seed),
        values_(static_cast<size_t>(count * spec.elements())) {
    Stream(seed, "noise data").fill_uniform(values_.data(), count * spec.elements());
    for (float& value : values_) value = 2 * value - 1;
  }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return count_; }
  void read(int64_t index, float* out) const override {
    const auto begin = values_.begin() + index * spec_.elements();
    std::copy(begin, begin + spec_.elements(), out);
  }
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override {
    read(index, sample);
    if (!spec_.takes_given()) return;
    const int64_t count = spec_.given[0].elements();
    random.fill_uniform(given, count);
    for (float* value = given; value < given + count; ++value) *value = 2 * *value - 1;
  }
  int64_t label(int64_t) const override { return -1; }
  std::string kind() const override { return "noise"; }
  std::string fingerprint() const override {
    return fmt::format("{:08x}{:08x}", static_cast<uint32_t>(seed_), static_cast<uint32_t>(count_));
  }

 private:
  SampleSpec spec_;
  int64_t count_;
  uint64_t seed_;
  std::vector<float> values_;
};

}  // namespace

std::shared_ptr<Dataset> noise_dataset(const SampleSpec& spec, int64_t count, uint64_t seed) {
  return std::make_shared<Noise>(spec, count, seed);
}

}  // namespace ganymede::data
