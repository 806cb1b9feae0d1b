// The manifest of a tensor folder: which files belong to it, their sizes and hashes, and the state
// that goes with them. It carries its own hash, so that no byte of it can change unseen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::media {

// Name of the manifest within the folder.
inline constexpr const char* kManifestName = "manifest.json";

// What the manifest says about one file.
struct TensorFolderFile {
  std::string name;
  uint64_t bytes = 0;
  std::string sha256;
  std::map<std::string, std::string> tensors;  // name -> XXH3 of its bytes, to find the damage
};

struct TensorFolderManifest {
  std::vector<TensorFolderFile> files;
  nlohmann::json state;
};

// JSON whose last line is `  "sha256": "..."`, the SHA-256 of everything before that line's comma
// (`,\n  "sha256"`). Throws ModelError when `state` holds NaN, infinity or text that is not UTF-8.
std::string render_manifest(const TensorFolderManifest& manifest);

// Throws ModelError naming `where` for damage, another format, a later version, and file names that
// are not plain.
TensorFolderManifest parse_manifest(std::string_view text, const std::string& where);

// Reads and parses the manifest and checks that the folder holds exactly its files, with their
// sizes; no tensor is read. Throws ModelError naming the damaged, missing or unexpected file,
// FileError when the folder is missing.
TensorFolderManifest read_tensor_folder_manifest(const std::filesystem::path& folder);

// True when `path` is a folder that holds a manifest; says nothing about its health.
bool is_tensor_folder(const std::filesystem::path& path);

// Letters, digits, '_', '-' and '.', not beginning with '.', at most 200 characters.
bool is_plain_file_name(std::string_view name);

}  // namespace ganymede::media
