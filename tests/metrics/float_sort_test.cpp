#include "ganymede/metrics/float_sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

TEST(FloatSort, AgreesWithComparisons) {
  Stream stream(1, "sort");
  std::vector<uint32_t> scratch;
  for (const size_t count : {0U, 1U, 2U, 3000U, 100U}) {
    std::vector<float> values;
    for (size_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>(stream.next_normal() * std::exp(stream.next_normal())));
    std::vector<float> expected = values;
    std::sort(expected.begin(), expected.end());
    sort_floats(values, scratch);
    EXPECT_EQ(values, expected);
  }
}

TEST(FloatSort, Extremes) {
  constexpr float kBig = std::numeric_limits<float>::max();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = {kTiny, kInfinity, 0.0F, -kTiny, kBig, -kInfinity, -kBig, 1.0F};
  std::vector<uint32_t> scratch;
  sort_floats(values, scratch);
  EXPECT_EQ(values,
            (std::vector<float>{-kInfinity, -kBig, -kTiny, 0.0F, kTiny, 1.0F, kBig, kInfinity}));
}

}  // namespace
}  // namespace ganymede::metrics
