// errno as an error a person can act on.
#pragma once

#include <filesystem>
#include <string_view>

namespace ganymede {

// Throws FileError: "[path] cannot write: no space left on the device; try: ...".
[[noreturn]] void throw_system_error(const std::filesystem::path& path, std::string_view what,
                                     int error_number);

}  // namespace ganymede
