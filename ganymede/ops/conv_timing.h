// Choices of what computes a convolution by a short timing on this machine.
#pragma once

#include <filesystem>
#include <vector>

#include "ganymede/ops/conv_choice.h"

namespace ganymede::ops {

struct ConvTiming {
  ConvChoice choice = ConvChoice::kTorch;
  double seconds = 0;  // of one call by all threads: the best of a few
};

// All candidates() in their order, with weights as they come from an optimizer, that is not yet
// transformed. One that takes twice as long as another is called no more than twice.
std::vector<ConvTiming> time_conv(const ConvQuestion& question);

// The fastest, or the first where no other gains a seventh: less may be noise.
ConvChoice fastest_of(const std::vector<ConvTiming>& timings);

// From now on shapes of some size are timed when they are first asked for. Answers are kept in a
// file of `folder` for this version, kind of CPU and number of threads, and the first one stands,
// so that processes on a machine choose alike; an empty folder keeps nothing.
void choose_convs_by_timing(const std::filesystem::path& folder);
void choose_convs_by_rules();

// That file.
std::filesystem::path conv_timing_file(const std::filesystem::path& folder);

}  // namespace ganymede::ops
