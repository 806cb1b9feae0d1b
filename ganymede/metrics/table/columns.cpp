#include "ganymede/metrics/table/columns.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::metrics {
namespace {

[[noreturn]] void differ(const std::string& found) {
  throw UsageError({.where = "table metrics",
                    .found = found,
                    .allowed = "two tables with the same columns, of one length each",
                    .remedy = "compare data that were read with one schema"});
}

void check_lengths(const PlainTable& table) {
  if (table.rows() == 0) differ("a table without rows");
  for (const PlainColumn& column : table.columns) {
    if (column.size() != table.rows())
      differ(fmt::format("column {} of {} rows, where the first has {}", column.name, column.size(),
                         table.rows()));
  }
}

}  // namespace

bool PlainColumn::missing(int64_t row) const {
  const auto at = static_cast<size_t>(row);
  return numeric ? std::isnan(numbers[at]) : codes[at] < 0;
}

void check_comparable(const PlainTable& real, const PlainTable& synthetic) {
  check_lengths(real);
  check_lengths(synthetic);
  if (real.columns.size() != synthetic.columns.size())
    differ(fmt::format("{} and {} columns", real.columns.size(), synthetic.columns.size()));
  for (size_t i = 0; i < real.columns.size(); ++i) {
    const PlainColumn& a = real.columns[i];
    const PlainColumn& b = synthetic.columns[i];
    if (a.name != b.name) differ(fmt::format("column {} named {} and {}", i + 1, a.name, b.name));
    if (a.numeric != b.numeric) differ("column " + a.name + " of two kinds");
    if (a.categories != b.categories) differ("column " + a.name + " with two lists of categories");
  }
}

size_t column_index(const PlainTable& table, const std::string& name) {
  std::vector<std::string> names;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return i;
    names.push_back(table.columns[i].name);
  }
  const auto near = did_you_mean(name, names);
  throw UsageError({.where = "column",
                    .found = "\"" + name + "\"",
                    .allowed = join(names),
                    .remedy = near ? *near : std::string()});
}

PlainTable rows_of(const PlainTable& table, int64_t first, int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), first);
  return take_rows(table, rows);
}

PlainTable take_rows(const PlainTable& table, const std::vector<int64_t>& rows) {
  PlainTable result;
  for (const PlainColumn& column : table.columns) {
    PlainColumn part{.name = column.name,
                     .numeric = column.numeric,
                     .integer = column.integer,
                     .categories = column.categories};
    for (const int64_t row : rows) {
      const auto at = static_cast<size_t>(row);
      if (column.numeric)
        part.numbers.push_back(column.numbers[at]);
      else
        part.codes.push_back(column.codes[at]);
    }
    result.columns.push_back(std::move(part));
  }
  return result;
}

}  // namespace ganymede::metrics
