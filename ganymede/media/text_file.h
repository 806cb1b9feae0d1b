// Plain text, strictly: UTF-8 lines ended by LF or CRLF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::media {

struct TextLimits {
  size_t bytes = size_t{1} << 30;       // of the whole text
  size_t line_bytes = size_t{1} << 16;  // of one line
  int64_t lines = 20'000'000;
};

// The lines of `text`, which outlives them, without their ends; a byte order mark in front is
// skipped, an end of line behind the last line begins none. `where` stands for the text in
// messages. Throws DataError as where:line:byte (both from 1) for bytes that are not UTF-8, for NUL
// and other control characters but the tab, and for more than `limits` allow; DataError for UTF-16.
std::vector<std::string_view> split_lines(std::string_view text, const std::string& where,
                                          const TextLimits& limits = {});

// The bytes of a file for split_lines(). Throws FileError when it cannot be read, DataError when it
// is larger than `limits` allow.
std::string read_text(const std::filesystem::path& path, const TextLimits& limits = {});

}  // namespace ganymede::media
