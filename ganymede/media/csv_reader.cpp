#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <fstream>
#include <system_error>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/media/csv.h"

namespace ganymede::media {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr int kSniffedLines = 50;

bool is_utf16(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
}

void append_utf8(std::string& out, unsigned char latin1) {
  if (latin1 < 0x80) return out.push_back(static_cast<char>(latin1));
  out.push_back(static_cast<char>(0xC0 | (latin1 >> 6)));
  out.push_back(static_cast<char>(0x80 | (latin1 & 0x3F)));
}

bool has_high_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

// The window is the whole text, or the part of a file that holds the current row.
struct CsvReader::State {
  CsvReader* reader;
  CsvDialect dialect;
  CsvLimits limits;
  std::ifstream file;
  std::string buffer;       // of a file
  std::string_view window;  // what is in memory
  bool whole = true;        // nothing follows the window
  size_t at = 0;            // within the window
  int64_t dropped = 0;      // bytes before the window
  int64_t line = 1;
  int64_t line_start = 0;  // from the beginning of the text
  enum class LineEnd { kUnknown, kLf, kCr } line_end = LineEnd::kUnknown;
  std::array<bool, 256> special{};
  std::deque<std::string> scratch;  // fields that are not part of the window as they are
  size_t scratch_used = 0;

  // Thrown past half a row when the window ends within it.
  struct NeedMore {};

  State(CsvReader* owner, const CsvDialect& form, const CsvLimits& most)
      : reader(owner), dialect(form), limits(most) {
    for (const char c : {dialect.delimiter, '\r', '\n', '"', '\0'}) {
      special[static_cast<unsigned char>(c)] = true;
    }
  }

  void begin() {
    if (is_utf16(window)) {
      reader->fail({.text = {}, .line = 1, .column = 1}, "UTF-16", "UTF-8 or Latin-1",
                   "iconv -f UTF-16 -t UTF-8");
    }
    if (window.starts_with(kByteOrderMark)) {
      at = kByteOrderMark.size();
      line_start = static_cast<int64_t>(at);
    }
  }

  // More of the file behind what the current row has so far, which moves to the front.
  void fill(size_t row_start) {
    buffer.erase(0, row_start);
    dropped += static_cast<int64_t>(row_start);
    const size_t kept = buffer.size();
    buffer.resize(kept + std::max(kBlockBytes, kept));
    file.read(buffer.data() + kept, static_cast<std::streamsize>(buffer.size() - kept));
    const auto count = static_cast<size_t>(file.gcount());
    if (file.bad()) {
      throw FileError({.where = reader->where_, .found = "cannot be read"});
    }
    buffer.resize(kept + count);
    whole = count == 0 || file.eof();
    window = buffer;
  }

  bool ended() const {
    if (at < window.size()) return false;
    if (!whole) throw NeedMore{};
    return true;
  }

  bool take(char c) {
    if (ended() || window[at] != c) return false;
    ++at;
    return true;
  }

  CsvField begin_field() const {
    return {
        .text = {}, .line = line, .column = dropped + static_cast<int64_t>(at) - line_start + 1};
  }

  void new_line() {
    ++line;
    line_start = dropped + static_cast<int64_t>(at);
  }

  void check_size(const CsvField& field, size_t bytes) const {
    if (bytes <= limits.field_bytes) return;
    reader->fail(field,
                 (field.quoted ? "a quoted field of more than " : "a field of more than ") +
                     format_bytes(static_cast<int64_t>(limits.field_bytes)),
                 "shorter fields", field.quoted ? "close the quote that begins here" : "");
  }

  std::string& fresh_scratch() {
    if (scratch_used == scratch.size()) scratch.emplace_back();
    std::string& text = scratch[scratch_used++];
    text.clear();
    return text;
  }

  std::string_view decoded(std::string_view bytes) {
    if (!dialect.latin1 || !has_high_byte(bytes)) return bytes;
    std::string& text = fresh_scratch();
    for (const char c : bytes) append_utf8(text, static_cast<unsigned char>(c));
    return text;
  }

  CsvField plain() {
    CsvField field = begin_field();
    const size_t start = at;
    while (at < window.size() && !special[static_cast<unsigned char>(window[at])]) ++at;
    check_size(field, at - start);
    if (ended()) {
      field.text = decoded(window.substr(start, at - start));
      return field;
    }
    if (window[at] == '"') {
      reader->fail(field, "a quote inside a field",
                   "quotes around a whole field, \"\" for one inside");
    }
    if (window[at] == '\0') reader->fail(field, "a NUL byte", "text");
    field.text = decoded(window.substr(start, at - start));
    return field;
  }

  CsvField quoted() {
    CsvField field = begin_field();
    field.quoted = true;
    const size_t start = ++at;
    std::string* text = nullptr;  // only where a quote is inside
    size_t copied = start;
    for (;;) {
      if (at >= window.size()) {
        check_size(field, at - start);
        if (!whole) throw NeedMore{};
        reader->fail(field, "a quote that does not close");
      }
      const char c = window[at++];
      if (c == '\0') reader->fail(field, "a NUL byte", "text");
      if (c == (line_end == LineEnd::kCr ? '\r' : '\n')) new_line();
      if (c != '"') continue;
      if (!take('"')) break;
      if (text == nullptr) text = &fresh_scratch();
      text->append(window.substr(copied, at - 1 - copied));
      copied = at;
    }
    check_size(field, at - start);
    if (text == nullptr) {
      field.text = decoded(window.substr(start, at - 1 - start));
    } else {
      text->append(window.substr(copied, at - 1 - copied));
      field.text = decoded(*text);
    }
    return field;
  }

  void end_row(const CsvField& last) {
    if (ended()) return;
    const bool cr = take('\r');
    const bool lf = take('\n');
    if (line_end == LineEnd::kUnknown && (cr || lf)) {
      line_end = lf ? LineEnd::kLf : LineEnd::kCr;
    }
    if (line_end == LineEnd::kCr ? !(cr && !lf) : !lf) {
      reader->fail(last,
                   cr || lf ? "a line that ends in another way than the first"
                            : "text after the end of a field",
                   "the delimiter or the end of the line");
    }
    new_line();
  }

  bool read_row(std::vector<CsvField>& row) {
    row.clear();
    scratch_used = 0;
    if (ended()) return false;
    do {
      row.push_back(!ended() && window[at] == '"' ? quoted() : plain());
      if (static_cast<int64_t>(row.size()) > limits.columns) {
        reader->fail(row.back(), "more than " + std::to_string(limits.columns) + " columns");
      }
    } while (take(dialect.delimiter));
    end_row(row.back());
    return true;
  }
};

CsvReader::CsvReader(std::string_view text, std::string where, const CsvDialect& dialect,
                     const CsvLimits& limits)
    : where_(std::move(where)), state_(std::make_unique<State>(this, dialect, limits)) {
  state_->window = text;
  state_->begin();
}

CsvReader::CsvReader(const std::filesystem::path& path, const CsvDialect& dialect,
                     const CsvLimits& limits)
    : where_(path.string()), state_(std::make_unique<State>(this, dialect, limits)) {
  state_->file.open(path, std::ios::binary);
  if (!state_->file) {
    throw FileError({.where = where_,
                     .found = std::generic_category().message(errno),
                     .allowed = "a readable file"});
  }
  state_->fill(0);
  state_->begin();
}

CsvReader::~CsvReader() = default;

int64_t CsvReader::bytes() const { return state_->dropped + static_cast<int64_t>(state_->at); }

bool CsvReader::next(std::vector<CsvField>& row) {
  State& s = *state_;
  for (;;) {
    const size_t start = s.at;
    const int64_t line = s.line, line_start = s.line_start;
    const State::LineEnd line_end = s.line_end;
    try {
      return s.read_row(row);
    } catch (const State::NeedMore&) {
      s.fill(start);
      s.at = 0;
      s.line = line;
      s.line_start = line_start;
      s.line_end = line_end;
    }
  }
}

void CsvReader::fail(const CsvField& field, const std::string& found, const std::string& allowed,
                     const std::string& remedy) const {
  throw DataError({.where = fmt::format("{}:{}:{}", where_, field.line, field.column),
                   .found = found,
                   .allowed = allowed,
                   .remedy = remedy});
}

char sniff_delimiter(std::string_view beginning) {
  char best = ',';
  size_t most = 1;
  for (const char delimiter : {',', ';', '\t', '|'}) {
    try {
      CsvReader reader(beginning, "", {.delimiter = delimiter});
      std::vector<CsvField> row;
      if (!reader.next(row)) continue;
      const size_t fields = row.size();
      bool even = fields > most;
      // The last line may be cut off.
      for (int i = 0; even && i < kSniffedLines && reader.next(row); ++i) {
        const bool last =
            !beginning.ends_with('\n') && reader.bytes() >= static_cast<int64_t>(beginning.size());
        const bool empty = row.size() == 1 && row.front().text.empty();
        even = row.size() == fields || last || empty;
      }
      if (!even) continue;
      best = delimiter;
      most = fields;
    } catch (const DataError&) {
      continue;  // not text of this form
    }
  }
  return best;
}

void append_csv_field(std::string& line, std::string_view text, char delimiter) {
  const std::string_view risky = "\"\r\n";
  if (text.find(delimiter) == std::string_view::npos &&
      text.find_first_of(risky) == std::string_view::npos) {
    line.append(text);
    return;
  }
  line.push_back('"');
  for (const char c : text) {
    if (c == '"') line.push_back('"');
    line.push_back(c);
  }
  line.push_back('"');
}

}  // namespace ganymede::media
