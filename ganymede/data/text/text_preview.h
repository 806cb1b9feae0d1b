// Text as a picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::data {

// Each of `lines` under the other, wrapped to `rows` rows at most; `reals`, where there are any,
// below them in grey under a heading of their own. Its size depends on nothing but the numbers of
// both and `rows`, so that pictures of a training make a film.
media::Image text_preview(const std::vector<std::string>& lines,
                          const std::vector<std::string>& reals, const std::string& title,
                          int rows);

// Rows that samples of `length` tokens need as a rule.
int text_rows(int64_t length, bool characters);

}  // namespace ganymede::data
