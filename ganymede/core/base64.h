// Base64 (RFC 4648, section 4), for pictures inside of HTML.
#pragma once

#include <string>
#include <string_view>

namespace ganymede {

std::string base64(std::string_view bytes);

}  // namespace ganymede
