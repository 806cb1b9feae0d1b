// The training loop: steps until the run is long enough, with everything written on the way.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ganymede/train/run_folder.h"
#include "ganymede/train/session.h"

namespace ganymede::train {

struct RunResult {
  fs::path folder;
  fs::path picture;     // the last samples
  fs::path checkpoint;  // the last one
  double kimg = 0;
};

// Trains `session` (opened here) in `folder`, which must exist, from the newest whole checkpoint
// there or from the start. Takes the folder's lock; writes recipe.toml, environment.json, log,
// statistics, pictures, checkpoints and model/. Throws StoppedError after saving when SIGINT,
// SIGTERM or <folder>/control/stop asks for it; NumericError by the NaN policy; FileError when
// the last checkpoint cannot be written (earlier failures are warnings). `reading` shows the scan
// of the data, which counts other things than `progress`.
RunResult train_run(Session& session, const fs::path& folder, Progress& progress,
                    const std::vector<std::string>& command_line = {}, Progress* reading = nullptr);

// Machine, versions and data, for environment.json.
nlohmann::json describe_environment(const Session& session,
                                    const std::vector<std::string>& command_line);

// What `--dry-run` shows, measured by a few real steps; nothing is written.
struct DryRun {
  std::vector<std::pair<std::string, int64_t>> parameters;  // by network
  double seconds_per_kimg = 0;
  int64_t peak_bytes = 0;
  double total_seconds = 0;
};
DryRun dry_run(Session& session, Progress* progress = nullptr);

}  // namespace ganymede::train
