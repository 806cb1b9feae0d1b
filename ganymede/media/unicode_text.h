// Lines of any language in pictures, as far as a built-in font goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::media {

// As draw_text() of font.h, for all of Unicode: Latin letters with marks are drawn without them,
// typographic quotes and dashes as their plain forms, and any other character as a small box that
// holds its number in hexadecimal, so that different characters look different and can be looked
// up. `scale` 2 or more.
void draw_unicode(Image& image, int x, int y, std::string_view utf8, Color color, int scale = 2);

// Its width in pixels.
int unicode_width(std::string_view utf8, int scale = 2);

// `utf8` in lines of at most `width_px`, broken at blanks where there are any.
std::vector<std::string> wrap_unicode(std::string_view utf8, int width_px, int scale = 2);

}  // namespace ganymede::media
