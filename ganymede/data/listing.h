// The files of a folder or an archive by name, before pictures are chosen among them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

struct Listing {
  std::string kind;  // "image folder", "zip of images", "tar of images"
  std::string path;
  std::string prefix;              // of names in messages
  std::vector<std::string> names;  // relative, with '/'
  // The whole file of that name; thread-safe. Throws FileError or DataError naming it.
  std::function<std::string(const std::string& name)> read;
};

// Files below the folder. Hidden files are passed over; links to folders are followed once.
Listing list_folder(const std::filesystem::path& path);
// Members of an archive. Throws DataError for damaged ones.
Listing list_zip(const std::filesystem::path& path);
Listing list_tar(const std::filesystem::path& path);

// A folder, or an archive by its content; of a folder that holds no picture but one archive, that
// archive. Nothing for other files.
std::optional<Listing> list_any(const std::filesystem::path& path);

// Whether some part of the path is a hidden name.
bool lies_hidden(const std::string& path);

// The files `names` of a listing as pictures.
std::shared_ptr<const PictureReader> file_reader(const Listing& listing,
                                                 std::vector<std::string> names);

}  // namespace ganymede::data
