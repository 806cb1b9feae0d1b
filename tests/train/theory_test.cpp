#include "ganymede/train/theory.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ganymede/core/error.h"

namespace ganymede::train::theory {
namespace {

double value_of(const TheoryResult& result, const std::string& name) {
  for (const Number& number : result.numbers) {
    if (number.name == name) return number.value;
  }
  ADD_FAILURE() << "no number is named " << name;
  return std::nan("");
}

void expect_shown(const TheoryResult& result) {
  EXPECT_FALSE(result.explanation.empty());
  EXPECT_EQ(result.picture.channels, 3);
  const std::set<uint8_t> tones(result.picture.pixels.begin(), result.picture.pixels.end());
  EXPECT_GT(tones.size(), 3u) << "the picture is blank";
}

TEST(Theory, ListsEveryExperimentOnce) {
  std::set<std::string> names;
  for (const TheoryInfo& info : list()) {
    names.insert(info.name);
    EXPECT_FALSE(info.summary.empty());
    EXPECT_FALSE(info.source.empty());
  }
  EXPECT_EQ(names, (std::set<std::string>{"algorithm1", "equilibrium", "js", "optimal-d",
                                          "vanishing", "xy"}));
  EXPECT_EQ(list().size(), names.size());
}

TEST(Theory, UnknownNamesAreExplained) {
  try {
    run("xyz", 0);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("optimal-d, equilibrium, js, xy"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(run("xy", 0, {.steps = -1}), UsageError);
}

TEST(Theory, NumbersKnowWhetherTheyHold) {
  EXPECT_TRUE((Number{"reported", 3}.holds()));
  EXPECT_TRUE((Number{"near", 3, 3.1, 0.2}.holds()));
  EXPECT_FALSE((Number{"far", 3, 3.3, 0.2}.holds()));
  EXPECT_FALSE((Number{"broken", std::nan(""), 3, 0.2}.holds()));
  EXPECT_FALSE((Number{"broken", std::nan("")}.holds()));
}

TEST(Theory, TrainedDiscriminatorApproachesTheOptimum) {
  const TheoryResult rough = run("optimal-d", 1, {.steps = 100});
  const TheoryResult good = run("optimal-d", 1, {.steps = 2000});
  const std::string mean = "mean |D - p/(p+q)| on the support";
  EXPECT_LT(value_of(good, mean), 0.02);
  EXPECT_LT(value_of(good, mean), value_of(rough, mean) / 2);
  EXPECT_LT(value_of(good, "largest |D - p/(p+q)| on the support"), 0.12);
  expect_shown(good);
}

TEST(Theory, EquilibriumHasValueMinusLogFour) {
  const TheoryResult result = run("equilibrium", 1, {.steps = 1000});
  EXPECT_NEAR(value_of(result, "value of the game"), -1.3862943611, 0.002);
  EXPECT_LT(value_of(result, "largest |D - 1/2| on the support"), 0.03);
  expect_shown(result);
}

TEST(Theory, ValueMeasuresJensenShannon) {
  const TheoryResult result = run("js", 1, {.steps = 300});
  EXPECT_NEAR(value_of(result, "JS(N(0,1), N(0,1))"), 0, 0.003);
  // JS of two unit Gaussians two apart, by adaptive quadrature: 0.336831 nats.
  EXPECT_NEAR(value_of(result, "JS(N(0,1), N(2,1))"), 0.336831, 0.01);
  EXPECT_LT(value_of(result, "JS(N(0,1), N(5,1))"), std::log(2.0));
  expect_shown(result);
}

TEST(Theory, BilinearGameCyclesUnderSimultaneousSteps) {
  const TheoryResult result = run("xy", 0);
  EXPECT_TRUE(result.holds());
  EXPECT_NEAR(value_of(result, "simultaneous: growth of the radius per step"), 1.004987562, 1e-8);
  EXPECT_LT(value_of(result, "extragradient: growth of the radius per step"), 1);
  expect_shown(result);
}

TEST(Theory, MinimaxGradientVanishesAgainstASureDiscriminator) {
  const TheoryResult result = run("vanishing", 1, {.steps = 200});
  EXPECT_TRUE(result.holds());
  EXPECT_LT(value_of(result, "minimax |gradient| at distance 5"), 0.06);
  EXPECT_GT(value_of(result, "non-saturating |gradient| at distance 5"), 4.5);
  expect_shown(result);
}

TEST(Theory, AlgorithmOneReachesTheGaussian) {
  const TheoryResult result = run("algorithm1", 1, {.steps = 1500});
  EXPECT_TRUE(result.holds());
  EXPECT_NEAR(value_of(result, "mean of p_g"), 2.0, 0.1);
  EXPECT_NEAR(value_of(result, "standard deviation of p_g"), 0.7, 0.1);
  expect_shown(result);
}

TEST(Theory, RunsAreDeterministic) {
  const TheoryResult a = run("algorithm1", 5, {.steps = 30});
  const TheoryResult b = run("algorithm1", 5, {.steps = 30});
  const TheoryResult c = run("algorithm1", 6, {.steps = 30});
  EXPECT_EQ(a.picture, b.picture);
  EXPECT_EQ(value_of(a, "mean of p_g"), value_of(b, "mean of p_g"));
  EXPECT_NE(value_of(a, "mean of p_g"), value_of(c, "mean of p_g"));
}

}  // namespace
}  // namespace ganymede::train::theory
