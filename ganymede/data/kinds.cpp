#include "ganymede/data/kinds.h"

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/data/captions/captioned_pictures.h"
#include "ganymede/data/degraded.h"
#include "ganymede/data/detector/detector_data.h"
#include "ganymede/data/music/music_data.h"
#include "ganymede/data/pairs/open_pairs.h"
#include "ganymede/data/text/text_data.h"
#include "ganymede/data/video/video_data.h"
#include "ganymede/data/voxels/voxel_data.h"

namespace ganymede::data {

const std::vector<DataKind>& data_kinds() {
  static const std::vector<DataKind> kinds = {
      {"detector", resembles_detector, open_detector},
      {"captions", holds_captions, open_captions},
      {"degraded", is_degraded, open_degraded},
      {"pairs", fits_pairs, open_pairs},
      {"music", is_music, open_music},
      {"voxels", voxels_fit, open_voxels},
      {"text", resembles_text, open_text},
      {"video", video_fits, open_video},
  };
  return kinds;
}

// Whoever reads a damaged file says so; here it is only not of this kind.
static bool fits(const DataKind& kind, const std::filesystem::path& path,
                 const DataConfig& config) {
  try {
    return kind.fits(path, config);
  } catch (const DataError&) {
    return false;
  }
}

const DataKind* kind_of(const std::filesystem::path& path, const DataConfig& config) {
  const auto& kinds = data_kinds();
  const auto found = std::ranges::find_if(kinds, [&](const DataKind& kind) {
    return config.domain == "auto" ? fits(kind, path, config) : config.domain == kind.domain;
  });
  return found == kinds.end() ? nullptr : &*found;
}

std::vector<std::string> domain_names() {
  std::vector<std::string> names = {"auto", "image", "points", "table"};
  for (const DataKind& kind : data_kinds()) {
    if (std::ranges::find(names, kind.domain) == names.end()) names.emplace_back(kind.domain);
  }
  return names;
}

}  // namespace ganymede::data
