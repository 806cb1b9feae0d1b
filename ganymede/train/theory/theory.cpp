#include "ganymede/train/theory.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/train/theory/experiments.h"

namespace ganymede::train::theory {
namespace {

using Experiment = TheoryResult (*)(uint64_t, const TheoryOptions&);

struct Entry {
  TheoryInfo info;
  Experiment experiment;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = {
      {{"optimal-d", "a trained D approaches p / (p + q)",
        "Goodfellow et al. 2014, arXiv 1406.2661, proposition 1"},
       optimal_discriminator},
      {{"equilibrium", "with p_g = p_data the best D is 1/2 and the value is -log 4",
        "Goodfellow et al. 2014, arXiv 1406.2661, theorem 1"},
       equilibrium},
      {{"js", "the value of the game measures the Jensen-Shannon divergence",
        "Goodfellow et al. 2014, arXiv 1406.2661, equation 6"},
       jensen_shannon},
      {{"xy", "simultaneous gradient steps cannot solve min max x y",
        "Mescheder et al. 2018, arXiv 1801.04406; Gidel et al. 2019, arXiv 1802.10551"},
       bilinear_game},
      {{"vanishing", "a confident D leaves the minimax G without a gradient",
        "Goodfellow et al. 2014, section 3; Arjovsky & Bottou 2017, arXiv 1701.04862"},
       vanishing_gradient},
      {{"algorithm1", "Algorithm 1 moves G onto a 1-D Gaussian",
        "Goodfellow et al. 2014, arXiv 1406.2661, algorithm 1 and proposition 2"},
       algorithm_one},
  };
  return all;
}

// One thread while it lives: on batches this small a second one only waits, for seconds on a busy
// machine, and results would depend on how many there are.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

std::string known_names() {
  std::string names;
  for (const Entry& entry : entries()) names += (names.empty() ? "" : ", ") + entry.info.name;
  return names;
}

}  // namespace

bool Number::holds() const {
  if (std::isnan(value)) return false;
  return !expected || value == *expected || std::abs(value - *expected) <= tolerance;
}

bool TheoryResult::holds() const {
  for (const Number& number : numbers) {
    if (!number.holds()) return false;
  }
  return true;
}

const std::vector<TheoryInfo>& list() {
  static const std::vector<TheoryInfo> infos = [] {
    std::vector<TheoryInfo> all;
    for (const Entry& entry : entries()) all.push_back(entry.info);
    return all;
  }();
  return infos;
}

TheoryResult run(const std::string& name, uint64_t seed, const TheoryOptions& options) {
  if (options.steps < 0) {
    throw UsageError({.where = "gan theory --steps",
                      .found = std::to_string(options.steps),
                      .allowed = "0 (the experiment's own number) or more"});
  }
  for (const Entry& entry : entries()) {
    if (entry.info.name != name) continue;
    const OneThread one_thread;
    TheoryResult result = entry.experiment(seed, options);
    result.name = name;
    return result;
  }
  throw UsageError({.where = "gan theory",
                    .found = "no experiment is named '" + name + "'",
                    .allowed = known_names()});
}

}  // namespace ganymede::train::theory
