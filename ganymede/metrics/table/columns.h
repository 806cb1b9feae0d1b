// A table as the metrics of tables see it: whole columns, numeric or categorical.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ganymede::metrics {

// Exactly one of `numbers` (numeric) and `codes` holds one entry per row. Tables that are compared
// share the meaning of their codes.
struct PlainColumn {
  std::string name = {};
  bool numeric = true;
  bool integer = false;                      // numeric: whole numbers only
  std::vector<double> numbers = {};          // NaN: missing
  std::vector<int32_t> codes = {};           // index into `categories`; kMissing: missing
  std::vector<std::string> categories = {};  // the names; both tables list the same ones

  static constexpr int32_t kMissing = -1;
  int64_t size() const { return static_cast<int64_t>(numeric ? numbers.size() : codes.size()); }
  bool missing(int64_t row) const;
};

struct PlainTable {
  std::vector<PlainColumn> columns = {};
  int64_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
};

// Throws UsageError unless both have the same columns of the same kinds with the same categories,
// in one order, all columns of a table of one length, and at least one row each.
void check_comparable(const PlainTable& real, const PlainTable& synthetic);

// The index of the column of that name; throws UsageError naming the others.
size_t column_index(const PlainTable& table, const std::string& name);

// Rows [first, first + count).
PlainTable rows_of(const PlainTable& table, int64_t first, int64_t count);

// The given rows, in the given order.
PlainTable take_rows(const PlainTable& table, const std::vector<int64_t>& rows);

}  // namespace ganymede::metrics
