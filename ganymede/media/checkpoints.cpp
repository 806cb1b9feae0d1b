#include "ganymede/media/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"

namespace ganymede::media {
namespace {

namespace fs = std::filesystem;

bool all_digits(const std::string& name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// By kimg: longer numbers are larger, since shorter ones are padded.
bool older(const fs::path& a, const fs::path& b) {
  const std::string left = a.filename().string(), right = b.filename().string();
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

}  // namespace

std::string six_digits(int64_t number) { return fmt::format("{:06}", number); }

std::vector<fs::path> list_checkpoints(const fs::path& checkpoints) {
  std::vector<fs::path> found;
  if (!fs::is_directory(checkpoints)) return found;
  for (const auto& entry : fs::directory_iterator(checkpoints)) {
    if (entry.is_directory() && all_digits(entry.path().filename().string())) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end(), older);
  return found;
}

void prune_checkpoints(const fs::path& checkpoints, int64_t keep) {
  if (keep <= 0) return;
  const auto found = list_checkpoints(checkpoints);
  const auto excess = static_cast<int64_t>(found.size()) - keep;
  for (int64_t i = 0; i < excess; ++i) {
    std::error_code error;
    fs::remove_all(found[static_cast<size_t>(i)], error);
    if (error)
      log_warning("[{}] not removed: {}", found[static_cast<size_t>(i)].string(), error.message());
  }
}

std::optional<Checkpoint> newest_checkpoint(const fs::path& checkpoints) {
  auto found = list_checkpoints(checkpoints);
  std::reverse(found.begin(), found.end());
  for (const fs::path& path : found) {
    try {
      TensorFolder folder = read_tensor_folder(path);
      return Checkpoint{path, std::move(folder)};
    } catch (const ModelError& error) {
      log_warning("{}; the checkpoint before it is used", error.what());
    }
  }
  if (found.empty()) return std::nullopt;
  throw ModelError({.where = checkpoints.string(),
                    .found = "all " + std::to_string(found.size()) + " checkpoints are damaged",
                    .remedy = "start again with gan train <run>/recipe.toml"});
}

}  // namespace ganymede::media
