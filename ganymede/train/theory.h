// What the 2014 paper proves, and what is known about why games are hard, as small experiments on
// known densities: each returns numbers beside their expected values, and a picture.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::train::theory {

// One measured value; `expected` is what theory says and `tolerance` how far the value may lie
// from it. Without `expected` the number is only reported.
struct Number {
  std::string name;
  double value = 0;
  std::optional<double> expected = {};
  double tolerance = 0;
  bool holds() const;  // false for NaN
};

struct TheoryResult {
  std::string name;
  std::vector<Number> numbers;
  media::Image picture;     // RGB
  std::string explanation;  // a few sentences in plain text: what was done and what it shows
  bool holds() const;       // all numbers do
};

struct TheoryInfo {
  std::string name;
  std::string summary;  // one line
  std::string source;   // paper and place
};

struct TheoryOptions {
  int64_t steps = 0;  // training steps (0: the experiment's own number, 1 to 30 s on one core)
};

// optimal-d, equilibrium, js, xy, vanishing, algorithm1.
const std::vector<TheoryInfo>& list();

// Deterministic in (name, seed, options); runs on one thread whatever is set. UsageError for an
// unknown name or negative steps.
TheoryResult run(const std::string& name, uint64_t seed, const TheoryOptions& options = {});

}  // namespace ganymede::train::theory
