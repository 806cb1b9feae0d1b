// The Python dict literal in the header of NPY files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/array.h"

namespace ganymede::media {

struct NpyHeader {
  DType dtype = DType::kU8;
  bool big_endian = false;
  bool fortran = false;
  std::vector<int64_t> shape;
};

// Exactly the keys 'descr' (a string), 'fortran_order' and 'shape', each once. Throws DataError
// naming `where`.
NpyHeader parse_npy_header(std::string_view text, const std::string& where);

// "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" as NumPy writes it. Throws
// UsageError for bfloat16.
std::string npy_dict(DType dtype, std::span<const int64_t> shape);

}  // namespace ganymede::media
