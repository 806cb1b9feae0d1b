// The page that shows what is served.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ganymede/serve/shelf.h"

namespace ganymede::serve {

// Text for HTML: & < > " ' replaced.
std::string escape_html(std::string_view text);

// One card per model with a grid of its first samples. No scripts; styles come from /style.css.
std::string index_page(const std::vector<ServedModel>& models);
std::string_view style_sheet();

}  // namespace ganymede::serve
