#include "ganymede/metrics/music/statistics.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>

#include "ganymede/data/music/layout.h"
#include "ganymede/metrics/music/notes.h"

namespace ganymede::metrics {
namespace {

using data::kPitchClasses;
using Chroma = std::array<double, kPitchClasses>;
using Centroid = std::array<double, 6>;

constexpr int64_t kEighth = 2;  // steps

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

Chroma chroma_of(std::span<const int> bar) {
  Chroma chroma{};
  for (const int pitch : bar)
    if (pitch != data::kSilent) chroma.at(static_cast<size_t>(pitch % kPitchClasses)) += 1;
  return chroma;
}

// Of a chroma that is not all zeros.
Centroid centroid_of(const Chroma& chroma) {
  constexpr std::array<double, 3> kRadii = {1, 1, 0.5};
  constexpr std::array<double, 3> kTurns = {7.0 / 6, 3.0 / 2, 2.0 / 3};  // of pi for a semitone
  double sum = 0;
  Centroid centroid{};
  for (int pitch = 0; pitch < kPitchClasses; ++pitch) {
    const double weight = chroma.at(static_cast<size_t>(pitch));
    sum += weight;
    for (size_t circle = 0; circle < kRadii.size(); ++circle) {
      const double angle = pitch * kTurns.at(circle) * std::numbers::pi;
      centroid.at(2 * circle) += weight * kRadii.at(circle) * std::sin(angle);
      centroid.at(2 * circle + 1) += weight * kRadii.at(circle) * std::cos(angle);
    }
  }
  for (double& value : centroid) value /= sum;
  return centroid;
}

double distance(const Centroid& a, const Centroid& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a.at(i) - b.at(i)) * (a.at(i) - b.at(i));
  return std::sqrt(sum);
}

}  // namespace

std::vector<data::Tune> tunes_of(const at::Tensor& samples) {
  const at::Tensor all = samples.to(at::kCPU, at::kFloat).contiguous();
  const int64_t steps = all.size(2) / data::kPitches - 1;
  std::vector<data::Tune> tunes;
  for (int64_t i = 0; i < all.size(0); ++i)
    tunes.push_back(data::take_tune(all[i].data_ptr<float>(), all.size(1), steps));
  return tunes;
}

BarStatistics bar_statistics(const std::vector<data::Tune>& tunes) {
  double bars = 0, empty = 0, classes = 0, notes = 0, qualified = 0;
  for (const data::Tune& tune : tunes) {
    for (int64_t b = 0; b < tune.bars(); ++b) {
      const Chroma chroma = chroma_of(bar_of(tune, b));
      const auto used = std::ranges::count_if(chroma, [](double x) { return x > 0; });
      bars += 1;
      empty += used == 0 ? 1 : 0;
      classes += static_cast<double>(used);
    }
    for (const Note& note : notes_of(tune)) {
      notes += 1;
      qualified += note.steps >= kEighth ? 1 : 0;
    }
  }
  return {ratio(empty, bars), ratio(classes, bars - empty), ratio(qualified, notes)};
}

Harmony harmony(const std::vector<data::Tune>& tunes) {
  double bars = 0, distances = 0, steps = 0, inside = 0;
  for (const data::Tune& tune : tunes) {
    for (int64_t b = 0; b < tune.bars(); ++b) {
      const data::Chord& chord = tune.chords[static_cast<size_t>(b)];
      const Chroma melody = chroma_of(bar_of(tune, b));
      double sounding = 0;
      for (const double weight : melody) sounding += weight;
      if (!chord.any() || sounding == 0) continue;
      Chroma notes{};
      for (const int pitch : chord.pitch_classes()) {
        notes.at(static_cast<size_t>(pitch)) = 1;
        inside += melody.at(static_cast<size_t>(pitch));
      }
      steps += sounding;
      bars += 1;
      distances += distance(centroid_of(melody), centroid_of(notes));
    }
  }
  return {ratio(distances, bars), ratio(inside, steps)};
}

}  // namespace ganymede::metrics
