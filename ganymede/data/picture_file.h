// One picture file: what the media codecs read, and the binary PGM and PPM of older face sets.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ganymede/media/codec.h"

namespace ganymede::data {

// Kinds in words for messages: "PNG, JPEG, WebP, GIF, PGM, PPM".
inline constexpr const char* kPictureKinds = "PNG, JPEG, WebP, GIF, PGM or PPM";

// By extension, in any case.
bool is_picture_name(const std::filesystem::path& path);

// "PNG", ..., "PGM", "PPM" by content.
std::string picture_format(std::string_view bytes);

// The format is found by content. Throws DataError naming `where`.
media::ImageInfo probe_picture(std::string_view bytes, const std::string& where);
media::Image decode_picture(std::string_view bytes, const std::string& where,
                            media::Channels channels);

}  // namespace ganymede::data
