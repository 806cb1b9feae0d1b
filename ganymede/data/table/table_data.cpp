#include "ganymede/data/table/table_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/data/pictures.h"

namespace ganymede::data {
namespace {

template <typename T>
uint64_t hash_of(const std::vector<T>& values, uint64_t seed) {
  return xxh3({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)}, seed);
}

std::string fingerprint_of(const Encoder& encoder, const Encoder::Rows& rows) {
  uint64_t hash = xxh3(encoder.to_json().dump(), static_cast<uint64_t>(rows.count));
  for (const auto& scalars : rows.scalars) hash = hash_of(scalars, hash);
  for (const auto& places : rows.places) hash = hash_of(places, hash);
  return fmt::format("{:016x}", hash);
}

}  // namespace

// Rows by category, and how likely each category is chosen.
struct TableDataset::Choice {
  std::vector<double> until;   // cumulative shares of log(1 + count)
  std::vector<size_t> begin;   // of a category's rows in `rows`, and one past the last
  std::vector<uint32_t> rows;  // ordered by category

  Choice(const std::vector<uint16_t>& places, int64_t categories)
      : begin(static_cast<size_t>(categories) + 1, 0), rows(places.size()) {
    for (const uint16_t place : places) ++begin[static_cast<size_t>(place) + 1];
    double sum = 0;
    for (size_t c = 0; c < static_cast<size_t>(categories); ++c) {
      until.push_back(sum += std::log1p(static_cast<double>(begin[c + 1])));
      begin[c + 1] += begin[c];
    }
    for (double& value : until) value /= sum;
    std::vector<size_t> next(begin.begin(), begin.end() - 1);
    for (size_t row = 0; row < places.size(); ++row) {
      rows[next[places[row]]++] = static_cast<uint32_t>(row);
    }
  }

  // A category that has rows.
  size_t category(double uniform) const {
    auto found =
        static_cast<size_t>(std::upper_bound(until.begin(), until.end(), uniform) - until.begin());
    found = std::min(found, until.size() - 1);
    while (begin[found] == begin[found + 1]) found = found == 0 ? until.size() - 1 : found - 1;
    return found;
  }
};

TableDataset::TableDataset(std::shared_ptr<const Table> table,
                           std::shared_ptr<const Encoder> encoder)
    : table_(std::move(table)),
      encoder_(std::move(encoder)),
      spec_(encoder_->spec()),
      rows_(encoder_->encode(*table_)),
      fingerprint_(fingerprint_of(*encoder_, rows_)) {
  for (size_t i = 0; i < encoder_->codes().size(); ++i) {
    const ColumnCode& code = encoder_->codes()[i];
    if (code.shares.empty()) continue;
    choices_.push_back(std::make_shared<const Choice>(rows_.places[i], code.places()));
  }
}

void TableDataset::read(int64_t index, float* out) const { encoder_->read(rows_, index, out); }

int64_t TableDataset::draw(Stream& random, float* condition) const {
  if (choices_.empty()) return Dataset::draw(random, condition);
  const size_t column = random.below(choices_.size());
  for (size_t i = 0; i < column; ++i) condition += choices_[i]->until.size();
  const Choice& choice = *choices_[column];
  const size_t category = choice.category(random.next_uniform());
  condition[category] = 1.0F;
  const size_t first = choice.begin[category];
  return choice.rows[first + random.below(choice.begin[category + 1] - first)];
}

std::shared_ptr<TableDataset> open_table(const DataConfig& config,
                                         std::shared_ptr<const Encoder> encoder) {
  if (config.split == "test") refuse_split(config.path, config.split, {});
  if (encoder == nullptr && !config.domain_state.empty()) {
    encoder = std::make_shared<const Encoder>(
        Encoder::from_json(nlohmann::json::parse(config.domain_state), "domain_state"));
  }
  if (encoder != nullptr) {
    auto table = std::make_shared<const Table>(read_table(
        config.path, encoder->shared_schema(), {.row_limit = config.limit, .foreign = true}));
    return std::make_shared<TableDataset>(std::move(table), std::move(encoder));
  }
  const SchemaHints hints =
      config.schema.empty() ? SchemaHints{} : read_schema_hints(config.schema);
  auto schema = std::make_shared<const TableSchema>(infer_schema(config.path, hints, config.limit));
  auto table = std::make_shared<const Table>(
      read_table(config.path, std::move(schema), {.row_limit = config.limit}));
  auto fitted = std::make_shared<const Encoder>(Encoder::fit(
      *table, {.minmax = config.encoding == "minmax", .conditions = config.conditions}));
  return std::make_shared<TableDataset>(std::move(table), std::move(fitted));
}

}  // namespace ganymede::data
