#include "ganymede/media/wav.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"

namespace ganymede::media {
namespace {

constexpr int kSlowestHz = 1'000, kFastestHz = 192'000;
constexpr size_t kHeaderBytes = 44;
constexpr int kSampleBytes = 2;
constexpr float kFullScale = 32767;

void put(std::string& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

}  // namespace

Sound limited(Sound sound, float peak) {
  float loudest = 0;
  for (const float x : sound.samples) loudest = std::max(loudest, std::abs(x));
  if (loudest <= peak) return sound;
  for (float& x : sound.samples) x *= peak / loudest;
  return sound;
}

std::string encode_wav(const Sound& sound) {
  if (sound.rate_hz < kSlowestHz || sound.rate_hz > kFastestHz) {
    throw UsageError({.where = "WAV",
                      .found = "a rate of " + std::to_string(sound.rate_hz) + " Hz",
                      .allowed = "1000 to 192000 Hz"});
  }
  const uint64_t data = sound.samples.size() * kSampleBytes;
  if (data > (uint64_t{1} << 31) - kHeaderBytes) {
    throw UsageError({.where = "WAV",
                      .found = std::to_string(sound.samples.size()) + " samples",
                      .allowed = "less than 2^30"});
  }
  const auto rate = static_cast<uint32_t>(sound.rate_hz);
  std::string bytes = "RIFF";
  bytes.reserve(kHeaderBytes + data);
  put(bytes, static_cast<uint32_t>(kHeaderBytes - 8 + data), 4);
  bytes += "WAVEfmt ";
  put(bytes, 16, 4);                   // bytes of the format
  put(bytes, 1, 2);                    // PCM
  put(bytes, 1, 2);                    // channels
  put(bytes, rate, 4);                 // samples in a second
  put(bytes, rate * kSampleBytes, 4);  // bytes in a second
  put(bytes, kSampleBytes, 2);         // bytes of all channels at one time
  put(bytes, 8 * kSampleBytes, 2);     // bits in a sample
  bytes += "data";
  put(bytes, static_cast<uint32_t>(data), 4);
  for (const float x : sound.samples) {
    if (!std::isfinite(x))
      throw UsageError({.where = "WAV", .found = "NaN or infinity", .allowed = "finite samples"});
    const auto value = static_cast<int16_t>(std::lround(std::clamp(x, -1.0F, 1.0F) * kFullScale));
    put(bytes, static_cast<uint16_t>(value), kSampleBytes);
  }
  return bytes;
}

void write_wav(const std::filesystem::path& path, const Sound& sound) {
  write_file_atomic(path, encode_wav(sound));
}

}  // namespace ganymede::media
