// The JSON header of safetensors files: strict parsing and writing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/safetensors.h"

namespace ganymede::media {

// Entries with offsets as written (from the start of the data) in the header's own order; checks
// everything except that they follow one another. Throws ModelError naming `where`.
SafetensorsHeader parse_safetensors_json(std::string_view text, const SafetensorsLimits& limits,
                                         const std::string& where);

// The header text, padded with spaces to a multiple of 8. Throws ModelError for what the parser
// would refuse.
std::string write_safetensors_json(const std::vector<SafetensorsEntry>& entries,
                                   const std::map<std::string, std::string>& metadata);

}  // namespace ganymede::media
