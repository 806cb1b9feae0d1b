// Sound as WAV files: one channel of 16-bit PCM.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ganymede::media {

// One channel; samples are meant for [-1, 1].
struct Sound {
  int rate_hz = 22'050;
  std::vector<float> samples;
  double seconds() const { return static_cast<double>(samples.size()) / rate_hz; }
};

// Quieter by one factor where the loudest sample is above `peak` in (0, 1]: never clipped.
Sound limited(Sound sound, float peak = 0.89F);

// Canonical 44-byte header, then samples as round(x * 32767), clamped. Throws UsageError for rates
// outside 1,000 to 192,000 Hz, samples that are not finite, and more than 2^31 bytes.
std::string encode_wav(const Sound& sound);
void write_wav(const std::filesystem::path& path, const Sound& sound);

}  // namespace ganymede::media
