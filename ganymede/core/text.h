// Small text helpers shared by messages: nearest names, lists, human numbers, JSON strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede {

// Number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
// (optimal string alignment: no part is edited twice). Bytes, case-sensitive.
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate a person most likely meant by `name`, or nothing when none is near. Case, '-' and
// '_' do not count; a name without its section finds "section.name". The first of equals wins.
std::optional<std::string> did_you_mean(std::string_view name,
                                        const std::vector<std::string>& candidates);

std::string join(const std::vector<std::string>& parts, std::string_view separator = ", ");

// "512 B", "1.9 GiB", "23 GiB": binary units, one decimal below ten.
std::string format_bytes(int64_t bytes);

// "12,400": thousands separated by commas.
std::string format_count(int64_t count);

// Three significant digits without an exponent where that reads well: "0.185", "12.4", "1,850".
std::string format_number(double value);

// `text` as a quoted JSON string; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

// Whether `text` is a number by the JSON grammar (no "nan", no leading zeros or plus).
bool is_json_number(std::string_view text);

// Columns that `utf8` takes on a terminal, one per code point.
size_t display_width(std::string_view utf8);

}  // namespace ganymede
