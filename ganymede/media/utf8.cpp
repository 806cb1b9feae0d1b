#include "ganymede/media/utf8.h"

#include <array>

namespace ganymede::media {
namespace {

struct Form {
  unsigned char mask, lead;  // of the first byte
  char32_t least;            // smaller values have a shorter form
};

constexpr std::array<Form, 4> kForms = {
    {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}}};
constexpr char32_t kLast = 0x10FFFF;

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  for (size_t extra = 0; extra < kForms.size(); ++extra) {
    const Form& form = kForms[extra];
    if ((first & form.mask) != form.lead) continue;
    if (text.size() <= extra) return {};
    auto value = static_cast<char32_t>(first & ~form.mask & 0xFF);
    if (extra == 0) value = first;
    for (size_t i = 1; i <= extra; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xC0) != 0x80) return {};
      value = (value << 6) | (next & 0x3F);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < form.least || value > kLast || surrogate) return {};
    return {.value = value, .bytes = extra + 1};
  }
  return {};
}

bool is_blank(char32_t point) {
  return point == ' ' || point == '\t' || point == 0xA0 || point == 0x3000;
}

}  // namespace ganymede::media
