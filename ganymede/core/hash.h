// Hashes: SHA-256 for everything that is promised to a person, XXH3 for cache keys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ganymede {

// Lower-case hexadecimal SHA-256 (64 characters).
std::string sha256_hex(std::string_view bytes);
std::string sha256_hex_file(const std::filesystem::path& path);  // streams; throws FileError

// Incremental SHA-256.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  void update(std::string_view bytes);
  std::string hex();  // finishes; call once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

uint64_t xxh3(std::string_view bytes, uint64_t seed = 0);
uint32_t crc32c(std::string_view bytes);  // Castagnoli, as TFRecord frames need

}  // namespace ganymede
