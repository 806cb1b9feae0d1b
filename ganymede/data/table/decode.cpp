// Encoded rows back to cells.
#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/random.h"
#include "ganymede/data/table/datetime.h"
#include "ganymede/data/table/encoder.h"

namespace ganymede::data {
namespace {

constexpr double kDeviations = 4;  // as the encoder's
constexpr int kSignificant = 7;    // digits of a number without a fixed count of decimals

double rounded(double value, const Column& column) {
  if (column.kind == ColumnKind::kDatetime) {
    const double step = datetime_step(column.format);
    return std::floor(value / step + 0.5) * step;
  }
  if (column.decimals < 0) {
    const std::string text = fmt::format("{:.{}g}", value, kSignificant);
    double result = value;
    std::from_chars(text.data(), text.data() + text.size(), result);
    return result;
  }
  const double scale = std::pow(10.0, column.decimals);
  return std::round(value * scale) / scale;
}

double kept_in_range(double value, const Column& column) {
  return std::clamp(rounded(value, column), column.minimum, column.maximum);
}

// One of the categories beyond the first `from`, by their counts.
int32_t rare_category(const Column& column, int64_t from, Stream& random) {
  const auto first = column.counts.begin() + from;
  int64_t total = 0;
  for (auto count = first; count != column.counts.end(); ++count) total += *count;
  auto left =
      static_cast<int64_t>(random.below(static_cast<uint64_t>(std::max<int64_t>(total, 1))));
  auto chosen = static_cast<int32_t>(from);
  for (auto count = first; count + 1 != column.counts.end() && left >= *count; ++count, ++chosen) {
    left -= *count;
  }
  return chosen;
}

std::string id_text(const Column& column, int64_t row) {
  if (column.pattern == "uuid") {
    Stream random(0, "uuid", static_cast<uint64_t>(column.next_id + row));
    const uint64_t a = random.next_u64(), b = random.next_u64();
    return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xFFFF,
                       a & 0xFFF, 0x8000 | ((b >> 48) & 0x3FFF), b & 0xFFFFFFFFFFFF);
  }
  const size_t mark = column.pattern.find('%');
  if (mark == std::string::npos) return fmt::format("{}{}", column.pattern, column.next_id + row);
  constexpr int kWidest = 20;
  int width = 0;
  const char* end = column.pattern.data() + column.pattern.size();
  std::from_chars(column.pattern.data() + mark + 1, end, width);
  width = std::clamp(width, 0, kWidest);
  return fmt::format("{}{:0{}}", column.pattern.substr(0, mark), column.next_id + row, width);
}

void set_missing(Cells& cells, int64_t row, int64_t rows) {
  if (cells.missing.empty()) cells.missing.resize(static_cast<size_t>(rows), 0);
  cells.missing[static_cast<size_t>(row)] = 1;
}

// The cells of one column, row by row.
class ColumnDecoder {
 public:
  ColumnDecoder(const ColumnCode& code, const Column& column, Cells& cells, int64_t rows,
                bool minmax)
      : code_(code), column_(column), cells_(cells), rows_(rows), minmax_(minmax) {
    if (column.is_continuous()) cells.numbers.resize(static_cast<size_t>(rows), std::nan(""));
    if (column.is_discrete() || !column.words.empty()) {
      cells.codes.resize(static_cast<size_t>(rows), -1);
    }
  }

  // `in` is the column's stretch of the row.
  void decode(const float* in, int64_t row, Stream& random) {
    const bool unit = minmax_ && column_.is_continuous();
    if (unit) return unit_number(in[0], row);
    const float* places = in + (code_.modes.empty() ? 0 : 1);
    const float* largest = std::max_element(places, places + code_.places());
    if (std::isnan(places[0])) return set_missing(cells_, row, rows_);
    int64_t place = largest - places;
    if (column_.is_discrete()) return category(place, row, random);
    const auto modes = static_cast<int64_t>(code_.modes.size());
    const auto special = static_cast<int64_t>(code_.special.size());
    double& number = cells_.numbers[static_cast<size_t>(row)];
    if (place < modes) {
      const MixtureMode& mode = code_.modes[static_cast<size_t>(place)];
      const double scalar = std::clamp(static_cast<double>(in[0]), -1.0, 1.0);
      number = kept_in_range(scalar * kDeviations * mode.deviation + mode.mean, column_);
    } else if (place < modes + special) {
      number = code_.special[static_cast<size_t>(place - modes)];
    } else if (place < modes + special + code_.words) {
      cells_.codes[static_cast<size_t>(row)] = static_cast<int32_t>(place - modes - special);
    } else {
      set_missing(cells_, row, rows_);
    }
  }

 private:
  void unit_number(float unit, int64_t row) {
    if (std::isnan(unit)) return set_missing(cells_, row, rows_);
    const double value = column_.minimum + std::clamp(static_cast<double>(unit), 0.0, 1.0) *
                                               (column_.maximum - column_.minimum);
    cells_.numbers[static_cast<size_t>(row)] = kept_in_range(value, column_);
  }

  void category(int64_t place, int64_t row, Stream& random) {
    int32_t& code = cells_.codes[static_cast<size_t>(row)];
    if (place < code_.categories) {
      code = static_cast<int32_t>(place);
    } else if (code_.rare && place == code_.categories) {
      code = rare_category(column_, code_.categories, random);
    } else {
      set_missing(cells_, row, rows_);
    }
  }

  const ColumnCode& code_;
  const Column& column_;
  Cells& cells_;
  int64_t rows_;
  bool minmax_;
};

}  // namespace

Table Encoder::decode(const at::Tensor& samples, int64_t first_row) const {
  if (!samples.defined() || samples.dim() != 2 || samples.size(1) != width_) {
    throw UsageError({.where = "table rows",
                      .found = samples.defined() ? fmt::format("a tensor of shape {}",
                                                               fmt::join(samples.sizes(), " x "))
                                                 : "none",
                      .allowed = fmt::format("[N, {}]", width_)});
  }
  const at::Tensor rows = samples.detach().to(at::kCPU, at::kFloat).contiguous();
  const int64_t count = rows.size(0);
  Table table(schema_);
  table.set_rows(count);
  std::vector<ColumnDecoder> decoders;
  for (const ColumnCode& code : codes_) {
    decoders.emplace_back(code, table.column(code.column), table.cells(code.column), count,
                          minmax_);
  }
  const float* in = rows.data_ptr<float>();
  const Stream keyed(0, "decode");
  for (int64_t row = 0; row < count; ++row, in += width_) {
    const std::string_view bytes(reinterpret_cast<const char*>(in),
                                 static_cast<size_t>(width_) * sizeof(float));
    Stream random = keyed.at(xxh3(bytes));
    const float* part = in;
    for (size_t i = 0; i < decoders.size(); ++i) {
      decoders[i].decode(part, row, random);
      const bool number = table.column(codes_[i].column).is_continuous();
      part += number && minmax_ ? 1 : codes_[i].places() + (codes_[i].modes.empty() ? 0 : 1);
    }
  }
  for (int64_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    if (column.kind == ColumnKind::kConstant && column.categories.empty()) {
      table.cells(c).missing.assign(static_cast<size_t>(count), 1);
    }
    if (column.kind != ColumnKind::kId) continue;
    for (int64_t row = 0; row < count; ++row) {
      table.cells(c).texts.add(id_text(column, first_row + row));
    }
  }
  return table;
}

}  // namespace ganymede::data
