#include "ganymede/train/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <sstream>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/log.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/given.h"
#include "ganymede/gans/sample_grid.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/plot.h"
#include "ganymede/media/png.h"
#include "ganymede/media/webp.h"

namespace ganymede::train {
namespace {

constexpr size_t kMostFrames = 80;  // of a time-lapse
constexpr int kFrameDelayMs = 150;
constexpr int64_t kMostStrips = 24;  // samples of a preview beside what they were made from

std::vector<uint64_t> first_seeds(int64_t count) {
  std::vector<uint64_t> seeds(static_cast<size_t>(count));
  std::iota(seeds.begin(), seeds.end(), uint64_t{0});
  return seeds;
}

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

nlohmann::json to_json(const StatsLine& line) {
  nlohmann::json json;
  for (const auto& [name, value] : line) {
    json[name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
  }
  return json;
}

// Losses first, then what else there is; "D/adversarial" reads "D adversarial".
std::string short_fields(const std::map<std::string, double>& means, const std::string& term) {
  std::string text;
  for (const auto& [name, value] : means) {
    if (!name.ends_with("/" + term) || name.starts_with("health/")) continue;
    text +=
        fmt::format("{}{} {:.3f}", text.empty() ? "" : "  ", name.substr(0, name.find('/')), value);
  }
  return text;
}

media::LinePlot curves(const std::vector<StatsLine>& lines, const std::string& title,
                       const std::set<std::string>& names) {
  media::LinePlot plot;
  plot.labels = {.title = title, .x = "kimg", .y = ""};
  for (const std::string& name : names) {
    media::Series series{.name = name, .x = {}, .y = {}};
    for (const StatsLine& line : lines) {
      const auto found = line.find(name);
      if (found == line.end()) continue;
      series.x.push_back(line.at("kimg"));
      series.y.push_back(found->second);
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace

std::vector<StatsLine> read_stats(const fs::path& path) {
  std::vector<StatsLine> lines;
  if (!fs::exists(path)) return lines;
  std::istringstream text(read_file(path));
  for (std::string row; std::getline(text, row);) {
    const auto json = nlohmann::json::parse(row, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("kimg") || !json.contains("step")) continue;
    StatsLine line;
    for (const auto& [name, value] : json.items()) {
      if (value.is_number()) line[name] = value.get<double>();
      if (value.is_null()) line[name] = std::nan("");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Recorder::Recorder(const RunFolder& folder, Progress& progress, const Trainer& trainer,
                   double total_kimg, HealthMonitor* monitor, ClassifierProbe* classifier)
    : folder_(folder),
      progress_(progress),
      events_(folder.root()),
      total_kimg_(total_kimg),
      monitor_(monitor),
      classifier_(classifier) {
  begin_at(trainer);
}

void Recorder::begin_at(const Trainer& trainer) {
  const int64_t steps = trainer.steps();
  std::string kept;
  for (const StatsLine& line : read_stats(folder_.stats())) {
    if (line.at("step") <= static_cast<double>(steps)) kept += to_json(line).dump() + "\n";
  }
  write_file_atomic(folder_.stats(), kept);
  events_.session_start(steps);
  if (monitor_ != nullptr && monitor_->health()) told_ = monitor_->health()->word;
  begin_tick(trainer);
}

void Recorder::begin_tick(const Trainer& trainer) {
  tick_start_s_ = now_s();
  tick_start_kimg_ = trainer.kimg();
  tick_start_stall_s_ = trainer.stalled_seconds();
  tick_start_step_ = trainer.steps();
  tick_start_faults_ = minor_page_faults();
}

void Recorder::show(const Trainer& trainer) {
  ProgressUpdate update{.done = trainer.kimg(), .total = total_kimg_, .fields = {}};
  for (const char* term : {"adversarial", "accuracy"}) {
    const std::string text = short_fields(last_means_, term);
    if (!text.empty())
      update.fields.emplace_back(term == std::string("adversarial") ? "loss" : term, text);
  }
  if (monitor_ != nullptr && monitor_->health()) {
    update.fields.emplace_back("health", name_of(monitor_->health()->word));
  }
  for (const char* name : {"test/error", "test/category_accuracy"}) {
    const auto found = last_means_.find(name);
    if (found == last_means_.end()) continue;
    update.fields.emplace_back(name, fmt::format("{:.2f} %", 100 * found->second));
  }
  if (last_means_.contains("images_per_s")) {
    update.fields.emplace_back("images/s", fmt::format("{:.0f}", last_means_.at("images_per_s")));
  }
  progress_.update(update);
}

StatsLine Recorder::collect(Trainer& trainer) {
  const double seconds = std::max(now_s() - tick_start_s_, 1e-9);
  const double since = tick_start_kimg_;
  StatsLine line = trainer.statistics().take();
  line["step"] = static_cast<double>(trainer.steps());
  line["kimg"] = trainer.kimg();
  line["seconds_per_kimg"] = trainer.kimg() > since ? seconds / (trainer.kimg() - since) : 0;
  line["images_per_s"] = (trainer.kimg() - since) * 1000.0 / seconds;
  line["stall_share"] = (trainer.stalled_seconds() - tick_start_stall_s_) / seconds;
  line["resident_mib"] = static_cast<double>(resident_bytes()) / (1 << 20);
  line["peak_mib"] = static_cast<double>(peak_resident_bytes()) / (1 << 20);
  const auto steps = std::max(trainer.steps() - tick_start_step_, int64_t{1});
  line["page_faults_per_step"] =
      static_cast<double>(minor_page_faults() - tick_start_faults_) / static_cast<double>(steps);
  line["failed_writes"] = static_cast<double>(failures_);
  if (monitor_ != nullptr) monitor_->observe(line);
  if (classifier_ != nullptr) classifier_->observe(line);
  begin_tick(trainer);
  return line;
}

void Recorder::tick(Trainer& trainer) {
  if (trainer.statistics().empty()) return;
  const StatsLine line = collect(trainer);
  for (const auto& [name, value] : line) last_means_[name] = value;
  tell_health(trainer.kimg());
  try {
    append_file(folder_.stats(), to_json(line).dump() + "\n");
    for (const auto& [name, value] : line) {
      if (name != "step" && name != "kimg") events_.scalar(name, value, trainer.steps());
    }
    events_.flush();
  } catch (const FileError& error) {
    failed("statistics", error.what());
  }
}

void Recorder::tell_health(double kimg) {
  if (monitor_ == nullptr || !monitor_->health()) return;
  const Health& health = *monitor_->health();
  if (told_ == health.word) return;
  // A run that has been well from the start says so in its line only.
  if (told_ || health.word != HealthWord::kOk) {
    const std::string word = name_of(health.word);
    progress_.event("health", {{"word", word},
                               {"kimg", fmt::format("{}", kimg)},
                               {"numbers", health.numbers},
                               {"advice", advice_for(health.word)}});
    log_info("health: {} at {:.3f} kimg ({})", word, kimg, health.numbers);
  }
  told_ = health.word;
}

void Recorder::save_reals(const data::Dataset& dataset, uint64_t seed) {
  const data::Domain& domain = data::domain_of(dataset.spec());
  const int64_t most = dataset.spec().takes_given() ? kMostStrips : dataset.size();
  const int64_t count = std::min({domain.preview_count(dataset.spec()), dataset.size(), most});
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i) indices.push_back(data::sample_at(i, dataset.size(), seed));
  reals_ = data::read_batch(dataset, indices);
  class_names_ = dataset.class_names();
  if (fs::exists(folder_.reals())) return;
  media::write_image(folder_.reals(), data::preview_made(dataset.spec(), reals_.given, at::Tensor(),
                                                         reals_.samples, {}));
}

fs::path Recorder::save_fakes(Trainer& trainer) {
  const SampleSpec& spec = trainer.gan().spec();
  const data::Domain& domain = data::domain_of(spec);
  const bool given = spec.takes_given();
  const gans::SampleGrid grid =
      given ? gans::class_grid(trainer.gan(), {}, first_seeds(reals_.size()))
            : gans::preview_grid(trainer.gan(), {.count = spec.classes, .names = class_names_},
                                 domain.preview_count(spec));
  gans::Request request = grid.request;
  request.given = reals_.given;
  const auto& network = *trainer.gan().networks().front();
  network.module->each_parameter(
      [&](const std::string&, at::Tensor& tensor) { request.device = tensor.device(); });
  data::PreviewOptions options;
  options.columns = static_cast<int>(grid.columns);
  options.row_labels = grid.row_titles;
  const media::Image picture = data::preview_made(
      spec, reals_.given, gans::sample(trainer.gan(), request), reals_.samples, options);
  const fs::path path = folder_.fakes(static_cast<int64_t>(trainer.kimg()));
  const std::string png = media::encode_png(picture);
  write_file_atomic(path, png);
  events_.image("fakes", png, picture.width, picture.height, picture.channels, trainer.steps());
  event("samples", path, trainer.kimg());
  return path;
}

void Recorder::save_summary() {
  const auto lines = read_stats(folder_.stats());
  if (!lines.empty()) {
    media::write_image(folder_.results(), plot_results(lines, folder_.root().filename().string()));
  }
  const auto pictures = folder_.pictures();
  if (pictures.size() < 2) return;
  const size_t stride = (pictures.size() + kMostFrames - 1) / kMostFrames;
  std::vector<media::Image> frames;
  for (size_t i = 0; i < pictures.size(); i += stride) {
    frames.push_back(media::with_channels(media::read_image(pictures[i]), 3));
  }
  write_file_atomic(folder_.timelapse(),
                    media::encode_webp_animation(frames, kFrameDelayMs, 0,
                                                 {.lossless = false, .quality = 80.0F}));
}

void Recorder::event(const std::string& name, const fs::path& path, double kimg) {
  progress_.event(name, {{"path", path.string()}, {"kimg", fmt::format("{}", kimg)}});
  log_info("{} {} at {:.3f} kimg", name, path.string(), kimg);
}

void Recorder::scored(const Scored& scored, const std::optional<Scored>& best) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {"checkpoint", scored.checkpoint},
      {"kimg", fmt::format("{}", scored.kimg)},
      {"seconds", fmt::format("{:.3f}", scored.record.seconds)}};
  std::string text;
  for (const metrics::Score& score : scored.record.scores) {
    fields.emplace_back(score.name, fmt::format("{:.6g}", score.value));
    text += fmt::format(" {} {:.6g}", score.name, score.value);
    events_.scalar("metrics/" + score.name, score.value, scored.step);
  }
  events_.flush();
  if (best) fields.emplace_back("best", best->checkpoint);
  progress_.event("metrics", fields);
  log_info("metrics of {}:{}", scored.checkpoint, text);
}

void Recorder::failed(const std::string& what, const std::string& message) {
  ++failures_;
  log_warning("{} could not be written: {}; training goes on", what, message);
}

media::Image plot_results(const std::vector<StatsLine>& lines, const std::string& title) {
  std::set<std::string> losses, shares, norms;
  std::set<std::string> health, tests;
  const std::set<std::string> shown = {"health/separation", "health/memorised", "health/spread",
                                       "health/distance", "health/missed"};
  for (const StatsLine& line : lines) {
    for (const auto& [name, value] : line) {
      if (name.starts_with("health/")) {
        if (shown.contains(name)) health.insert(name);
      } else if (name.ends_with("/gradient_norm")) {
        norms.insert(name);
      } else if (name.starts_with("test/")) {
        tests.insert(name);
      } else if (name.ends_with("/accuracy")) {
        shares.insert(name);
      } else if (name.find('/') != std::string::npos) {
        losses.insert(name);
      }
    }
  }
  media::LinePlot norm_plot = curves(lines, "Gradient norms", norms);
  norm_plot.log_y = true;
  std::vector<media::Panel> panels = {curves(lines, "Losses and scores", losses), norm_plot};
  if (!shares.empty()) panels.emplace_back(curves(lines, "D's accuracy", shares));
  if (!health.empty()) panels.emplace_back(curves(lines, "Health (docs/health.md)", health));
  if (!tests.empty()) panels.emplace_back(curves(lines, "Named on the test split", tests));
  panels.emplace_back(curves(lines, "Images per second", {"images_per_s"}));
  return media::render_panels(panels, 2, {}, title);
}

}  // namespace ganymede::train
