// Temporary folders and hand-made files for the data tests.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/data/dataset.h"
#include "ganymede/media/image.h"
#include "ganymede/media/png.h"

namespace ganymede::data::testing {

namespace fs = std::filesystem;

// A folder that is removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (fs::temp_directory_path() / "ganymede-data-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { fs::remove_all(path_); }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }
  std::string string() const { return path_.string(); }

 private:
  fs::path path_;
};

inline void write_bytes(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

// Every pixel of one colour.
inline media::Image plain(int width, int height, std::vector<uint8_t> color) {
  media::Image image = media::make_image(width, height, static_cast<int>(color.size()));
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = color[i % color.size()];
  return image;
}

inline void write_png(const fs::path& path, const media::Image& image) {
  write_bytes(path, media::encode_png(image));
}

// Big-endian 32-bit, as IDX headers hold it.
inline std::string big32(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

inline std::string idx_images(uint32_t count, uint32_t rows, uint32_t columns,
                              const std::string& pixels) {
  return std::string("\0\0\x08\x03", 4) + big32(count) + big32(rows) + big32(columns) + pixels;
}

inline std::string idx_labels(const std::string& labels) {
  return std::string("\0\0\x08\x01", 4) + big32(static_cast<uint32_t>(labels.size())) + labels;
}

// One member of a ustar archive by the letter of POSIX.
inline std::string tar_member(const std::string& name, const std::string& bytes) {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  char size[13];
  std::snprintf(size, sizeof size, "%011zo", bytes.size());
  header.replace(124, 11, size);
  header.replace(136, 11, "00000000000");
  header.replace(148, 8, "        ");
  header[156] = '0';
  header.replace(257, 8,
                 std::string("ustar\0"
                             "00",
                             8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char check[8];
  std::snprintf(check, sizeof check, "%06o", sum);
  header.replace(148, 8, std::string(check, 6) + std::string("\0 ", 2));
  return header + bytes + std::string((512 - bytes.size() % 512) % 512, '\0');
}

inline std::string tar_end() { return std::string(1024, '\0'); }

inline DataConfig at_path(const fs::path& path) {
  DataConfig config;
  config.path = path.string();
  return config;
}

inline std::vector<float> read_sample(const Dataset& set, int64_t index) {
  std::vector<float> values(static_cast<size_t>(set.spec().elements()));
  set.read(index, values.data());
  return values;
}

// The byte value v as a sample holds it.
inline float as_float(int v) { return static_cast<float>(v / 127.5 - 1.0); }

inline fs::path shared_data() {
  const char* shared = std::getenv("GANYMEDE_SHARED");
  return fs::path(shared ? shared : GANYMEDE_SOURCE_DIR "/../shared") / "data";
}

// The text of the error that opening throws; empty when it throws none.
inline std::string open_error(const DataConfig& config) {
  try {
    open_dataset(config);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace ganymede::data::testing
