#include "ganymede/media/text_file.h"

#include <fmt/format.h>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/media/utf8.h"

namespace ganymede::media {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr unsigned char kFirstPrintable = 0x20, kDelete = 0x7F;

std::string place(const std::string& where, size_t line, size_t byte) {
  return fmt::format("{}:{}:{}", where, line, byte + 1);
}

// What is wrong at `at`; empty where nothing is. `bytes` gets the length of the code point.
std::string problem_at(std::string_view line, size_t at, size_t& bytes) {
  const auto c = static_cast<unsigned char>(line[at]);
  bytes = 1;
  if (c == 0) return "a NUL byte";
  if (c == kDelete || (c < kFirstPrintable && c != '\t'))
    return fmt::format("the control character 0x{:02x}", c);
  if (c < kDelete) return {};
  bytes = first_code_point(line.substr(at)).bytes;
  return bytes == 0 ? fmt::format("the byte 0x{:02x}, which is not UTF-8", c) : std::string();
}

void check_line(std::string_view line, size_t number, const std::string& where,
                const TextLimits& limits) {
  if (line.size() > limits.line_bytes) {
    throw DataError(
        {.where = place(where, number, limits.line_bytes),
         .found = "a line of more than " + format_bytes(static_cast<int64_t>(limits.line_bytes)),
         .allowed = "one sample per line",
         .remedy = "break the text into lines"});
  }
  for (size_t at = 0, bytes = 0; at < line.size(); at += bytes) {
    const std::string found = problem_at(line, at, bytes);
    if (found.empty()) continue;
    throw DataError({.where = place(where, number, at),
                     .found = found,
                     .allowed = "UTF-8 text",
                     .remedy = bytes == 0 ? "iconv -f LATIN1 -t UTF-8" : ""});
  }
}

}  // namespace

std::vector<std::string_view> split_lines(std::string_view text, const std::string& where,
                                          const TextLimits& limits) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw DataError({.where = where,
                     .found = "UTF-16",
                     .allowed = "UTF-8 text",
                     .remedy = "iconv -f UTF-16 -t UTF-8"});
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (static_cast<int64_t>(lines.size()) == limits.lines) {
      throw DataError({.where = where,
                       .found = "more than " + format_count(limits.lines) + " lines",
                       .allowed = "fewer"});
    }
    check_line(line, lines.size() + 1, where, limits);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string read_text(const std::filesystem::path& path, const TextLimits& limits) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > limits.bytes) {
    throw DataError({.where = path.string(),
                     .found = format_bytes(static_cast<int64_t>(size)) + " of text",
                     .allowed = "up to " + format_bytes(static_cast<int64_t>(limits.bytes)),
                     .remedy = "use a part of it"});
  }
  return read_file(path, limits.bytes);
}

}  // namespace ganymede::media
