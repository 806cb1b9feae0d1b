// Code points of UTF-8 text (RFC 3629: no overlong forms, no surrogates).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ganymede::media {

struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;  // 0: no UTF-8 sequence begins here
};

// The first code point of `text`, which is not empty.
CodePoint first_code_point(std::string_view text);

// Splits valid UTF-8 into the bytes of its code points; bytes that are none stand alone.
template <typename Visit>
void each_code_point(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    CodePoint point = first_code_point(text);
    if (point.bytes == 0) point = {.value = 0xFFFD, .bytes = 1};
    visit(point.value, text.substr(0, point.bytes));
    text.remove_prefix(point.bytes);
  }
}

// Space, tab, no-break and ideographic space.
bool is_blank(char32_t point);

}  // namespace ganymede::media
