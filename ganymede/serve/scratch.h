// Bytes of a format whose writer only knows files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace ganymede::serve {

// Calls `write` with a path that ends in `name`, in a new folder that only this user may enter,
// and returns what the file then holds. Folder and file are removed. Throws FileError.
std::string file_bytes(const std::string& name,
                       const std::function<void(const std::filesystem::path&)>& write);

}  // namespace ganymede::serve
