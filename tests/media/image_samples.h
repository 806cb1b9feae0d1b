// Pictures and byte edits shared by the image tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::media::samples {

// The rough pattern of tests/golden/make_image_goldens.py.
Image pattern(int width, int height, int channels);

// Smooth colours, for lossy codecs.
Image gradient(int width, int height, int channels);

// Largest difference of two samples; 256 when the shapes differ.
int largest_difference(const Image& a, const Image& b);

// A PNG from raw parts: `rows` are filtered scan lines, compressed here.
std::string png_of(uint32_t width, uint32_t height, int bit_depth, int color_type,
                   const std::string& rows, const std::string& chunks_before = "",
                   bool interlaced = false);

// One PNG chunk with its length and CRC.
std::string png_chunk(std::string_view type, std::string_view data);

std::string zlib_packed(std::string_view data);

// Bytes written as numbers.
std::string bytes(const std::vector<int>& values);

// Decodes every prefix that ends at a sixteenth of `encoded` and expects DataError from each.
void expect_truncations_refused(const std::string& encoded);

// Decodes `encoded` with single bytes changed; any result is fine but a crash or another error
// type.
void expect_flips_survived(std::string encoded, int flips);

// True when decode_image throws DataError naming `where` within a second.
bool refused(std::string_view encoded);

}  // namespace ganymede::media::samples
