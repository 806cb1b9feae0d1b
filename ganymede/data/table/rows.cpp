#include "ganymede/data/table/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

constexpr size_t kHeadBytes = size_t{1} << 16;
constexpr size_t kBlockBytes = size_t{1} << 20;

// Whether bytes that come in blocks are UTF-8 (RFC 3629; over-long forms are let through).
class Utf8Check {
 public:
  bool feed(std::string_view block) {
    for (const char c : block) {
      const auto byte = static_cast<unsigned char>(c);
      if (pending_ > 0) {
        if ((byte & 0xC0) != 0x80) return false;
        --pending_;
      } else if (byte >= 0x80) {
        pending_ = byte >= 0xF8 ? -1 : byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC2 ? 1 : -1;
        if (pending_ < 0) return false;
      }
    }
    return true;
  }
  bool finished() const { return pending_ == 0; }

 private:
  int pending_ = 0;
};

bool is_utf8(std::ifstream& file) {
  Utf8Check check;
  std::string block(kBlockBytes, '\0');
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto count = static_cast<size_t>(file.gcount());
    if (!check.feed(std::string_view(block).substr(0, count))) return false;
  }
  return check.finished();
}

// Digits around one `point`: "-3,14".
bool is_decimal(std::string_view text, char point) {
  text = trimmed(text);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const size_t at = text.find(point);
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size()) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return c == point || (c >= '0' && c <= '9'); }) &&
         text.find(point, at + 1) == std::string_view::npos;
}

bool has_decimal_comma(std::string_view head, const media::CsvDialect& dialect) {
  if (dialect.delimiter == ',') return false;
  media::CsvReader reader(head, "", dialect);
  std::vector<media::CsvField> row;
  bool comma = false;
  try {
    while (reader.next(row)) {
      for (const media::CsvField& field : row) {
        if (is_decimal(field.text, '.')) return false;
        comma = comma || is_decimal(field.text, ',');
      }
    }
  } catch (const DataError&) {
    return comma;  // the head ends within a field, or the reader of the file says what is wrong
  }
  return comma;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool TableRows::next(std::vector<media::CsvField>& row) {
  while (reader_.next(row)) {
    if (row.size() == 1 && row[0].text.empty() && !row[0].quoted) {
      if (!gap_) gap_ = media::CsvField{.text = {}, .line = row[0].line, .column = 1};
      continue;
    }
    if (gap_) reader_.fail(*gap_, "an empty line", "empty lines at the end only");
    if (width_ == 0) width_ = row.size();
    if (row.size() == width_) return true;
    // At the first field too many, or where the row ends.
    reader_.fail(row[std::min(row.size(), width_ + 1) - 1], fmt::format("{} fields", row.size()),
                 fmt::format("{}, as in the first line", width_));
  }
  return false;
}

media::CsvDialect find_dialect(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw FileError(
        {.where = path.string(), .found = "cannot be opened", .allowed = "a readable file"});
  }
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  if (head.empty()) {
    throw DataError({.where = path.string() + ":1:1",
                     .found = "an empty file",
                     .allowed = "a header and rows"});
  }
  media::CsvDialect dialect;
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
    return dialect;  // refused later
  file.clear();
  file.seekg(0);
  dialect.latin1 = !is_utf8(file);
  dialect.delimiter = media::sniff_delimiter(head);
  dialect.decimal_comma = has_decimal_comma(head, dialect);
  return dialect;
}

bool is_header(const std::vector<std::string>& first, const std::vector<std::string>& second,
               const media::CsvDialect& dialect) {
  const auto is_number = [&](const std::string& text) {
    return media::parse_csv_number(text, dialect.decimal_comma).has_value();
  };
  if (std::none_of(first.begin(), first.end(), is_number)) return true;
  for (size_t c = 0; c < std::min(first.size(), second.size()); ++c) {
    if (!trimmed(first[c]).empty() && !is_number(first[c]) && is_number(second[c])) return true;
  }
  return false;
}

}  // namespace ganymede::data
