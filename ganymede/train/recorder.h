// What a run tells people and programs: statistics lines, TensorBoard events, pictures, plots.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ganymede/core/progress.h"
#include "ganymede/media/image.h"
#include "ganymede/media/tfevents.h"
#include "ganymede/train/classifier_probe.h"
#include "ganymede/train/health_monitor.h"
#include "ganymede/train/run_folder.h"
#include "ganymede/train/scorekeeper.h"
#include "ganymede/train/trainer.h"

namespace ganymede::train {

// Lines of `path` in order; a last line that a crash left incomplete is dropped. Not a number is
// read back as NaN.
std::vector<StatsLine> read_stats(const fs::path& path);

class Recorder {
 public:
  // `monitor` adds the game's health to every tick, `classifier` its test error (either may be
  // null; they outlive the recorder).
  Recorder(const RunFolder& folder, Progress& progress, const Trainer& trainer, double total_kimg,
           HealthMonitor* monitor = nullptr, ClassifierProbe* classifier = nullptr);

  // The run starts, resumes or was rolled back to where `trainer` is: keeps the statistics up to
  // its step (it writes its own from there on) and begins a tick and a TensorBoard session.
  void begin_at(const Trainer& trainer);

  // Starts the clock that a tick's speed is measured by.
  void begin_tick(const Trainer& trainer);

  // The live line; cheap, any time.
  void show(const Trainer& trainer);
  // Ends a tick: means since the last one go to stats.jsonl and TensorBoard.
  void tick(Trainer& trainer);
  // reals.png.
  void save_reals(const data::Dataset& dataset, uint64_t seed);
  // fakes-<kimg>.png from the averaged weights with fixed seeds, in rows of classes (codes) where
  // the gan has some; returns its path.
  fs::path save_fakes(Trainer& trainer);
  // timelapse.webp and results.png from what the run has written.
  void save_summary();
  // Something was written to `path` by the run at `kimg`: for the log, the terminal and JSON
  // readers.
  void event(const std::string& name, const fs::path& path, double kimg);
  // A checkpoint was judged; `best` is the best one by now.
  void scored(const Scored& scored, const std::optional<Scored>& best);
  // A write that failed (disk full) is reported once per cause; training goes on.
  void failed(const std::string& what, const std::string& message);
  int64_t failures() const { return failures_; }

 private:
  StatsLine collect(Trainer& trainer);
  void tell_health(double kimg);

  RunFolder folder_;
  Progress& progress_;
  media::EventWriter events_;
  double total_kimg_;
  HealthMonitor* monitor_;
  ClassifierProbe* classifier_;
  std::optional<HealthWord> told_;  // the last word that was told
  double tick_start_s_ = 0;
  double tick_start_kimg_ = 0;
  double tick_start_stall_s_ = 0;
  int64_t tick_start_step_ = 0;
  int64_t tick_start_faults_ = 0;
  int64_t failures_ = 0;
  std::map<std::string, double> last_means_;
  Batch reals_;  // beneath previews of points
  std::vector<std::string> class_names_;
};

// Curves of losses, accuracy, gradient norms and speed on one page.
media::Image plot_results(const std::vector<StatsLine>& lines, const std::string& title);

}  // namespace ganymede::train
