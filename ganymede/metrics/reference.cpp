#include "ganymede/metrics/reference.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/metrics/statistics_file.h"
#include "ganymede/metrics/table/plain.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kMostAmongThemselves = 20'000;

std::vector<int64_t> places_of(const data::Dataset& data, int64_t first, int64_t count) {
  std::vector<int64_t> indices;
  indices.reserve(static_cast<size_t>(count));
  for (int64_t i = first; i < first + count; ++i)
    indices.push_back(stored_sample_at(i, data.size()));
  return indices;
}

at::Tensor take_from(const data::Dataset& data, int64_t first, int64_t count) {
  return data::read_batch(data, places_of(data, first, count)).samples;
}

// Whether all processes say so: they must take the same path.
bool all_of_group(bool mine, dist::Group* group) {
  if (!group) return mine;
  const at::Tensor count = group->sum(at::scalar_tensor(mine ? 1 : 0, at::kLong));
  return count.item<int64_t>() == group->size();
}

// A cache that cannot be written costs time, not the result.
void keep_for_later(const FeatureStatistics& statistics, const StatisticsIdentity& identity) {
  try {
    store_statistics(statistics, identity);
  } catch (const FileError& error) {
    log_warning("{}; the features of the reference are not kept", error.what());
  }
}

}  // namespace

Reference::Reference(std::shared_ptr<const data::Dataset> reals, const EvaluationOptions& options,
                     const FeatureNet& net, const Wanted& wanted, bool needs_training)
    : data_(std::move(reals)),
      options_(options),
      net_(net),
      wanted_(wanted),
      needs_training_(needs_training) {
  const bool same = options.training && options.training->fingerprint() == data_->fingerprint();
  learned_from_ = same || options.reference_seen;
  if (!same) training_data_ = options.training;
}

int64_t Reference::count() const { return std::min(options_.samples, data_->size()); }

int64_t Reference::training_size() const {
  return training_data_ ? training_data_->size() : data_->size();
}

int64_t Reference::training_count() const {
  if (!needs_training_) return 0;
  if (training_data_ && !learned_from_) return std::min(options_.training_samples, training_size());
  // Without samples that the model has not seen, training samples are compared with each other,
  // which takes time with the square of their number.
  return std::min({options_.training_samples, kMostAmongThemselves, training_size()});
}

int64_t Reference::work_left() const { return gathered_ ? 0 : count() + training_count(); }

std::string Reference::training_fingerprint() const {
  return training_data_ ? training_data_->fingerprint() : data_->fingerprint();
}

at::Tensor Reference::take(int64_t first, int64_t count) const {
  return take_from(*data_, first, count);
}

at::Tensor Reference::labels(int64_t first, int64_t count) const {
  if (data_->spec().classes == 0) return {};
  at::Tensor labels = at::empty({count}, at::kLong);
  auto* out = labels.data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i) {
    out[i] = data_->label(stored_sample_at((first + i) % data_->size(), data_->size()));
  }
  return labels;
}

at::Tensor Reference::given(int64_t first, int64_t count) const {
  if (!data_->spec().takes_given()) return {};
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count; ++i) {
    places.push_back(stored_sample_at((first + i) % data_->size(), data_->size()));
  }
  return data::read_batch(*data_, places).given;
}

void Reference::gather_all(Meter& meter) {
  if (gathered_) return;
  real_ =
      gather_part(*data_, options_.data.split, 0, count(), meter, "reference", options_.statistics);
  real_.labels = labels(0, count());
  if (wanted_.given) real_.given = given(0, count());
  if (needs_training_) {
    const data::Dataset& data = training_data_ ? *training_data_ : *data_;
    training_ = gather_part(data, training_data_ ? "training" : options_.data.split, 0,
                            training_count(), meter, "training data", {});
  }
  if (options_.holdout) {
    const int64_t held_out = std::min(options_.samples, options_.holdout->size());
    holdout_ = gather_part(*options_.holdout, "holdout", 0, held_out, meter, "holdout", {});
  }
  gathered_ = true;
}

const Evidence* Reference::holdout_beside(const Evidence& real) const {
  if (options_.holdout) return &holdout_;
  return has_training() && !learned_from() ? &real : nullptr;
}

int64_t Reference::floor_count(int64_t samples) const {
  if (data_->size() - count() >= samples) return samples;
  return std::min(samples, data_->size() / 2);
}

std::pair<Evidence, Evidence> Reference::halves(int64_t samples, Meter& meter) const {
  const int64_t each = floor_count(samples);
  const bool beside = data_->size() - count() >= each;
  const int64_t first = beside ? count() : each;
  Evidence others = gather_part(*data_, options_.data.split, first, each, meter, "floor", {});
  others.labels = labels(first, each);
  if (wanted_.given) others.given = given(first, each);
  return {beside ? real_ : head(real_, each), std::move(others)};
}

Evidence Reference::gather_part(const data::Dataset& data, const std::string& split, int64_t first,
                                int64_t count, Meter& meter, const std::string& what,
                                const std::filesystem::path& file) const {
  const StatisticsIdentity identity{
      .data_fingerprint = data.fingerprint(),
      .net_name = net_.name(),
      .net_sha256 = net_.sha256(),
      .resize = net_.resize_mode() + (options_.quantise ? "" : ", float"),
      .split = fmt::format("{} [{}, {})", split, first, first + count),
      .count = count,
      .mirrored = false};
  Wanted wanted = wanted_;
  std::optional<FeatureStatistics> known;
  // Points are their own features; class probabilities are not kept in files.
  const bool worth_keeping = wanted.features && data.spec().domain == "image";
  if (wanted.features && !file.empty() && std::filesystem::exists(file)) {
    known = load_statistics(file, identity);
  } else if (worth_keeping && options_.cache && !wanted.probabilities) {
    known = cached_statistics(identity, /*keep=*/true);
  }
  if (!all_of_group(known.has_value(), options_.group)) known.reset();
  if (known) wanted.features = false;
  if (known && !wanted.pictures && data.spec().domain == "image") {  // nothing to read
    meter.add(count, what);
    Evidence evidence;
    evidence.count = count;
    evidence.features = std::move(known);
    return evidence;
  }
  const auto take = [&](int64_t at, int64_t size) { return take_from(data, first + at, size); };
  Evidence evidence =
      gather(take, count, wanted, net_, options_.quantise, meter, what, options_.group);
  if (wanted.columns)
    evidence.columns =
        std::make_shared<const PlainTable>(columns_of(data, places_of(data, first, count)));
  if (known) {
    evidence.features = std::move(known);
    return evidence;
  }
  if (options_.group && !options_.group->is_first()) return evidence;
  if (wanted.features && !file.empty()) save_statistics(file, *evidence.features, identity);
  if (worth_keeping && options_.cache) keep_for_later(*evidence.features, identity);
  return evidence;
}

}  // namespace ganymede::metrics
