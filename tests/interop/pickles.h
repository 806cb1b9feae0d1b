// Pickles written opcode by opcode, and the archives and streams that PyTorch puts them in.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/interop/torch_file.h"
#include "ganymede/media/zip.h"

namespace ganymede::interop::testing {

inline std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

// Opcodes and their arguments.
inline std::string proto(int version = 2) { return "\x80" + little(version, 1); }
inline std::string text(const std::string& value) { return "X" + little(value.size(), 4) + value; }
inline std::string integer(int64_t value) {
  return "\x8a\x08" + little(static_cast<uint64_t>(value), 8);
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string all = "(";
  for (const std::string& item : items) all += item;
  return all + "t";
}
inline std::string numbers(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  items.reserve(values.size());
  for (const int64_t value : values) items.push_back(integer(value));
  return tuple(items);
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string all = "}(";
  for (const auto& [key, value] : items) all += text(key) + value;
  return all + "u";
}
inline std::string storage(const std::string& key, int64_t count,
                           const std::string& type = "FloatStorage") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(count)}) +
         "Q";
}
inline std::string tensor(const std::string& from, int64_t offset,
                          const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({from, integer(offset), numbers(shape), numbers(strides), "\x89",
                global("collections", "OrderedDict") + ")R"}) +
         "R";
}

inline media::ByteSource source(const std::string& bytes) { return {bytes, "test.pth"}; }

// A zip archive in memory.
inline std::string archive(const std::string& pickle,
                           const std::vector<std::pair<std::string, std::string>>& storages = {},
                           const std::string& top = "archive") {
  std::string pattern = (std::filesystem::temp_directory_path() / "ganymede-pth-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  media::ZipWriter writer(folder / "a.zip");
  writer.add(top + "/data.pkl", pickle);
  for (const auto& [key, bytes] : storages) {
    writer.add(top + (key.find('/') == 0 ? key : "/data/" + key), bytes);
  }
  writer.finish();
  std::string bytes = read_file(folder / "a.zip");
  std::filesystem::remove_all(folder);
  return bytes;
}

inline std::string stream_head(bool little_endian = true) {
  return proto() + std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 13) + proto() +
         "M" + little(1001, 2) + "." + proto() +
         dict({{"little_endian", little_endian ? "\x88" : "\x89"}}) + ".";
}

// What refuses the bytes says; empty when they are read.
template <typename Read>
std::string refusal(const Read& read) {
  try {
    read();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

inline std::string file_refusal(const std::string& bytes, const TorchFileLimits& limits = {}) {
  return refusal([&] { read_torch_file(source(bytes), limits); });
}

}  // namespace ganymede::interop::testing
