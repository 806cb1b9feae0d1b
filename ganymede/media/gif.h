// GIF through giflib: first frames and animations in, animations out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/codec.h"

namespace ganymede::media {

// Header only (channels: 3, since transparency is known per frame); throws DataError.
ImageInfo probe_gif(std::string_view bytes, const std::string& where, const DecodeOptions& options);

// The first frame on its canvas: RGB, or RGBA when it has transparent pixels or does not cover
// the canvas. The rest of the file is walked so that a truncated animation is found.
Image decode_gif(std::string_view bytes, const std::string& where, const DecodeOptions& options);

// Every frame as a viewer shows it, RGB on the canvas's size (white where nothing was drawn yet),
// at most `most` of them. Limits of the options count for all frames together. Throws DataError.
std::vector<Image> decode_gif_frames(std::string_view bytes, const std::string& where,
                                     const DecodeOptions& options, size_t most);

// Frames of one size, each shown `delay_ms` (0..655,350, rounded to 10 ms); `loop` is the number of
// repetitions, 0 for ever. Colours are exact when all frames together have at most 256; otherwise
// each frame gets a palette of its own: exact when it fits, else by median cut. Alpha is composited
// over white. Throws UsageError for no frames, unequal sizes, or a delay or side out of range.
std::string encode_gif(const std::vector<Image>& frames, int delay_ms = 100, int loop = 0);

}  // namespace ganymede::media
