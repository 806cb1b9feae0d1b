// Names of archive members: what is refused and how they are shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ganymede::media {

// What is wrong with the name ("is an absolute path", ...), or nothing. Members are never
// extracted, but names end up in labels, messages and converted archives.
std::optional<std::string> member_name_problem(std::string_view name);

// `archive: member "name"` for errors, without control characters and cut where absurdly long.
std::string member_place(std::string_view archive, std::string_view name);

}  // namespace ganymede::media
