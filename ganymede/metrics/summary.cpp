#include "ganymede/metrics/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace ganymede::metrics {
namespace {

constexpr double kNormal975 = 1.959964;

void append_once(std::string& text, const std::string& part) {
  if (part.empty() || text.find(part) != std::string::npos) return;
  text += (text.empty() ? "" : "; ") + part;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sd_of(const std::vector<double>& values, double mean) {
  if (values.size() < 2) return kUnknown;
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

// Keeps the mean over the repeats so far.
void add_rows(Score& score, const std::vector<double>& rows) {
  const auto seen = static_cast<double>(score.repeats.size());
  score.per_class.resize(rows.size(), 0.0);
  for (size_t i = 0; i < rows.size(); ++i) {
    score.per_class[i] += (rows[i] - score.per_class[i]) / seen;
  }
}

void set_interval(Score& score, double error) {
  double half = kUnknown;
  const auto repeats = static_cast<int64_t>(score.repeats.size());
  if (repeats > 1) {
    half = student_975(repeats - 1) * score.sd / std::sqrt(static_cast<double>(repeats));
    score.interval = fmt::format("95 %, Student's t over {} seeds", repeats);
  } else if (std::isfinite(error)) {
    half = kNormal975 * error;
    score.interval = "95 %, 1.96 standard errors";
  }
  if (!std::isfinite(half)) return;
  score.low = score.value - half;
  score.high = score.value + half;
}

}  // namespace

double student_975(int64_t freedom) {
  constexpr std::array<double, 10> kSmall = {12.706, 4.303, 3.182, 2.776, 2.571,
                                             2.447,  2.365, 2.306, 2.262, 2.228};
  const auto index = static_cast<size_t>(std::max<int64_t>(freedom, 1) - 1);
  if (index < kSmall.size()) return kSmall[index];
  const double z = kNormal975, n = static_cast<double>(freedom);
  const double cube = z * z * z, fifth = cube * z * z, seventh = fifth * z * z;
  return z + (cube + z) / (4 * n) + (5 * fifth + 16 * cube + 3 * z) / (96 * n * n) +
         (3 * seventh + 19 * fifth + 17 * cube - 15 * z) / (384 * n * n * n);
}

void Summary::add(const std::string& metric, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    auto at = std::find_if(collected_.begin(), collected_.end(), [&](const Collected& collected) {
      return collected.score.name == finding.name && collected.score.metric == metric;
    });
    if (at == collected_.end()) at = collected_.insert(collected_.end(), Collected{});
    Score& score = at->score;
    score.metric = metric;
    score.name = finding.name;
    score.better = finding.better;
    score.unit = finding.unit;
    score.repeats.push_back(finding.value);
    append_once(score.note, finding.note);
    append_once(score.warning, finding.warning);
    score.floor = finding.floor;
    add_rows(score, finding.per_class);
    at->error = finding.error;
  }
}

void Summary::set_floors(const std::map<std::string, double>& by_name) {
  for (Collected& collected : collected_) {
    const auto found = by_name.find(collected.score.name);
    if (found != by_name.end()) collected.score.floor = found->second;
  }
}

std::vector<Score> Summary::scores() const {
  std::vector<Score> scores;
  for (const Collected& collected : collected_) {
    Score score = collected.score;
    score.value = mean_of(score.repeats);
    score.sd = sd_of(score.repeats, score.value);
    set_interval(score, collected.error);
    scores.push_back(std::move(score));
  }
  return scores;
}

}  // namespace ganymede::metrics
