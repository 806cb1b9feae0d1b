#include "image_samples.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "ganymede/core/error.h"
#include "ganymede/media/codec.h"

namespace ganymede::media::samples {
namespace {

std::string big_endian(uint32_t value) {
  return bytes({static_cast<int>(value >> 24U), static_cast<int>(value >> 16U & 255U),
                static_cast<int>(value >> 8U & 255U), static_cast<int>(value & 255U)});
}

}  // namespace

Image pattern(int width, int height, int channels) {
  Image image = make_image(width, height, channels);
  uint64_t state = 12345;
  for (uint8_t& sample : image.pixels) {
    state = (1103515245U * state + 12345U) % (uint64_t{1} << 31U);
    const int value = static_cast<int>(state >> 16U & 255U);
    sample = static_cast<uint8_t>(value > 200 ? 255 : value < 60 ? 0 : value);
  }
  return image;
}

Image gradient(int width, int height, int channels) {
  Image image = make_image(width, height, channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        image.at(x, y)[c] = static_cast<uint8_t>(40 + 170 *
                                                          (c == 1   ? height - 1 - y
                                                           : c == 2 ? x + y
                                                                    : x) /
                                                          (width + height));
  return image;
}

int largest_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels) return 256;
  int largest = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i)
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

std::string png_chunk(std::string_view type, std::string_view data) {
  std::string body(type);
  body += data;
  const auto crc = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  return big_endian(static_cast<uint32_t>(data.size())) + body + big_endian(crc);
}

std::string zlib_packed(std::string_view data) {
  uLongf size = compressBound(data.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(data.data()), data.size());
  packed.resize(size);
  return packed;
}

std::string png_of(uint32_t width, uint32_t height, int bit_depth, int color_type,
                   const std::string& rows, const std::string& chunks_before, bool interlaced) {
  const std::string header = big_endian(width) + big_endian(height) +
                             bytes({bit_depth, color_type, 0, 0, interlaced ? 1 : 0});
  return bytes({0x89, 'P', 'N', 'G', 13, 10, 26, 10}) + png_chunk("IHDR", header) + chunks_before +
         png_chunk("IDAT", zlib_packed(rows)) + png_chunk("IEND", "");
}

std::string bytes(const std::vector<int>& values) {
  std::string result;
  for (const int value : values) result += static_cast<char>(value);
  return result;
}

bool refused(std::string_view encoded) {
  const auto start = std::chrono::steady_clock::now();
  bool thrown = false;
  try {
    decode_image(encoded, "picture.bin");
  } catch (const DataError& error) {
    thrown = error.parts().where == "picture.bin" && !error.parts().found.empty();
  }
  return thrown && std::chrono::steady_clock::now() - start < std::chrono::seconds(1);
}

void expect_truncations_refused(const std::string& encoded) {
  for (size_t part = 0; part < 16; ++part)
    EXPECT_TRUE(refused(encoded.substr(0, encoded.size() * part / 16))) << part << "/16";
  EXPECT_TRUE(refused(encoded.substr(0, encoded.size() - 1)));
}

void expect_flips_survived(std::string encoded, int flips) {
  uint32_t state = 7;
  int refusals = 0;
  for (int i = 0; i < flips; ++i) {
    state = state * 1664525U + 1013904223U;
    char& byte = encoded[state % encoded.size()];
    const char before = byte;
    byte = static_cast<char>(byte ^ static_cast<char>(1U << (state >> 28U & 7U)));
    try {
      decode_image(encoded, "flipped");
    } catch (const DataError&) {
      ++refusals;
    }
    byte = before;
  }
  EXPECT_GT(refusals, 0);
}

}  // namespace ganymede::media::samples
