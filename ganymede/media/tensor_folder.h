// A checkpoint or model on disk: a folder of safetensors files and a manifest that is written last
// and names every file with its size and SHA-256. The folder appears whole or not at all.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "ganymede/media/tensor_folder_manifest.h"
#include "ganymede/media/tensor_safetensors.h"

namespace ganymede::media {

struct TensorFolder {
  std::map<std::string, TensorMap> files;  // stem of "<stem>.safetensors" -> tensors
  nlohmann::json state;
};

// Writes "<stem>.safetensors" files and the manifest, each fsynced, into a ".tmp-..." sibling of
// `target`, then commits it (replacing an older `target` atomically). Stems are made of letters,
// digits, '_', '-' and '.'. Throws FileError (no space, read-only) leaving `target` as it was and
// no temporary behind; ModelError for tensors or state that JSON and safetensors cannot hold, such
// as NaN in `state`.
void write_tensor_folder(const std::filesystem::path& target,
                         const std::map<std::string, TensorMap>& files,
                         const nlohmann::json& state);

// Checks manifest, presence, sizes and SHA-256 of every file before anything is returned. Throws
// ModelError naming the damaged, missing or unexpected file and, for damaged values, the tensor;
// FileError when the folder is missing or a disk fails.
TensorFolder read_tensor_folder(const std::filesystem::path& folder);

// Removes what writers that no longer live left in `parent`: ".tmp-..." folders of this file, and
// temporary files of atomic writes. Those of running writers, in this process or another, are kept.
// Returns how many were removed. Call it while holding the folder's lock: on a shared disk, writers
// on other machines cannot be seen.
int remove_stale_temporaries(const std::filesystem::path& parent);

}  // namespace ganymede::media
