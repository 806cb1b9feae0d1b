#include "ganymede/data/table/encoder.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/data/parallel.h"

namespace ganymede::data {
namespace {

constexpr double kDeviations = 4;     // a mode reaches so many to both sides
constexpr double kLargest = 0.99;     // of a scalar
constexpr double kLeastShare = 1e-6;  // added to responsibilities before a mode is drawn
constexpr size_t kMostSpecial = 8;    // values that are common among many others

using Json = nlohmann::json;

std::vector<double> known_numbers(const Cells& cells) {
  std::vector<double> values;
  values.reserve(cells.numbers.size());
  for (const double value : cells.numbers) {
    if (!std::isnan(value)) values.push_back(value);
  }
  return values;
}

bool any_missing(const Cells& cells) {
  return std::any_of(cells.missing.begin(), cells.missing.end(), [](uint8_t m) { return m != 0; });
}

// Values that are modes of their own: all of a few, the common ones of many.
void choose_special(WeightedPoints& points, double rows, const EncoderOptions& options,
                    ColumnCode& code) {
  const auto few = [&] {
    return static_cast<int64_t>(points.values.size()) <= options.most_levels;
  };
  if (!few()) {
    WeightedPoints rest;
    for (size_t i = 0; i < points.values.size(); ++i) {
      if (points.counts[i] >= options.special_share * rows && code.special.size() < kMostSpecial) {
        code.special.push_back(points.values[i]);
      } else {
        rest.values.push_back(points.values[i]);
        rest.counts.push_back(points.counts[i]);
      }
    }
    points = std::move(rest);
  }
  if (!few()) return;
  code.special.insert(code.special.end(), points.values.begin(), points.values.end());
  std::sort(code.special.begin(), code.special.end());
  points = {};
}

void fit_numbers(const Table& table, const EncoderOptions& options, ColumnCode& code) {
  const Cells& cells = table.cells(code.column);
  if (options.minmax) return;
  code.words = static_cast<int64_t>(table.column(code.column).words.size());
  code.missing = any_missing(cells);
  WeightedPoints points = distinct_points(known_numbers(cells));
  choose_special(points, static_cast<double>(table.rows()), options, code);
  if (!points.values.empty()) code.modes = fit_modes(points, options.mixture);
  if (code.places() == 0) code.missing = true;
}

// The place of a category, missing for -1.
int64_t category_place(const ColumnCode& code, int32_t category) {
  if (category < 0) return code.missing ? code.places() - 1 : -1;
  if (category < code.categories) return category;
  return code.rare ? code.categories : 0;
}

void fit_categories(const Table& table, const EncoderOptions& options, ColumnCode& code) {
  const Cells& cells = table.cells(code.column);
  const auto all = static_cast<int64_t>(table.column(code.column).categories.size());
  code.rare = all > options.most_categories;
  code.categories = code.rare ? options.most_categories - 1 : all;
  code.missing = !options.minmax && any_missing(cells);
  if (!options.conditions || options.minmax) return;
  std::vector<int64_t> counts(static_cast<size_t>(code.places()), 0);
  for (const int32_t category : cells.codes) {
    const int64_t place = category_place(code, category);
    if (place >= 0) ++counts[static_cast<size_t>(place)];
  }
  for (const int64_t count : counts) {
    code.shares.push_back(static_cast<float>(count) / static_cast<float>(table.rows()));
  }
}

// A mode by its share, drawn by `uniform` in [0, 1).
size_t drawn_mode(const std::vector<double>& shares, double uniform) {
  double left = uniform * (1 + kLeastShare * static_cast<double>(shares.size()));
  size_t mode = 0;
  for (; mode + 1 < shares.size(); ++mode) {
    left -= shares[mode] + kLeastShare;
    if (left < 0) break;
  }
  return mode;
}

size_t nearest(const std::vector<double>& values, double value) {
  const auto above = std::lower_bound(values.begin(), values.end(), value);
  if (above == values.begin()) return 0;
  if (above == values.end()) return values.size() - 1;
  const auto below = std::prev(above);
  return static_cast<size_t>((value - *below <= *above - value ? below : above) - values.begin());
}

// The place of a cell that the encoder has none for: the heaviest mode, else the first value.
uint16_t fallback_place(const ColumnCode& code) {
  const auto heaviest =
      std::max_element(code.modes.begin(), code.modes.end(),
                       [](const auto& a, const auto& b) { return a.weight < b.weight; });
  return static_cast<uint16_t>(heaviest - code.modes.begin());
}

void encode_numbers(const Cells& cells, const ColumnCode& code, std::vector<float>& scalars,
                    std::vector<uint16_t>& places) {
  const Stream keyed(0, "mode", static_cast<uint64_t>(code.column));
  Responsibilities shares(code.modes);
  const size_t n = cells.numbers.size();
  places.resize(n);
  if (!code.modes.empty()) scalars.resize(n);
  for (size_t row = 0; row < n; ++row) {
    const double value = cells.numbers[row];
    const auto known = static_cast<int64_t>(code.modes.size() + code.special.size());
    if (std::isnan(value)) {
      const int32_t word = cells.codes.empty() ? -1 : cells.codes[row];
      places[row] = word >= 0      ? static_cast<uint16_t>(known + word)
                    : code.missing ? static_cast<uint16_t>(code.places() - 1)
                                   : fallback_place(code);
      continue;
    }
    const size_t special = code.special.empty() ? 0 : nearest(code.special, value);
    const bool exact = !code.special.empty() && code.special[special] == value;
    if (exact || code.modes.empty()) {
      places[row] = code.special.empty() ? fallback_place(code)
                                         : static_cast<uint16_t>(code.modes.size() + special);
      continue;
    }
    const uint64_t key = (static_cast<uint64_t>(row) << 16) + static_cast<uint64_t>(code.column);
    const size_t mode = drawn_mode(shares(value), keyed.at(key).next_uniform());
    const MixtureMode& own = code.modes[mode];
    scalars[row] = static_cast<float>(
        std::clamp((value - own.mean) / (kDeviations * own.deviation), -kLargest, kLargest));
    places[row] = static_cast<uint16_t>(mode);
  }
}

void encode_units(const Cells& cells, const Column& column, std::vector<float>& scalars) {
  const double range = column.maximum - column.minimum;
  scalars.reserve(cells.numbers.size());
  for (const double value : cells.numbers) {
    const double unit = range > 0 ? std::clamp((value - column.minimum) / range, 0.0, 1.0) : 0.0;
    scalars.push_back(static_cast<float>(std::isnan(value) ? value : unit));
  }
}

void encode_categories(const Cells& cells, const ColumnCode& code, bool minmax,
                       std::vector<uint16_t>& places) {
  places.reserve(cells.codes.size());
  for (const int32_t category : cells.codes) {
    const int64_t place = category_place(code, category);
    places.push_back(place >= 0 ? static_cast<uint16_t>(place)
                     : minmax   ? Encoder::kNoPlace
                                : uint16_t{0});
  }
}

Json code_json(const ColumnCode& code) {
  Json modes = Json::array();
  for (const MixtureMode& mode : code.modes) {
    modes.push_back({mode.mean, mode.deviation, mode.weight});
  }
  Json json = {{"column", code.column}, {"missing", code.missing}};
  if (!code.modes.empty()) json["modes"] = modes;
  if (!code.special.empty()) json["special"] = code.special;
  if (code.words > 0) json["words"] = code.words;
  if (code.categories > 0) json["categories"] = code.categories;
  if (code.rare) json["rare"] = true;
  if (!code.shares.empty()) json["shares"] = code.shares;
  return json;
}

ColumnCode code_from_json(const Json& json) {
  ColumnCode code;
  code.column = json.at("column");
  code.missing = json.at("missing");
  for (const Json& mode : json.value("modes", Json::array())) {
    code.modes.push_back({mode.at(0), mode.at(1), mode.at(2)});
  }
  code.special = json.value("special", code.special);
  code.words = json.value("words", code.words);
  code.categories = json.value("categories", code.categories);
  code.rare = json.value("rare", false);
  code.shares = json.value("shares", code.shares);
  return code;
}

// What decoding indexes by.
void check_code(const ColumnCode& code, const TableSchema& schema, bool minmax,
                const std::string& where) {
  const auto columns = static_cast<int64_t>(schema.columns.size());
  bool good = code.column >= 0 && code.column < columns && code.words >= 0 &&
              code.categories >= 0 && code.places() < Encoder::kNoPlace;
  if (good) {
    const Column& column = schema.columns[static_cast<size_t>(code.column)];
    const auto categories = static_cast<int64_t>(column.categories.size());
    good = code.categories <= categories && (!code.rare || code.categories < categories) &&
           code.words <= static_cast<int64_t>(column.words.size()) &&
           (column.is_discrete() || column.is_continuous());
    const bool bare = code.modes.empty() && code.special.empty() && code.words == 0;
    const bool unit = minmax && column.is_continuous();
    good = good && (column.is_discrete() ? bare : code.categories == 0 && !code.rare) &&
           (unit ? bare && !code.missing : code.places() > 0);
  }
  if (!good) {
    throw ModelError({.where = where,
                      .found = "a code that does not fit its column",
                      .allowed = "the encoding that was stored"});
  }
}

}  // namespace

Encoder::Encoder(std::shared_ptr<const TableSchema> schema, std::vector<ColumnCode> codes,
                 bool minmax)
    : schema_(std::move(schema)), codes_(std::move(codes)), minmax_(minmax) {
  for (const ColumnCode& code : codes_) {
    const bool number = schema_->columns[static_cast<size_t>(code.column)].is_continuous();
    if (number && (minmax_ || !code.modes.empty())) {
      spans_.push_back({.kind = minmax_ ? Span::Kind::kUnit : Span::Kind::kScalar,
                        .width = 1,
                        .column = code.column});
      ++width_;
      if (minmax_) continue;
    }
    spans_.push_back({.kind = Span::Kind::kOneHot,
                      .width = code.places(),
                      .column = code.column,
                      .shares = code.shares});
    width_ += code.places();
  }
}

Encoder Encoder::fit(const Table& table, const EncoderOptions& options) {
  std::vector<ColumnCode> codes;
  for (int64_t c = 0; c < table.columns(); ++c) {
    if (!table.column(c).is_discrete() && !table.column(c).is_continuous()) continue;
    codes.push_back({.column = c});
  }
  if (codes.empty()) {
    throw DataError({.where = "table",
                     .found = "only ids and constant columns",
                     .allowed = "a column of numbers, times or categories"});
  }
  parallel_for_each(static_cast<int64_t>(codes.size()), [&](int64_t i) {
    ColumnCode& code = codes[static_cast<size_t>(i)];
    if (table.column(code.column).is_continuous()) {
      fit_numbers(table, options, code);
    } else {
      fit_categories(table, options, code);
    }
  });
  return Encoder(table.shared_schema(), std::move(codes), options.minmax);
}

Encoder Encoder::from_json(const Json& json, const std::string& where) {
  try {
    auto schema = std::make_shared<TableSchema>(schema_from_json(json.at("schema"), where));
    const bool minmax = json.at("encoding") == "minmax";
    std::vector<ColumnCode> codes;
    for (const Json& code : json.at("codes")) {
      codes.push_back(code_from_json(code));
      check_code(codes.back(), *schema, minmax, where);
    }
    return Encoder(std::move(schema), std::move(codes), minmax);
  } catch (const Json::exception& error) {
    throw ModelError({.where = where, .found = error.what(), .allowed = "the encoding of a table"});
  }
}

Json Encoder::to_json() const {
  Json codes = Json::array();
  for (const ColumnCode& code : codes_) codes.push_back(code_json(code));
  return {{"encoding", minmax_ ? "minmax" : "modes"},
          {"schema", data::to_json(*schema_)},
          {"codes", codes}};
}

SampleSpec Encoder::spec() const {
  return {.domain = "table", .shape = {width_}, .spans = spans_, .domain_state = to_json().dump()};
}

Encoder::Rows Encoder::encode(const Table& table) const {
  Rows rows;
  rows.count = table.rows();
  rows.scalars.resize(codes_.size());
  rows.places.resize(codes_.size());
  parallel_for_each(static_cast<int64_t>(codes_.size()), [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    const ColumnCode& code = codes_[at];
    const Cells& cells = table.cells(code.column);
    if (!table.column(code.column).is_continuous()) {
      encode_categories(cells, code, minmax_, rows.places[at]);
    } else if (minmax_) {
      encode_units(cells, schema_->columns[static_cast<size_t>(code.column)], rows.scalars[at]);
    } else {
      encode_numbers(cells, code, rows.scalars[at], rows.places[at]);
    }
  });
  return rows;
}

void Encoder::read(const Rows& rows, int64_t index, float* out) const {
  const auto row = static_cast<size_t>(index);
  for (size_t i = 0; i < codes_.size(); ++i) {
    if (!rows.scalars[i].empty()) *out++ = rows.scalars[i][row];
    if (rows.places[i].empty()) continue;
    const int64_t places = codes_[i].places();
    const uint16_t place = rows.places[i][row];
    const float rest = place == kNoPlace ? std::numeric_limits<float>::quiet_NaN() : 0.0F;
    std::fill_n(out, places, rest);
    if (place != kNoPlace) out[place] = 1.0F;
    out += places;
  }
}

at::Tensor Encoder::tensor(const Rows& rows) const {
  at::Tensor result = at::empty({rows.count, width_}, at::kFloat);
  float* out = result.data_ptr<float>();
  for (int64_t row = 0; row < rows.count; ++row) read(rows, row, out + row * width_);
  return result;
}

}  // namespace ganymede::data
