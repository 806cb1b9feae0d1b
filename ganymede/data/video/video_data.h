// Clips as data.
#pragma once

#include <filesystem>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

// Whether `path` holds strips: a folder or .tar whose first picture is a whole number of squares, 8
// or more and enough for a clip; or a .npy or .npz with uint8 [N, T, H, W, 3]. Folders of frames
// and of animations look like pictures: data.domain=video says that they are clips.
bool video_fits(const std::filesystem::path& path, const DataConfig& config);

// Samples float32 [C, config.frames, S, S] in [-1, 1]: frames f, f + stride, ... of a clip, where
// training draws f anew each time (read_pair) and read() always takes the same. S is config.size_px
// or the frames' own side; C is 3, or 1 with channels = grey. Clips that are too short or broken
// are skipped and listed unless config.strict. Throws DataError, FileError.
std::shared_ptr<Dataset> open_video(const std::filesystem::path& path, const DataConfig& config,
                                    Progress* progress);

}  // namespace ganymede::data
