// Moments of events and distances of distributions against numpy (tests/golden/physics.py).
#include "ganymede/metrics/moments.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

using nlohmann::json;

const json& events() {
  static const json all =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/physics.json"))["events"];
  return all;
}

at::Tensor vector_of(const json& values) {
  return at::tensor(values.get<std::vector<double>>(), at::kDouble);
}

TEST(Moments, AreNumpys) {
  std::vector<at::Tensor> amounts;
  for (const json& event : events()["amounts"]) {
    std::vector<at::Tensor> rows;
    for (const json& row : event) rows.push_back(vector_of(row));
    amounts.push_back(at::stack(rows));
  }
  at::Tensor kept;
  const at::Tensor found = event_moments(at::stack(amounts), &kept);
  const json& expected = events()["moments"];
  ASSERT_EQ(found.size(0), static_cast<int64_t>(expected.size()));
  EXPECT_EQ(kept.size(0), found.size(0));
  EXPECT_FALSE((kept == 2).any().item<bool>()) << "an event without amounts has no moments";
  for (int64_t i = 0; i < found.size(0); ++i) {
    EXPECT_TRUE(at::allclose(found[i], vector_of(expected[static_cast<size_t>(i)]), 1e-9, 1e-9));
  }
}

TEST(Moments, DistanceOfDistributionsIsACount) {
  const at::Tensor a = vector_of(events()["a"]), b = vector_of(events()["b"]);
  EXPECT_NEAR(ks_distance(a, b), events()["ks"].get<double>(), 1e-12);
  EXPECT_EQ(ks_distance(a, a), 0);
  EXPECT_EQ(ks_distance(a, a + 10), 1);
}

TEST(Moments, ProfilesTellWhetherSamplesFollowAParameter) {
  Stream random(3, "profiles");
  const at::Tensor p = random.uniform({4000}).to(at::kDouble);
  const at::Tensor q = random.uniform({4000}).to(at::kDouble);
  const auto follow = [&](const at::Tensor& parameter, double slope) {
    return slope * parameter + 0.3 * random.normal({4000}).to(at::kDouble);
  };
  const double alike = profile_chi2(follow(p, 2), p, follow(q, 2), q);
  EXPECT_GT(alike, 0.2);
  EXPECT_LT(alike, 3);
  EXPECT_GT(profile_chi2(follow(p, 2), p, follow(q, 1.8), q), 10);
  EXPECT_GT(profile_chi2(follow(p, 2), p, at::full({4000}, 1.0, at::kDouble), q), 100);
  EXPECT_TRUE(std::isnan(profile_chi2(at::ones({3}), at::ones({3}), at::ones({1}), at::ones({1}))));
}

}  // namespace
}  // namespace ganymede::metrics
