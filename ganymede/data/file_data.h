// Pictures that are files of their own: in folders, in zip archives and in tar archives.
#pragma once

#include <filesystem>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// Every picture below the folder, sorted by path; hidden files and __MACOSX are passed over. Throws
// DataError saying what was looked for and what is there when no picture is found.
PictureSet open_folder(const std::filesystem::path& path, const DataConfig& config);

// Pictures in a zip (as StyleGAN writes them, or any other) or a tar, sorted by name.
PictureSet open_zip(const std::filesystem::path& path, const DataConfig& config);
PictureSet open_tar(const std::filesystem::path& path, const DataConfig& config);

// Labels: from dataset.json at the top, as StyleGAN keeps them; else, in folders and tars, from
// class folders. A zip without dataset.json is unlabelled, since its folders are only portions.
inline constexpr const char* kLabelFile = "dataset.json";

}  // namespace ganymede::data
