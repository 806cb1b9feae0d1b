#include "ganymede/media/tensor_folder_manifest.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"

namespace ganymede::media {
namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "ganymede-tensor-folder";
constexpr int kVersion = 1;
constexpr size_t kManifestLimit = size_t{256} << 20;
constexpr int kDepthLimit = 64;
constexpr size_t kHashDigits = 64;
constexpr std::string_view kHashLine = ",\n  \"sha256\": \"";
constexpr std::string_view kClosing = "\"\n}\n";

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}) {
  throw ModelError({.where = where,
                    .found = found,
                    .allowed = allowed,
                    .remedy = "another checkpoint, or a fresh copy of this one"});
}

// JSON has no NaN: the library would write null and the value would be lost. Nothing may be nested
// deeper than the reader goes.
void check_state(const Json& value, const std::string& path, int depth) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    throw ModelError({.where = path, .found = "not finite", .allowed = "finite numbers"});
  }
  if (depth > kDepthLimit - 8) throw ModelError({.where = path, .found = "nested too deeply"});
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) check_state(item, path + "." + key, depth + 1);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      check_state(value[i], path + "[" + std::to_string(i) + "]", depth + 1);
    }
  }
}

Json file_json(const TensorFolderFile& file) {
  return {{"name", file.name},
          {"bytes", file.bytes},
          {"sha256", file.sha256},
          {"tensors", file.tensors.size()},
          {"checksums", Json(file.tensors)}};
}

// The text that is hashed, after checking its hash.
std::string_view hashed_part(std::string_view text, const std::string& where) {
  const size_t tail = kHashLine.size() + kHashDigits + kClosing.size();
  if (text.size() < tail) refuse(where, "damaged: only " + std::to_string(text.size()) + " bytes");
  const std::string_view body = text.substr(0, text.size() - tail);
  const std::string_view end = text.substr(body.size());
  if (!end.starts_with(kHashLine) || !end.ends_with(kClosing)) {
    refuse(where, "damaged: it does not end with its own SHA-256");
  }
  if (end.substr(kHashLine.size(), kHashDigits) != sha256_hex(body)) {
    refuse(where, "damaged: its SHA-256 does not fit its text");
  }
  return body;
}

Json parse_json(const std::string& text, const std::string& where) {
  const auto limit_depth = [&](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    if (depth > kDepthLimit) refuse(where, "nested too deeply", "64 levels");
    return true;
  };
  try {
    return Json::parse(text, limit_depth);
  } catch (const Json::exception&) {
    refuse(where, "not JSON");
  }
}

void check_version(const Json& root, const std::string& where) {
  if (root.value("format", "") != kFormat) refuse(where, "another format", kFormat);
  const int version = root.at("version").get<int>();
  if (version < 1 || version > kVersion) {
    throw ModelError({.where = where,
                      .found = "version " + std::to_string(version),
                      .allowed = "1",
                      .remedy = "a newer ganymede"});
  }
}

TensorFolderFile file_from(const Json& item, const std::string& where) {
  TensorFolderFile file;
  file.name = item.at("name").get<std::string>();
  file.bytes = item.at("bytes").get<uint64_t>();
  file.sha256 = item.at("sha256").get<std::string>();
  file.tensors = item.at("checksums").get<std::map<std::string, std::string>>();
  if (!is_plain_file_name(file.name) || file.name == kManifestName) {
    refuse(where, "the file name \"" + file.name + "\"", "letters, digits, '_', '-' and '.'");
  }
  return file;
}

void check_no_others(const std::filesystem::path& folder, const TensorFolderManifest& manifest) {
  std::set<std::string> known = {kManifestName};
  for (const TensorFolderFile& file : manifest.files) {
    if (!known.insert(file.name).second) {
      refuse((folder / kManifestName).string(), file.name + " is listed twice");
    }
  }
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (!known.contains(entry->path().filename().string())) {
      refuse(entry->path().string(), "does not belong to this folder (not in its manifest)");
    }
  }
  if (error) throw FileError({.where = folder.string(), .found = error.message()});
}

void check_presence(const std::filesystem::path& folder, const TensorFolderFile& file) {
  const std::filesystem::path path = folder / file.name;
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);
  if (!regular) refuse(path.string(), error ? "missing: " + error.message() : "missing");
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error || size != file.bytes) {
    refuse(path.string(), "damaged: " + std::to_string(size) + " bytes, the manifest says " +
                              std::to_string(file.bytes));
  }
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
  constexpr size_t kLongest = 200;
  if (name.empty() || name.size() > kLongest || name.front() == '.') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

std::string render_manifest(const TensorFolderManifest& manifest) {
  check_state(manifest.state, "state", 0);
  Json files = Json::array();
  for (const TensorFolderFile& file : manifest.files) files.push_back(file_json(file));
  const Json root = {
      {"format", kFormat}, {"version", kVersion}, {"files", files}, {"state", manifest.state}};
  std::string text;
  try {
    text = root.dump(2);
  } catch (const Json::exception&) {
    throw ModelError({.where = kManifestName, .found = "text in the state is not UTF-8"});
  }
  text.resize(text.size() - 2);  // "\n}": the hash follows
  return text + std::string(kHashLine) + sha256_hex(text) + std::string(kClosing);
}

TensorFolderManifest parse_manifest(std::string_view text, const std::string& where) {
  const Json root = parse_json(std::string(hashed_part(text, where)) + "\n}", where);
  try {
    check_version(root, where);
    TensorFolderManifest manifest;
    for (const Json& item : root.at("files")) manifest.files.push_back(file_from(item, where));
    manifest.state = root.at("state");
    return manifest;
  } catch (const Json::exception&) {
    refuse(where, "a part of the manifest is missing or of another type");
  }
}

TensorFolderManifest read_tensor_folder_manifest(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    throw FileError({.where = folder.string(), .found = "no such folder"});
  }
  const std::filesystem::path path = folder / kManifestName;
  if (!is_tensor_folder(folder)) refuse(path.string(), "missing");
  const TensorFolderManifest manifest =
      parse_manifest(read_file(path, kManifestLimit), path.string());
  for (const TensorFolderFile& file : manifest.files) check_presence(folder, file);
  check_no_others(folder, manifest);
  return manifest;
}

bool is_tensor_folder(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path / kManifestName, error);
}

}  // namespace ganymede::media
