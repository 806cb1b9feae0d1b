#include "ganymede/data/table/fill.h"

#include <algorithm>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

// Where each line of a text begins; lines end as its first one does.
std::vector<size_t> line_starts(const std::string& text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  std::vector<size_t> starts = {text.starts_with(kMark) ? kMark.size() : 0};
  const size_t first = text.find_first_of("\r\n");
  if (first == std::string::npos) return starts;
  const bool cr = text[first] == '\r' && text.substr(first, 2) != "\r\n";
  for (size_t i = first; i < text.size(); ++i) {
    if (text[i] == (cr ? '\r' : '\n')) starts.push_back(i + 1);
  }
  return starts;
}

// One past the last byte of the field that begins at `begin`.
size_t field_end(const std::string& text, size_t begin, char delimiter) {
  size_t at = begin;
  if (at < text.size() && text[at] == '"') {
    for (++at; at < text.size(); ++at) {
      if (text[at] != '"') continue;
      if (at + 1 == text.size() || text[at + 1] != '"') return at + 1;
      ++at;
    }
  }
  while (at < text.size() && text[at] != delimiter && text[at] != '\n' && text[at] != '\r') ++at;
  return at;
}

// UTF-8 whose characters all are in Latin-1, in that encoding; others become '?'.
std::string to_latin1(std::string_view utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      out.push_back(utf8[i]);
    } else if ((byte & 0xC0U) != 0x80U) {  // the first byte of a character
      const bool fits = (byte & 0xFCU) == 0xC0U && i + 1 < utf8.size();
      const auto next = fits ? static_cast<unsigned char>(utf8[i + 1]) : 0U;
      out.push_back(fits ? static_cast<char>(((byte & 0x03U) << 6U) | (next & 0x3FU)) : '?');
    }
  }
  return out;
}

[[noreturn]] void refuse(const std::string& where, const std::string& found) {
  throw DataError({.where = where, .found = found, .allowed = "the file that the rows came from"});
}

class Filler {
 public:
  Filler(const std::string& text, std::string where, const Table& source, const Table& completed,
         const Encoder& encoder)
      : text_(text),
        where_(std::move(where)),
        source_(source),
        completed_(completed),
        encoder_(encoder),
        starts_(line_starts(text)) {}

  std::string fill() {
    const media::CsvDialect& dialect = source_.schema().dialect;
    media::CsvReader reader(text_, where_, dialect);
    std::vector<media::CsvField> fields;
    if (source_.schema().header) reader.next(fields);
    for (int64_t row = 0; row < source_.rows(); ++row) {
      if (!reader.next(fields)) refuse(where_, "fewer rows than were read");
      fill_row(row, fields, dialect);
    }
    out_.append(text_, copied_);
    return std::move(out_);
  }

 private:
  void fill_row(int64_t row, const std::vector<media::CsvField>& fields,
                const media::CsvDialect& dialect) {
    if (static_cast<int64_t>(fields.size()) != source_.columns())
      refuse(where_, "a row of another length");
    for (const ColumnCode& code : encoder_.codes()) {
      if (!source_.cells(code.column).is_missing(row)) continue;
      const media::CsvField& field = fields[static_cast<size_t>(code.column)];
      const size_t begin =
          starts_.at(static_cast<size_t>(field.line - 1)) + static_cast<size_t>(field.column - 1);
      out_.append(text_, copied_, begin - copied_);
      const std::string cell = completed_.text(row, code.column);
      media::append_csv_field(out_, dialect.latin1 ? to_latin1(cell) : cell, dialect.delimiter);
      copied_ = field_end(text_, begin, dialect.delimiter);
    }
  }

  const std::string& text_;
  std::string where_;
  const Table& source_;
  const Table& completed_;
  const Encoder& encoder_;
  std::vector<size_t> starts_;
  std::string out_;
  size_t copied_ = 0;  // bytes of the text that are done
};

}  // namespace

int64_t count_gaps(const Table& table, const Encoder& encoder) {
  int64_t gaps = 0;
  for (const ColumnCode& code : encoder.codes()) {
    const auto& missing = table.cells(code.column).missing;
    gaps += std::count(missing.begin(), missing.end(), 1);
  }
  return gaps;
}

std::string filled_text(const std::string& text, const std::string& where, const Table& source,
                        const Table& completed, const Encoder& encoder) {
  return Filler(text, where, source, completed, encoder).fill();
}

}  // namespace ganymede::data
