// The layout of a run's folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ganymede::train {

namespace fs = std::filesystem;

// Names of everything a run writes.
class RunFolder {
 public:
  explicit RunFolder(fs::path root) : root_(std::move(root)) {}

  const fs::path& root() const { return root_; }
  fs::path recipe() const { return root_ / "recipe.toml"; }
  fs::path environment() const { return root_ / "environment.json"; }
  fs::path log() const { return root_ / "log.txt"; }
  fs::path metrics() const { return root_ / "metrics.jsonl"; }
  fs::path stats() const { return root_ / "stats.jsonl"; }
  fs::path reals() const { return root_ / "reals.png"; }
  fs::path fakes(int64_t kimg) const;  // fakes-000100.png
  fs::path timelapse() const { return root_ / "timelapse.webp"; }
  fs::path results() const { return root_ / "results.png"; }
  fs::path model() const { return root_ / "model"; }
  fs::path checkpoints() const { return root_ / "checkpoints"; }
  fs::path checkpoint(int64_t kimg) const;  // checkpoints/000100
  fs::path stop_request() const { return root_ / "control" / "stop"; }
  fs::path sample_request() const { return root_ / "control" / "sample-now"; }

  // Pictures of fakes in order of kimg.
  std::vector<fs::path> pictures() const;

 private:
  fs::path root_;
};

// Creates "<base>/<five digits>-<name>" with the next free number.
fs::path next_run_folder(const fs::path& base, const std::string& name);

// The newest run below `base` (by number). Throws UsageError when there is none.
fs::path last_run(const fs::path& base);

// True when `path` holds a recipe.toml and looks like a run.
bool is_run(const fs::path& path);

}  // namespace ganymede::train
