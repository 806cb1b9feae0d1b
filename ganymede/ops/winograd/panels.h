// Where transformed weights lie: shared by the transform that writes and the products that read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "ganymede/ops/winograd/layout.h"

namespace ganymede::ops::winograd {

// weights[point][panel of filters][(channel block, phase), channel lane][panel lane].
template <typename Layout>
struct ForwardPanels {
  explicit ForwardPanels(const Layout& layout)
      : count(ceil_div(layout.filters, Layout::kPanel)),
        stride(layout.channel_blocks * Layout::kPhases * (Layout::kPanel / 2) * Layout::kPanel),
        distance(count * stride + kPad) {}
  size_t size() const { return static_cast<size_t>(Layout::kPoints * distance); }

  int64_t count;
  int64_t stride;    // floats per panel
  int64_t distance;  // floats per point
};

// weights[point][phase, panel of channels][filter][panel lane].
template <typename Layout>
struct TransposedPanels {
  explicit TransposedPanels(const Layout& layout)
      : per_phase(ceil_div(layout.channels, Layout::kPanel)),
        stride(layout.filter_blocks * (Layout::kPanel / 2) * Layout::kPanel),
        distance(per_phase * Layout::kPhases * stride + kPad) {}
  size_t size() const { return static_cast<size_t>(Layout::kPoints * distance); }

  int64_t per_phase;
  int64_t stride;
  int64_t distance;
};

// The 3x3 problem whose forward operator, on flipped weights, is the transposed one of `problem`.
inline Problem turned(Problem problem) {
  std::swap(problem.channels, problem.filters);
  return problem;
}

// The problem whose forward layout an operator of `problem` has.
inline Problem own_problem(const Problem& problem, WeightUse use) {
  return use == WeightUse::kTransposed && !problem.strided() ? turned(problem) : problem;
}

// The transposed operator of 3x3 kernels, which is the forward one of the turned problem.
void transposed_3x3(const Problem& problem, const float* map, const Weights& weights,
                    const Finish& finish, float* image, const Executor& executor);

}  // namespace ganymede::ops::winograd
