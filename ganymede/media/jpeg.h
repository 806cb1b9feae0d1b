// JPEG through libjpeg(-turbo): baseline, progressive, arithmetic where the library has it.
#pragma once

#include <string>
#include <string_view>

#include "ganymede/media/codec.h"

namespace ganymede::media {

// Header and EXIF orientation; throws DataError.
ImageInfo probe_jpeg(std::string_view bytes, const std::string& where,
                     const DecodeOptions& options);

// Grey gives 1 channel, everything else RGB; CMYK and YCCK are taken as Adobe writes them
// (inverted) and multiplied out. More than 100 scans, missing data and corrupt codes are
// DataErrors. Channels and orientation of the options are not applied here.
Image decode_jpeg(std::string_view bytes, const std::string& where, const DecodeOptions& options);

// `quality` 1..100; chroma is halved below 95 and kept whole from there on. Alpha is composited
// over white. Throws UsageError for a bad picture or quality, or a side beyond 65,500.
std::string encode_jpeg(const Image& image, int quality = 95);

}  // namespace ganymede::media
