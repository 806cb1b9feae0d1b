#include "ganymede/media/tensor_folder.h"

#include <ATen/ATen.h>
#include <sys/stat.h>

#include <string_view>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/log.h"
#include "ganymede/media/safetensors.h"
#include "ganymede/media/tensor_temporary.h"

namespace ganymede::media {
namespace {

constexpr std::string_view kExtension = ".safetensors";

std::string hex16(uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = text.size(); i-- > 0; value >>= 4) text[i] = kDigits[value & 15];
  return text;
}

std::string_view bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

TensorFolderFile write_tensors(const fs::path& folder, const std::string& stem,
                               const TensorMap& tensors) {
  TensorFolderFile file;
  file.name = stem + std::string(kExtension);
  if (!is_plain_file_name(file.name)) {
    throw UsageError({.where = folder.string(),
                      .found = "the file name \"" + file.name + "\"",
                      .allowed = "letters, digits, '_', '-' and '.'"});
  }
  const SafetensorsFile encoded(encode_tensors(tensors, {{"format", "pt"}}), file.name);
  const std::string_view bytes = encoded.bytes();
  for (const SafetensorsEntry& entry : encoded.header().entries) {
    file.tensors.emplace(entry.name, hex16(xxh3(encoded.get(entry.name).bytes)));
  }
  file.bytes = bytes.size();
  file.sha256 = sha256_hex(bytes);
  write_file_durable(folder / file.name, bytes);
  return file;
}

[[noreturn]] void refuse_damage(const fs::path& path, const std::string& found) {
  throw ModelError({.where = path.string(),
                    .found = "damaged: " + found,
                    .remedy = "another checkpoint, or a fresh copy of this one"});
}

// Tensors follow one another in the file, so the hash of what was loaded is the file's hash.
void check_hash(const fs::path& path, const TensorFolderFile& file, const ByteSource& source,
                const SafetensorsHeader& header, const TensorMap& tensors) {
  Sha256 hash;
  hash.update(source.read(0, header.data_offset));
  for (const SafetensorsEntry& entry : header.entries)
    hash.update(bytes_of(tensors.at(entry.name)));
  if (hash.hex() == file.sha256) return;
  for (const auto& [name, checksum] : file.tensors) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) refuse_damage(path, "tensor \"" + name + "\" is missing");
    if (hex16(xxh3(bytes_of(found->second))) != checksum) {
      refuse_damage(path, "tensor \"" + name + "\" has changed (SHA-256 differs)");
    }
  }
  refuse_damage(path, "the header has changed (SHA-256 differs)");
}

TensorMap read_tensors(const fs::path& folder, const TensorFolderFile& file) {
  const fs::path path = folder / file.name;
  const ByteSource source(path);
  try {
    TensorMap tensors = decode_tensors(source);
    check_hash(path, file, source, read_safetensors_header(source), tensors);
    return tensors;
  } catch (const DataError& error) {
    refuse_damage(path, error.parts().found);
  }
}

void warn_when_world_writable(const fs::path& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) == 0 && (info.st_mode & S_IWOTH) != 0) {
    log_warning("{} can be changed by every user of this machine", folder.string());
  }
}

}  // namespace

void write_tensor_folder(const fs::path& target, const std::map<std::string, TensorMap>& files,
                         const nlohmann::json& state) {
  const TemporaryFolder temporary(target);
  TensorFolderManifest manifest;
  manifest.state = state;
  for (const auto& [stem, tensors] : files) {
    manifest.files.push_back(write_tensors(temporary.path(), stem, tensors));
    fault_point("folder.file", temporary.path());
  }
  write_file_durable(temporary.path() / kManifestName, render_manifest(manifest));
  fault_point("folder.manifest", temporary.path());
  commit_folder(temporary.path(), target);
  fault_point("folder.committed", target);
}

TensorFolder read_tensor_folder(const fs::path& folder) {
  TensorFolderManifest manifest = read_tensor_folder_manifest(folder);
  warn_when_world_writable(folder);
  TensorFolder result;
  result.state = std::move(manifest.state);
  for (const TensorFolderFile& file : manifest.files) {
    if (!file.name.ends_with(kExtension)) refuse_damage(folder / file.name, "not a tensor file");
    const std::string stem = file.name.substr(0, file.name.size() - kExtension.size());
    result.files.emplace(stem, read_tensors(folder, file));
  }
  return result;
}

}  // namespace ganymede::media
