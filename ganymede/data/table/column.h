// What a column of a table holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ganymede::data {

enum class ColumnKind {
  kNumber,    // a quantity
  kCategory,  // one of a list of texts
  kBoolean,   // one of two texts (0 and 1, no and yes, ...)
  kDatetime,  // a point in time
  kId,        // tells rows apart and means nothing else; made anew for generated rows
  kConstant,  // the same text in every row, or nothing at all
};
// "number", "category", "boolean", "datetime", "id", "constant".
const char* name_of(ColumnKind kind);
// Throws DataError with `where`.
ColumnKind column_kind(const std::string& name, const std::string& where);

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::kCategory;

  // Numbers, and times in seconds since 1970-01-01 00:00:00 UTC: the range of the source.
  double minimum = 0;
  double maximum = 0;
  int decimals = 0;            // places after the point; -1: as many as the number needs
  bool fixed_decimals = true;  // trailing zeros are written
  // Texts that stand among the numbers and mean something else ("unknown", "never").
  std::vector<std::string> words = {};

  std::string format = {};  // of times: %Y-%m-%d, %H:%M:%S, %f and the like

  // Categories and booleans: each with its count in the source, the commonest first. A constant has
  // one, or none when every cell is missing.
  std::vector<std::string> categories = {};
  std::vector<int64_t> counts = {};

  // Of ids: "row-%06d" with the number to go on from, "uuid", or "%d".
  std::string pattern = {};
  int64_t next_id = 1;

  int64_t missing = 0;            // cells of the source
  std::string missing_text = {};  // how they are written

  // A cell as the file writes it (without quotes): a number or time, a place in `categories` or
  // `words`.
  std::string number_text(double value, bool decimal_comma = false) const;
  bool integer() const { return kind == ColumnKind::kNumber && decimals == 0; }
  bool is_discrete() const { return kind == ColumnKind::kCategory || kind == ColumnKind::kBoolean; }
  bool is_continuous() const {
    return kind == ColumnKind::kNumber || kind == ColumnKind::kDatetime;
  }
  bool operator==(const Column&) const = default;
};

}  // namespace ganymede::data
