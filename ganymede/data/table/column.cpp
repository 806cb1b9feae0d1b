#include "ganymede/data/table/column.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ganymede/core/error.h"
#include "ganymede/data/table/datetime.h"

namespace ganymede::data {
namespace {

constexpr std::array<const char*, 6> kNames = {"number",   "category", "boolean",
                                               "datetime", "id",       "constant"};

}  // namespace

const char* name_of(ColumnKind kind) { return kNames.at(static_cast<size_t>(kind)); }

ColumnKind column_kind(const std::string& name, const std::string& where) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<ColumnKind>(i);
  }
  throw DataError({.where = where,
                   .found = "the kind \"" + name + "\"",
                   .allowed = fmt::format("{}", fmt::join(kNames, ", "))});
}

std::string Column::number_text(double value, bool decimal_comma) const {
  if (kind == ColumnKind::kDatetime) return format_datetime(value, format);
  std::string text =
      decimals < 0 ? fmt::format("{}", value) : fmt::format("{:.{}f}", value, decimals);
  if (decimals > 0 && !fixed_decimals) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  if (text.find_first_not_of("-0.") == std::string::npos && text.starts_with('-')) text.erase(0, 1);
  if (decimal_comma) std::replace(text.begin(), text.end(), '.', ',');
  return text;
}

}  // namespace ganymede::data
