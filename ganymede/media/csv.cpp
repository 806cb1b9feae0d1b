#include "ganymede/media/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"

namespace ganymede::media {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kShownBytes = 40;  // of a field, in a message

struct Field {
  std::string text;
  size_t line = 0;  // both from 1, of its first byte
  size_t column = 0;
};

std::string shown(const std::string& text) {
  return json_string(std::string_view(text).substr(0, kShownBytes));
}

class Lexer {
 public:
  Lexer(std::string_view text, const std::string& where, int64_t most_columns)
      : text_(text), where_(where), most_columns_(most_columns) {
    if (text_.starts_with(kByteOrderMark)) at_ = line_start_ = kByteOrderMark.size();
  }

  // The next line's fields; nothing at the end. Empty lines are a row of one empty field.
  bool next(std::vector<Field>& row) {
    row.clear();
    if (at_ >= text_.size()) return false;
    do {
      row.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : plain());
      if (static_cast<int64_t>(row.size()) > most_columns_)
        fail(row.back(), "more than " + std::to_string(most_columns_) + " columns", "");
    } while (take(','));
    end_line(row.back());
    return true;
  }

  [[noreturn]] void fail(const Field& field, const std::string& found,
                         const std::string& allowed) const {
    throw DataError({.where = fmt::format("{}:{}:{}", where_, field.line, field.column),
                     .found = found,
                     .allowed = allowed});
  }

 private:
  Field begin() const { return {{}, line_, at_ - line_start_ + 1}; }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Field plain() {
    Field field = begin();
    const size_t end = std::min(text_.find_first_of(",\r\n\"", at_), text_.size());
    field.text = text_.substr(at_, end - at_);
    at_ = end;
    if (at_ < text_.size() && text_[at_] == '"')
      fail(field, "a quote inside a field", "quotes around a whole field, \"\" for one inside");
    return field;
  }

  Field quoted() {
    Field field = begin();
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) fail(field, "a quote that does not close", "");
      const char c = text_[at_++];
      if (c == '\n') new_line();
      if (c == '"' && !take('"')) return field;
      field.text.push_back(c);
    }
  }

  void end_line(const Field& last) {
    if (at_ >= text_.size()) return;
    take('\r');
    if (!take('\n')) fail(last, "text after the end of a field", "a comma or the end of the line");
    new_line();
  }

  void new_line() {
    ++line_;
    line_start_ = at_;
  }

  std::string_view text_;
  const std::string& where_;
  int64_t most_columns_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t line_start_ = 0;
};

// Spaces around a number do no harm.
std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double> number_of(const std::string& field) {
  std::string_view text = trimmed(field);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool is_empty_line(const std::vector<Field>& row) {
  return row.size() == 1 && row.front().text.empty();
}

bool is_header(const std::vector<Field>& row) {
  return std::none_of(row.begin(), row.end(),
                      [](const Field& field) { return number_of(field.text).has_value(); });
}

void add_row(const Lexer& lexer, const std::vector<Field>& row, CsvTable& table) {
  if (static_cast<int64_t>(row.size()) != table.columns) {
    lexer.fail(row.front(), fmt::format("{} fields", row.size()),
               fmt::format("{}, as in the first line", table.columns));
  }
  for (const Field& field : row) {
    const auto value = number_of(field.text);
    if (!value || !std::isfinite(*value)) lexer.fail(field, shown(field.text), "a finite number");
    table.values.push_back(*value);
  }
}

}  // namespace

CsvTable parse_csv(std::string_view text, const std::string& where, const CsvLimits& limits) {
  if (text.size() > limits.bytes) {
    throw DataError({.where = where,
                     .found = format_bytes(static_cast<int64_t>(text.size())),
                     .allowed = "at most " + format_bytes(static_cast<int64_t>(limits.bytes))});
  }
  CsvTable table;
  Lexer lexer(text, where, limits.columns);
  std::optional<Field> gap;  // an empty line, which only the end may have
  std::vector<Field> row;
  while (lexer.next(row)) {
    if (is_empty_line(row)) {
      if (!gap) gap = row.front();
      continue;
    }
    if (gap) lexer.fail(*gap, "an empty line", "empty lines at the end only");
    if (table.columns == 0) {
      table.columns = static_cast<int64_t>(row.size());
      if (is_header(row)) {
        for (Field& field : row) table.header.push_back(std::move(field.text));
        continue;
      }
    }
    add_row(lexer, row, table);
  }
  if (table.rows() == 0)
    throw DataError({.where = where, .found = "no rows of numbers", .allowed = "one or more"});
  return table;
}

CsvTable read_csv(const std::filesystem::path& path, const CsvLimits& limits) {
  return parse_csv(read_file(path, limits.bytes), path.string(), limits);
}

}  // namespace ganymede::media
