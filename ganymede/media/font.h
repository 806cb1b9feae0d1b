// A small built-in bitmap font, so that charts and sheets need no font files.
#pragma once

#include <string_view>

#include "ganymede/media/image.h"

namespace ganymede::media {

// Cell of one character at scale 1: glyphs are 5 wide, capitals 7 high, descenders 2 below.
inline constexpr int kFontAdvancePx = 6;
inline constexpr int kFontCapHeightPx = 7;
inline constexpr int kFontLineHeightPx = 10;

// Width in pixels of one line of text at `scale`, without the gap after the last character.
int text_width(std::string_view text, int scale = 1);

// Draws one line with its top left corner at (x, y), clipped to the picture; characters outside
// printable ASCII are drawn as an empty box (one for each UTF-8 sequence).
void draw_text(Image& image, int x, int y, std::string_view text, Color color, int scale = 1);

// As draw_text, turned a quarter to the left: the text runs upwards from (x, y), its bottom left.
void draw_text_upwards(Image& image, int x, int y, std::string_view text, Color color,
                       int scale = 1);

}  // namespace ganymede::media
