// Any pictures as one archive that is quick to read: the layout of StyleGAN's data sets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"

namespace ganymede::data {

struct ConvertResult {
  int64_t samples = 0;
  int64_t bytes = 0;  // of the archive
  std::vector<BrokenFile> broken;
};

// Writes the pictures of `config` (split, size, crop, channels, limit as given there) to `target`:
// uncompressed zip, 00000/img00000000.png and so on (a thousand in a folder), and dataset.json with
// labels. Reading it back gives the same samples and labels. The archive appears whole or not at
// all. Throws UsageError when `target` exists and `force` is not set, when it is no .zip, or for
// points; DataError, FileError.
ConvertResult convert_to_zip(const DataConfig& config, const std::filesystem::path& target,
                             bool force = false, Progress* progress = nullptr);

}  // namespace ganymede::data
