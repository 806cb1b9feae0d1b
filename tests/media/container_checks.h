// What the tests of file containers share.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"

namespace ganymede::media {

// A folder that is removed with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ganymede-media-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Makes the fault points of core/files.h fail while it lives, counting passages from now on.
class Fault {
 public:
  explicit Fault(const char* spec) {
    ::setenv("GANYMEDE_FAULT", "reset:2", 1);
    fault_point("reset", {});  // another plan than before starts a new count
    ::setenv("GANYMEDE_FAULT", spec, 1);
  }
  ~Fault() { ::unsetenv("GANYMEDE_FAULT"); }
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;
};

// Little-endian bytes of a number.
template <typename T>
std::string le(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

// `action` throws E within a second, and what() contains `needle`.
template <typename E, typename Action>
void expect_refused(std::string_view label, std::string_view needle, Action&& action) {
  SCOPED_TRACE(std::string(label));
  const auto start = std::chrono::steady_clock::now();
  try {
    action();
    ADD_FAILURE() << "accepted";
  } catch (const E& error) {
    EXPECT_NE(std::string_view(error.what()).find(needle), std::string_view::npos)
        << error.what() << "\nlacks: " << needle;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind of error: " << error.what();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace ganymede::media
