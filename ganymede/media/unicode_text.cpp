#include "ganymede/media/unicode_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "ganymede/media/font.h"
#include "ganymede/media/utf8.h"

namespace ganymede::media {
namespace {

// Base letters of U+00C0 to U+017F.
constexpr char32_t kFirstFolded = 0xC0;
constexpr std::string_view kFolded =
    "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLl"
    "NnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
static_assert(kFolded.size() == 0x180 - kFirstFolded);

// Digits of boxes: 3 columns, 5 rows from the top; bit 2 is the left pixel.
constexpr int kDigitWidth = 3, kDigitHeight = 5;
constexpr std::array<std::array<uint8_t, kDigitHeight>, 16> kDigits = {{{7, 5, 5, 5, 7},
                                                                        {2, 6, 2, 2, 7},
                                                                        {7, 1, 7, 4, 7},
                                                                        {7, 1, 7, 1, 7},
                                                                        {5, 5, 7, 1, 1},
                                                                        {7, 4, 7, 1, 7},
                                                                        {7, 4, 7, 5, 7},
                                                                        {7, 1, 1, 1, 1},
                                                                        {7, 5, 7, 5, 7},
                                                                        {7, 5, 7, 1, 7},
                                                                        {2, 5, 7, 5, 5},
                                                                        {6, 5, 6, 5, 6},
                                                                        {7, 4, 4, 4, 7},
                                                                        {6, 5, 5, 5, 6},
                                                                        {7, 4, 6, 4, 7},
                                                                        {7, 4, 6, 4, 4}}};

// What the font draws for `point`; 0 where a box is needed.
char plain_form(char32_t point) {
  if (point >= 0x20 && point < 0x7F) return static_cast<char>(point);
  if (is_blank(point)) return ' ';
  if (point >= kFirstFolded && point < kFirstFolded + kFolded.size())
    return kFolded[point - kFirstFolded];
  if (point == 0x2018 || point == 0x2019 || point == 0xB4) return '\'';
  if (point >= 0x201C && point <= 0x201F) return '"';
  if (point >= 0x2010 && point <= 0x2015) return '-';
  if (point == 0x2022 || point == 0xB7) return '*';
  if (point == 0x3001) return ',';  // ideographic comma and full stop
  if (point == 0x3002) return '.';
  if (point > 0xFF00 && point < 0xFF5F)  // full width
    return static_cast<char>(point - 0xFF00 + 0x20);
  return 0;
}

struct HexBox {
  std::string top, bottom;  // digits
  explicit HexBox(char32_t point) {
    const std::string all = fmt::format(fmt::runtime(point > 0xFFFF ? "{:06X}" : "{:04X}"),
                                        static_cast<uint32_t>(point));
    top = all.substr(0, all.size() / 2);
    bottom = all.substr(all.size() / 2);
  }
  int columns() const { return static_cast<int>(top.size()) * (kDigitWidth + 1) + 3; }
  static constexpr int kRows = 2 * (kDigitHeight + 1) + 3;
};

int advance_of(char32_t point, int scale) {
  if (plain_form(point) != 0) return kFontAdvancePx * scale;
  return (HexBox(point).columns() + 2) * std::max(1, scale / 2);
}

void fill_pixel(Image& image, int x, int y, int side, Color color) {
  for (int row = std::max(y, 0); row < std::min(y + side, image.height); ++row) {
    for (int column = std::max(x, 0); column < std::min(x + side, image.width); ++column) {
      uint8_t* pixel = image.at(column, row);
      for (int c = 0; c < std::min(image.channels, 3); ++c) pixel[c] = color[c];
    }
  }
}

void draw_digit(Image& image, int x, int y, char hex, int side, Color color) {
  const int value = hex <= '9' ? hex - '0' : hex - 'A' + 10;
  for (int row = 0; row < kDigitHeight; ++row) {
    for (int column = 0; column < kDigitWidth; ++column) {
      if ((kDigits[static_cast<size_t>(value)][static_cast<size_t>(row)] >>
               (kDigitWidth - 1 - column) &
           1) != 0)
        fill_pixel(image, x + column * side, y + row * side, side, color);
    }
  }
}

void draw_box(Image& image, int x, int y, char32_t point, Color color, int side) {
  const HexBox box(point);
  const int columns = box.columns();
  for (int column = 0; column < columns; ++column) {
    fill_pixel(image, x + column * side, y, side, color);
    fill_pixel(image, x + column * side, y + (HexBox::kRows - 1) * side, side, color);
  }
  for (int row = 0; row < HexBox::kRows; ++row) {
    fill_pixel(image, x, y + row * side, side, color);
    fill_pixel(image, x + (columns - 1) * side, y + row * side, side, color);
  }
  for (size_t i = 0; i < box.top.size(); ++i) {
    const int left = x + (2 + static_cast<int>(i) * (kDigitWidth + 1)) * side;
    draw_digit(image, left, y + 2 * side, box.top[i], side, color);
    draw_digit(image, left, y + (3 + kDigitHeight) * side, box.bottom[i], side, color);
  }
}

}  // namespace

void draw_unicode(Image& image, int x, int y, std::string_view utf8, Color color, int scale) {
  each_code_point(utf8, [&](char32_t point, std::string_view) {
    if (const char plain = plain_form(point); plain != 0) {
      draw_text(image, x, y, {&plain, 1}, color, scale);
    } else {
      draw_box(image, x, y, point, color, std::max(1, scale / 2));
    }
    x += advance_of(point, scale);
  });
}

int unicode_width(std::string_view utf8, int scale) {
  int width = 0;
  each_code_point(utf8,
                  [&](char32_t point, std::string_view) { width += advance_of(point, scale); });
  return width;
}

std::vector<std::string> wrap_unicode(std::string_view utf8, int width_px, int scale) {
  std::vector<std::string> lines(1);
  int width = 0;
  size_t last_blank = std::string::npos;  // of the last line
  each_code_point(utf8, [&](char32_t point, std::string_view bytes) {
    width += advance_of(point, scale);
    if (width > width_px && !lines.back().empty()) {
      std::string rest;
      if (point != ' ' && last_blank != std::string::npos) {
        rest = lines.back().substr(last_blank + 1);
        lines.back().resize(last_blank);
      }
      lines.push_back(std::move(rest));
      last_blank = std::string::npos;
      width = unicode_width(lines.back(), scale) + advance_of(point, scale);
      if (point == ' ') {
        width = 0;
        return;
      }
    }
    if (point == ' ') last_blank = lines.back().size();
    lines.back() += bytes;
  });
  return lines;
}

}  // namespace ganymede::media
