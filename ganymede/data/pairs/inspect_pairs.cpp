#include "ganymede/data/pairs/inspect_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/given.h"

namespace ganymede::data {
namespace {

constexpr int64_t kSheetPairs = 24;
constexpr size_t kNamedDuplicates = 5;

std::string given_text(const PairDataset& pairs) {
  const SampleSpec& given = pairs.spec().given[0];
  const media::Meaning meaning = media::meaning_of(given.domain_state);
  if (meaning == media::Meaning::kLightness) return "the lightness of each picture (L of CIE Lab)";
  std::string text = fmt::format("{} pictures", format_count(pairs.givers()));
  text += pairs.source().paired ? ", one for each sample" : ", drawn at random for each sample";
  if (meaning == media::Meaning::kLabels) text += "; class ids, shown in colours";
  return text;
}

// Per channel over all samples, as bytes.
class Moments {
 public:
  explicit Moments(size_t channels) : sum_(channels), squares_(channels) {}

  void add(const std::vector<float>& planes) {
    const size_t pixels = planes.size() / sum_.size();
    for (size_t i = 0; i < planes.size(); ++i) {
      const double value = (static_cast<double>(planes[i]) + 1) * 127.5;
      sum_[i / pixels] += value;
      squares_[i / pixels] += value * value;
      low_ = std::min(low_, value);
      high_ = std::max(high_, value);
    }
    pixels_ += static_cast<double>(pixels);
  }
  void report(DataReport& report) const {
    report.minimum = low_;
    report.maximum = high_;
    for (size_t c = 0; c < sum_.size(); ++c) {
      const double mean = sum_[c] / pixels_;
      report.mean.push_back(mean);
      report.deviation.push_back(std::sqrt(std::max(0.0, squares_[c] / pixels_ - mean * mean)));
    }
  }

 private:
  std::vector<double> sum_, squares_;
  double pixels_ = 0, low_ = 255, high_ = 0;
};

void count_samples(const PairDataset& pairs, DataReport& report) {
  Moments moments(static_cast<size_t>(pairs.spec().shape[0]));
  std::vector<float> planes(static_cast<size_t>(pairs.spec().elements()));
  std::unordered_map<uint64_t, int64_t> first;
  for (int64_t i = 0; i < pairs.size(); ++i) {
    pairs.read(i, planes.data());
    moments.add(planes);
    const auto hash =
        xxh3({reinterpret_cast<const char*>(planes.data()), planes.size() * sizeof(float)});
    const auto [place, fresh] = first.emplace(hash, i);
    if (fresh) continue;
    ++report.duplicates;
    if (report.duplicate_names.size() < kNamedDuplicates)
      report.duplicate_names.push_back(pairs.name(i) + " = " + pairs.name(place->second));
  }
  moments.report(report);
}

media::Image sheet_of(const PairDataset& pairs) {
  const int64_t count = std::min(kSheetPairs, pairs.size());
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count; ++i) places.push_back(i * pairs.size() / count);
  const Batch batch = read_batch(pairs, places);
  return preview_made(pairs.spec(), batch.given, at::Tensor(), batch.samples, {});
}

}  // namespace

DataReport inspect_pairs(const PairDataset& pairs, const DataConfig& config) {
  DataReport report;
  report.path = pairs.source().path;
  report.kind = pairs.kind();
  report.domain = pairs.spec().domain;
  report.split = config.split;
  report.splits = pairs.source().splits;
  report.samples = pairs.size();
  report.notes = {{"given", given_text(pairs)}};
  report.sizes = pairs.sizes();
  report.channels[static_cast<int>(pairs.spec().shape[0])] = pairs.size();
  report.grey = pairs.spec().shape[0] == 1;
  report.trainable = report.sizes.size() == 1 || config.size_px > 0 || config.patch_px > 0;
  report.ignored = pairs.source().ignored;
  report.broken = pairs.broken();
  count_samples(pairs, report);
  report.sheet = sheet_of(pairs);
  return report;
}

}  // namespace ganymede::data
