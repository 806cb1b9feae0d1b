// Mixtures against scikit-learn (tests/golden/mixture.py) and closed forms.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/data/table/mixture.h"
#include "ganymede/data/table/table.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr int64_t kComponents = 10;

const nlohmann::json& golden(const std::string& name) {
  static const nlohmann::json numbers =
      nlohmann::json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/mixture.json"));
  return numbers.at(name);
}

// Distinct value i of m belongs to component i * 10 / m.
std::vector<int64_t> labels_by_rank(const WeightedPoints& points) {
  const auto m = static_cast<int64_t>(points.values.size());
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < m; ++i) labels.push_back(i * kComponents / m);
  return labels;
}

void expect_golden(const std::vector<double>& values, const std::string& name) {
  const WeightedPoints points = distinct_points(values);
  const MixtureFit fit = fit_mixture(points, labels_by_rank(points));
  const auto& expected = golden(name);
  EXPECT_EQ(fit.iterations, expected.at("iterations").get<int64_t>()) << name;
  const double bound = expected.at("lower_bound");
  EXPECT_NEAR(fit.lower_bound, bound, 1e-9 * std::abs(bound)) << name;
  for (size_t k = 0; k < kComponents; ++k) {
    const auto near = [&](const char* what, double value) {
      const double other = expected.at(what).at(k);
      EXPECT_NEAR(value, other, 1e-6 * std::abs(other) + 1e-12) << name << " " << what << " " << k;
    };
    near("means", fit.means[k]);
    near("variances", fit.variances[k]);
    near("weights", fit.weights[k]);
  }
}

TEST(TableMixture, EqualsScikitLearnOnAFormula) {
  std::vector<double> values;
  for (int i = 0; i < 1200; ++i) {
    const double center = std::vector<double>{-40, 0, 25}[static_cast<size_t>(i % 3)];
    const double value = center + 6 * std::sin(i * 0.7) + 2 * std::cos(i * 1.3);
    values.push_back(i % 10 == 0 ? 3.0 : std::nearbyint(value * 1000) / 1000);
  }
  expect_golden(values, "formula");
}

TEST(TableMixture, EqualsScikitLearnOnAdult) {
  const fs::path path = shared_data() / "tabular/adult.csv";
  if (!fs::exists(path)) GTEST_SKIP() << "no " << path << ": set GANYMEDE_SHARED";
  const Table table = read_table(path);
  for (const char* name :
       {"age", "education-num", "capital-gain", "capital-loss", "hours-per-week", "fnlwgt"}) {
    expect_golden(table.cells(table.schema().find(name)).numbers, name);
  }
}

TEST(TableMixture, FindsWellSeparatedModes) {
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) {
    const double offset = static_cast<double>(i % 101) / 50.0 - 1;  // uniform in [-1, 1]
    values.push_back((i % 3 == 0 ? 100 : -50) + offset);
  }
  const auto modes = fit_modes(distinct_points(values));
  double low = 0, high = 0;
  for (const MixtureMode& mode : modes) {
    EXPECT_TRUE(std::abs(mode.mean + 50) < 2 || std::abs(mode.mean - 100) < 2) << mode.mean;
    (mode.mean < 0 ? low : high) += mode.weight;
  }
  EXPECT_NEAR(high / (low + high), 1.0 / 3, 0.01);
}

TEST(TableMixture, GroupsOfNeighboursGiveNearlyTheSame) {
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back((i % 4 == 0 ? 30.0 : 0.0) + std::sin(i * 1.7) * std::cos(i * 0.31) * 5);
  }
  const WeightedPoints points = distinct_points(values);
  const auto fine = fit_modes(points, {.most_points = 1 << 20});
  const auto coarse = fit_modes(points, {.most_points = 2048});
  const auto mass = [](const std::vector<MixtureMode>& modes) {
    double sum = 0;
    for (const MixtureMode& mode : modes) sum += mode.mean > 15 ? mode.weight : 0;
    return sum;
  };
  EXPECT_NEAR(mass(fine), mass(coarse), 0.002);
}

TEST(TableMixture, OneValueIsOneMode) {
  const auto modes = fit_modes(distinct_points({7, 7, 7}));
  ASSERT_EQ(modes.size(), 1U);
  EXPECT_EQ(modes[0].mean, 7);
}

TEST(TableMixture, ResponsibilitiesAreBayesRule) {
  const std::vector<MixtureMode> modes = {{0, 1, 0.25}, {2, 2, 0.75}};
  Responsibilities of(modes);
  const std::vector<double>& shares = of(1);
  const double a = 0.25 * std::exp(-0.5), b = 0.75 / 2 * std::exp(-0.125);
  EXPECT_NEAR(shares[0], a / (a + b), 1e-12);
  EXPECT_NEAR(shares[0] + shares[1], 1, 1e-12);
}

}  // namespace
}  // namespace ganymede::data
