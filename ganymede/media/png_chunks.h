// The chunk structure of a PNG, read without libpng: what lies in front of the pixels, and bombs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ganymede/media/codec.h"

namespace ganymede::media {

struct PngHeader {
  uint32_t width = 0;
  uint32_t height = 0;
  int bit_depth = 0;
  int color_type = 0;
};

struct PngChunk {
  std::string_view type;
  std::string_view data;
};

// Steps over the chunks after the signature. Throws DataError at a chunk that is cut off.
class PngChunkReader {
 public:
  PngChunkReader(std::string_view bytes, const std::string& where);
  // False at the end of the bytes.
  bool next(PngChunk& chunk);
  // True when the last chunk read was IEND.
  bool ended() const { return ended_; }

 private:
  std::string_view bytes_;
  const std::string& where_;
  size_t offset_ = 8;
  bool ended_ = false;
};

// IHDR; throws DataError for a wrong signature, a damaged IHDR or an unknown type or depth.
PngHeader read_png_header(std::string_view bytes, const std::string& where);

// What the chunks in front of the pixels say, with sizes within the options' limits.
ImageInfo summarize_png(std::string_view bytes, const std::string& where,
                        const DecodeOptions& options);

// Walks the whole file. Throws DataError when it does not end with IEND, its pixel data is too
// short for any picture of `info`'s size (so that a tiny file cannot ask for much memory), an
// ancillary chunk is larger than 4 MiB, or the compressed texts and profiles together grow beyond 4
// MiB.
void check_png_chunks(std::string_view bytes, const std::string& where, const ImageInfo& info);

}  // namespace ganymede::media
