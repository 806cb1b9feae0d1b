#include "ganymede/media/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
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

// Whether both are the same number, whatever zeros stand in front.
bool same_number(const std::string& a, const std::string& b) {
  const auto digits = [](const std::string& text) {
    return text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
  };
  return all_digits(a) && all_digits(b) && digits(a) == digits(b);
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
  const auto best = best_checkpoint(checkpoints);
  const auto excess = static_cast<int64_t>(found.size()) - keep;
  for (int64_t i = 0; i < excess; ++i) {
    if (best == found[static_cast<size_t>(i)]) continue;
    std::error_code error;
    fs::remove_all(found[static_cast<size_t>(i)], error);
    if (error)
      log_warning("[{}] not removed: {}", found[static_cast<size_t>(i)].string(), error.message());
  }
}

fs::path best_file(const fs::path& checkpoints) { return checkpoints / "best.json"; }

std::optional<fs::path> best_checkpoint(const fs::path& checkpoints) {
  const fs::path file = best_file(checkpoints);
  if (!fs::is_regular_file(file)) return std::nullopt;
  const auto json = nlohmann::json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("checkpoint") || !json["checkpoint"].is_string()) {
    log_warning("[{}] names no checkpoint; there is no best one", file.string());
    return std::nullopt;
  }
  const std::string name = json["checkpoint"];
  if (!all_digits(name) || !fs::is_directory(checkpoints / name)) return std::nullopt;
  return checkpoints / name;
}

fs::path find_checkpoint(const fs::path& checkpoints, const std::string& name) {
  const auto there = list_checkpoints(checkpoints);
  if (name == "last" && !there.empty()) return there.back();
  if (name == "best") {
    if (const auto best = best_checkpoint(checkpoints)) return *best;
  }
  std::string allowed = there.empty() ? "" : "last";
  if (best_checkpoint(checkpoints)) allowed += ", best";
  for (const fs::path& path : there) {
    const std::string own = path.filename().string();
    if (own == name || same_number(own, name)) return path;
    allowed += ", " + own;
  }
  throw UsageError(
      {.where = checkpoints.string(),
       .found = "no checkpoint \"" + name + "\"",
       .allowed = allowed,
       .remedy = name == "best" ? "a run with metrics: --set 'evaluate.metrics=[\"fd\"]'" : ""});
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
