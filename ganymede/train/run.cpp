#include "ganymede/train/run.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/log.h"
#include "ganymede/core/signals.h"
#include "ganymede/core/tuning.h"
#include "ganymede/core/version.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/train/engine_state.h"
#include "ganymede/train/recorder.h"
#include "ganymede/train/scorekeeper.h"

namespace ganymede::train {
namespace {

constexpr int kDryRunSteps = 3;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// Whether a multiple of `interval` lies in (before, after].
bool crosses(double before, double after, double interval) {
  // 0.15 / 0.05 is a little less than 3.
  const auto multiples = [&](double kimg) { return std::floor(kimg / interval + 1e-6); };
  return interval > 0 && multiples(after) > multiples(before);
}

// One run while it lasts.
class Run {
 public:
  Run(Session& session, const fs::path& folder, Progress& progress,
      const std::vector<std::string>& command_line, Progress* reading)
      : session_(session),
        folder_(folder),
        progress_(progress),
        command_line_(command_line),
        reading_(reading) {}

  RunResult go() {
    const FolderLock lock(folder_.root());
    const LogFile log_file(folder_.log());
    StopSignal stop;
    // Requests are for the run that they met, not for the next one.
    take_request(folder_.stop_request());
    take_request(folder_.sample_request());
    start();
    try {
      do {
        train(stop);
      } while (!save_checkpoint(/*required=*/true));
    } catch (const NumericError&) {
      recorder_->tick(trainer());  // what was seen last, and the health that follows from it
      throw;
    }
    finish();
    return result_;
  }

 private:
  Trainer& trainer() { return session_.trainer(); }

  void train(StopSignal& stop) {
    while (trainer().kimg() < session_.train().kimg) {
      const double before = trainer().kimg();
      if (!trainer().step()) {
        roll_back();
        continue;
      }
      after_step(before);
      if (stop.requested() || take_request(folder_.stop_request())) stop_here();
      if (stop.take_sample_request() || take_request(folder_.sample_request())) save_fakes();
    }
  }

  void start() {
    session_.open(reading_);
    if (reading_ != nullptr) reading_->finish("");
    media::remove_stale_temporaries(folder_.root());
    media::remove_stale_temporaries(folder_.checkpoints());
    result_.folder = folder_.root();
    watch_health();
    const bool resumed = load_newest();
    if (!resumed && monitor_) monitor_->begin();
    write_file_atomic(folder_.recipe(), session_.recipe().to_toml());
    write_file_atomic(folder_.environment(),
                      describe_environment(session_, command_line_).dump(2) + "\n");
    if (session_.gan().classifier() != gans::Classifier::kNone) test_classifier();
    recorder_.emplace(folder_, progress_, trainer(), session_.train().kimg,
                      monitor_ ? &*monitor_ : nullptr, classifier_ ? &*classifier_ : nullptr);
    scores_.emplace(session_.evaluate(), folder_, session_.data(), session_.dataset());
    scores_->begin_at(trainer().steps());
    recorder_->save_reals(*session_.dataset(), session_.seed());
    log_info("{} at {:.3f} of {} kimg", resumed ? "resumed" : "started", trainer().kimg(),
             session_.train().kimg);
    if (!resumed) result_.picture = recorder_->save_fakes(trainer());
  }

  // Not when somebody waits for the run to stop.
  void judge_checkpoint(const fs::path& path, bool stopping) {
    const double kimg = trainer().kimg();
    if (!scores_ || stopping || !scores_->due(kimg, kimg >= session_.train().kimg)) return;
    try {
      const Scored& scored = scores_->judge(trainer(), path);
      recorder_->scored(scored, scores_->best());
    } catch (const FileError& error) {
      recorder_->failed("metrics", error.what());
    } catch (const std::exception& error) {
      log_warning("{}; this run is not evaluated", error.what());
      scores_.reset();
    }
    recorder_->begin_tick(trainer());  // the time is not training's
  }

  void watch_health() {
    const double interval_kimg = session_.train().health_kimg;
    if (interval_kimg <= 0) return;
    monitor_.emplace(
        std::make_unique<HealthProbe>(session_.gan(), *session_.dataset(), session_.holdout().get(),
                                      session_.seed(), trainer().device()),
        interval_kimg);
  }

  void test_classifier() {
    constexpr double kShareOfSampleInterval = 0.2;
    const data::Dataset* test = session_.holdout().get();
    if (!ClassifierProbe::applies(session_.gan(), test)) return;
    classifier_.emplace(session_.gan(), *test,
                        kShareOfSampleInterval * session_.train().sample_kimg, trainer().kimg(),
                        trainer().device());
  }

  bool load_newest() {
    const auto checkpoint = media::newest_checkpoint(folder_.checkpoints());
    if (!checkpoint) return false;
    const std::string where = checkpoint->path.string();
    session_.check_identity(checkpoint->content.state, where);
    resume_engine(checkpoint->content.state.value("engine", nlohmann::json()), where);
    const auto scalars = checkpoint->content.state.value("trainer", nlohmann::json::object());
    trainer().load(checkpoint->content.files, scalars, where);
    if (monitor_)
      monitor_->restore(checkpoint->content.state.value("health", nlohmann::json()),
                        stats_until(trainer().steps()));
    result_.checkpoint = checkpoint->path;
    return true;
  }

  std::vector<StatsLine> stats_until(int64_t step) const {
    std::vector<StatsLine> lines = read_stats(folder_.stats());
    std::erase_if(
        lines, [&](const StatsLine& line) { return line.at("step") > static_cast<double>(step); });
    return lines;
  }

  void roll_back() {
    if (!load_newest()) {
      throw NumericError({.where = folder_.root().string(),
                          .found = "a loss became NaN before the first checkpoint",
                          .remedy = "a smaller optimizer.learning_rate"});
    }
    trainer().rolled_back();
    if (monitor_) monitor_->rolled_back();
    recorder_->begin_at(trainer());
    if (scores_) scores_->begin_at(trainer().steps());
    recorder_->event("rollback", result_.checkpoint, trainer().kimg());
  }

  void after_step(double before) {
    const TrainConfig& config = session_.train();
    const double now = trainer().kimg();
    if (crosses(before, now, config.tick_kimg)) recorder_->tick(trainer());
    recorder_->show(trainer());
    if (crosses(before, now, config.sample_kimg)) save_fakes();
    if (crosses(before, now, config.checkpoint_kimg) && now < config.kimg) {
      save_checkpoint(/*required=*/false);
    }
  }

  // What a reader needs to build the networks again, in every checkpoint and model.
  nlohmann::json identity() {
    nlohmann::json state = session_.identity();
    state["version"] = kVersion;
    state["kimg"] = trainer().kimg();
    state["recipe"] = session_.recipe().to_toml();
    state["class_names"] = session_.dataset()->class_names();
    return state;
  }

  void save_fakes() {
    try {
      result_.picture = recorder_->save_fakes(trainer());
    } catch (const FileError& error) {
      recorder_->failed("samples", error.what());
    }
  }

  // False when the state was not fit to be saved and the run has gone back to the last checkpoint.
  bool save_checkpoint(bool required) {
    // The tick ends here, so that a resumed run's statistics begin where this one's stop.
    recorder_->tick(trainer());
    if (!is_finite()) return false;
    nlohmann::json state = identity();
    state["trainer"] = trainer().scalars();
    state["engine"] = engine_state();
    if (monitor_) state["health"] = monitor_->state();
    const fs::path path = folder_.checkpoint(static_cast<int64_t>(trainer().kimg()));
    try {
      fs::create_directories(folder_.checkpoints());
      media::write_tensor_folder(path, trainer().tensors(), state);
      result_.checkpoint = path;
      judge_checkpoint(path, required && trainer().kimg() < session_.train().kimg);
      media::prune_checkpoints(folder_.checkpoints(), session_.train().keep);
      recorder_->event("checkpoint", path, trainer().kimg());
    } catch (const FileError& error) {
      if (required) throw;
      recorder_->failed("the checkpoint", error.what());
    } catch (const fs::filesystem_error& error) {
      if (required) {
        throw FileError({.where = path.string(), .found = error.code().message()});
      }
      recorder_->failed("the checkpoint", error.what());
    }
    return true;
  }

  bool is_finite() {
    try {
      trainer().check_finite();
      return true;
    } catch (const NumericError& error) {
      if (!trainer().may_roll_back()) throw;
      log_warning("{}; going back to the last checkpoint", error.what());
    }
    roll_back();
    return false;
  }

  void save_summary() {
    try {
      recorder_->save_summary();
    } catch (const Error& error) {
      recorder_->failed("the summary", error.what());
    }
  }

  void stop_here() {
    save_checkpoint(/*required=*/true);
    save_summary();
    throw StoppedError({.where = folder_.root().string(),
                        .found = fmt::format("stopped at {:.3f} kimg after saving {}",
                                             trainer().kimg(), result_.checkpoint.string()),
                        .remedy = "gan resume " + folder_.root().string()});
  }

  static bool take_request(const fs::path& path) {
    std::error_code error;
    return fs::remove(path, error);
  }

  void finish() {
    result_.kimg = trainer().kimg();
    save_fakes();
    save_model();
    save_summary();
  }

  // The generator alone, ready to use: averaged weights where there are some.
  void save_model() {
    std::map<std::string, nn::TensorMap> files;
    for (const auto& network : trainer().gan().networks()) {
      files[network->name] =
          network->average ? network->average->state() : network->module->state();
    }
    media::write_tensor_folder(folder_.model(), files, identity());
  }

  Session& session_;
  RunFolder folder_;
  Progress& progress_;
  std::vector<std::string> command_line_;
  Progress* reading_;
  std::optional<HealthMonitor> monitor_;
  std::optional<ClassifierProbe> classifier_;
  std::optional<Recorder> recorder_;
  std::optional<Scorekeeper> scores_;
  RunResult result_;
};

}  // namespace

RunResult train_run(Session& session, const fs::path& folder, Progress& progress,
                    const std::vector<std::string>& command_line, Progress* reading) {
  return Run(session, folder, progress, command_line, reading).go();
}

nlohmann::json describe_environment(const Session& session,
                                    const std::vector<std::string>& command_line) {
  return {{"ganymede", kVersion},
          {"commit", version_commit()},
          {"time", utc_now()},
          {"command", command_line},
          {"working_folder", fs::current_path().string()},
          {"threads", at::get_num_threads()},
          {"usable_cpus", usable_cpus()},
          {"memory_bytes", usable_memory_bytes()},
          {"device", session.train().device},
          {"cpu_capability", at::get_cpu_capability()},
          {"engine", at::show_config()},
          {"data",
           {{"path", session.data().path},
            {"kind", session.dataset()->kind()},
            {"size", session.dataset()->size()},
            {"fingerprint", session.dataset()->fingerprint()}}}};
}

DryRun dry_run(Session& session, Progress* progress) {
  session.open(progress);
  Trainer& trainer = session.trainer();
  DryRun report;
  for (const auto& network : session.gan().networks()) {
    report.parameters.emplace_back(network->name, network->module->parameter_count());
  }
  trainer.step();  // the first one also builds kernels and fills caches
  const double before_kimg = trainer.kimg();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kDryRunSteps; ++i) trainer.step();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  report.seconds_per_kimg = elapsed.count() / (trainer.kimg() - before_kimg);
  report.total_seconds = report.seconds_per_kimg * session.train().kimg;
  report.peak_bytes = peak_resident_bytes();
  return report;
}

}  // namespace ganymede::train
