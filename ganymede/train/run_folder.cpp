#include "ganymede/train/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ganymede/core/error.h"
#include "ganymede/media/checkpoints.h"

namespace ganymede::train {
namespace {

// The number that `name` starts with, or -1.
int64_t leading_number(const std::string& name) {
  int64_t number = -1;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

}  // namespace

fs::path RunFolder::fakes(int64_t kimg) const {
  return root_ / ("fakes-" + media::six_digits(kimg) + ".png");
}

fs::path RunFolder::checkpoint(int64_t kimg) const {
  return checkpoints() / media::six_digits(kimg);
}

std::vector<fs::path> RunFolder::pictures() const {
  std::vector<fs::path> pictures;
  for (const auto& entry : fs::directory_iterator(root_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("fakes-") && name.ends_with(".png")) pictures.push_back(entry.path());
  }
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

fs::path next_run_folder(const fs::path& base, const std::string& name) {
  std::error_code error;
  fs::create_directories(base, error);
  int64_t next = 0;
  if (fs::is_directory(base)) {
    for (const auto& entry : fs::directory_iterator(base)) {
      next = std::max(next, leading_number(entry.path().filename().string()) + 1);
    }
  }
  for (int attempt = 0; attempt < 1000 && !error; ++attempt, ++next) {
    const fs::path folder = base / fmt::format("{:05}-{}", next, name);
    if (fs::create_directory(folder, error)) return folder;
  }
  throw FileError({.where = base.string(),
                   .found = "no run folder can be made here: " + error.message(),
                   .remedy = "--out FOLDER"});
}

fs::path last_run(const fs::path& base) {
  fs::path last;
  int64_t number = -1;
  if (fs::is_directory(base)) {
    for (const auto& entry : fs::directory_iterator(base)) {
      const int64_t found = leading_number(entry.path().filename().string());
      if (found <= number || !is_run(entry.path())) continue;
      number = found;
      last = entry.path();
    }
  }
  if (last.empty()) {
    throw UsageError({.where = base.string(),
                      .found = "no numbered run is here",
                      .remedy = "name a run folder, or start one with gan train"});
  }
  return last;
}

bool is_run(const fs::path& path) { return fs::is_regular_file(path / "recipe.toml"); }

}  // namespace ganymede::train
