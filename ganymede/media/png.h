// PNG through libpng, with bounds on everything a hostile file could make grow.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ganymede/media/codec.h"

namespace ganymede::media {

using TextChunks = std::vector<std::pair<std::string, std::string>>;

// Header and orientation (eXIf); throws DataError.
ImageInfo probe_png(std::string_view bytes, const std::string& where, const DecodeOptions& options);

// Every colour type, bit depth and interlacing; palette -> RGB, tRNS -> alpha, 16 bit -> 8 bit by
// round(v/257). Channels, backdrop and orientation of the options are not applied here.
Image decode_png(std::string_view bytes, const std::string& where, const DecodeOptions& options);

// `level` 0 (stored) .. 9 (smallest). Keys are 1..79 Latin characters; values are UTF-8 (written as
// tEXt when ASCII, else iTXt). Throws UsageError for a bad picture, level or key.
std::string encode_png(const Image& image, int level = 6, const TextChunks& text = {});

// The uncompressed text chunks (tEXt, iTXt) of a PNG in file order; throws DataError.
TextChunks read_png_text(std::string_view bytes, const std::string& where);

}  // namespace ganymede::media
