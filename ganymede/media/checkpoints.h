// A folder of checkpoints, each a tensor folder named by its kimg ("000100").
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/media/tensor_folder.h"

namespace ganymede::media {

// A number with leading zeros, six digits or more.
std::string six_digits(int64_t number);

// Checkpoint folders directly below `checkpoints`, oldest first; empty when there is no such
// folder.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& checkpoints);

// Keeps the newest `keep` checkpoints (0: all) and the best, and removes the others; failures are
// warnings.
void prune_checkpoints(const std::filesystem::path& checkpoints, int64_t keep);

// "best.json": {"checkpoint": folder name, "metric", "value", ...}.
std::filesystem::path best_file(const std::filesystem::path& checkpoints);

// The checkpoint that best.json names; nothing when there is none or it is gone.
std::optional<std::filesystem::path> best_checkpoint(const std::filesystem::path& checkpoints);

// `name` within `checkpoints`: "best", "last", or a folder's name, whose zeros in front may be left
// out. Throws UsageError when it is not there.
std::filesystem::path find_checkpoint(const std::filesystem::path& checkpoints,
                                      const std::string& name);

struct Checkpoint {
  std::filesystem::path path;
  TensorFolder content;
};

// The newest checkpoint that is whole. A damaged one is reported by a warning that names its file,
// and the one before it is taken. Nothing when there is none at all; throws ModelError when all
// are damaged.
std::optional<Checkpoint> newest_checkpoint(const std::filesystem::path& checkpoints);

}  // namespace ganymede::media
