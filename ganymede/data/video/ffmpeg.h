// Film files through the program ffmpeg, where it is installed.
#pragma once

#include <filesystem>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::data {

// Writes frames of one size as a film of `per_second` frames a second; the container is chosen by
// the extension (.mp4, .webm, .mkv, ...). Sides become even by a line of black. The file appears at
// `path` when it is whole. Throws UsageError naming ffmpeg when there is no such program, FileError
// with its own words when it fails.
void write_film(const std::filesystem::path& path, const std::vector<media::Image>& frames,
                int per_second);

}  // namespace ganymede::data
