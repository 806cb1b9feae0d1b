// Text as a picture.
#pragma once

#include <string>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::data {

// Each of `lines` under the other, long ones wrapped; `reals`, where there are any, below them in
// grey under a heading of their own.
media::Image text_preview(const std::vector<std::string>& lines,
                          const std::vector<std::string>& reals, const std::string& title);

}  // namespace ganymede::data
