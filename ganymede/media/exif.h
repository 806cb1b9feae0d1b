// The one EXIF field that changes what a picture shows.
#pragma once

#include <string_view>

namespace ganymede::media {

// Orientation 1..8 from a TIFF block (what follows "Exif\0\0" in JPEG; with or without that
// prefix). 1 when the block is absent, damaged or holds no valid orientation: a broken tag is no
// reason to lose a picture.
int exif_orientation(std::string_view block);

}  // namespace ganymede::media
