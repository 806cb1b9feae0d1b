// Class labels that are stored as arrays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/media/npy.h"

namespace ganymede::data {

// "int32 [3, 2]": for people.
std::string describe(const media::NpyArray& array);

// Integers of any width, [N] or [N, 1] as Keras keeps them. Throws DataError naming `where`.
std::vector<int64_t> array_labels(const media::NpyArray& array, const std::string& where);

}  // namespace ganymede::data
