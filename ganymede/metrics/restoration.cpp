#include "ganymede/metrics/restoration.h"

#include <ATen/ATen.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/core/version.h"
#include "ganymede/data/domain.h"
#include "ganymede/media/bicubic.h"
#include "ganymede/media/sheet.h"
#include "ganymede/metrics/structural_similarity.h"
#include "ganymede/metrics/summary.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kSmallestPx = 11;  // of the window of SSIM
constexpr size_t kShown = 5;

struct PairMetric {
  const char* name;
  const char* label;
  const char* unit;
  Better better;
  bool luma;
  at::Tensor (*each)(const at::Tensor&, const at::Tensor&, const FidelityOptions&);
};

constexpr PairMetric kMetrics[] = {
    {"psnr", "PSNR", "dB", Better::kHigher, true, psnr_each},
    {"ssim", "SSIM", "", Better::kHigher, true, ssim_each},
    {"l1", "L1", "of 255", Better::kLower, false, l1_each},
};

std::vector<PairMetric> chosen_metrics(const std::vector<std::string>& names) {
  std::vector<PairMetric> chosen;
  for (const PairMetric& metric : kMetrics) {
    if (names.empty() || std::ranges::find(names, metric.name) != names.end())
      chosen.push_back(metric);
  }
  if (chosen.size() >= names.size() && !chosen.empty()) return chosen;
  throw UsageError(
      {.where = "--metrics", .found = join(names), .allowed = "of whole pictures: psnr, ssim, l1"});
}

// uint8 [1, C, H, W].
at::Tensor bytes_of(const media::Image& image) {
  const at::Tensor rows = at::empty({image.height, image.width, image.channels}, at::kByte);
  std::copy(image.pixels.begin(), image.pixels.end(), rows.data_ptr<uint8_t>());
  return rows.permute({2, 0, 1}).unsqueeze(0).contiguous();
}

media::Image image_of(const at::Tensor& bytes) {
  const at::Tensor rows = bytes[0].permute({1, 2, 0}).contiguous();
  media::Image image =
      media::make_image(static_cast<int>(rows.size(1)), static_cast<int>(rows.size(0)),
                        static_cast<int>(rows.size(2)));
  std::copy_n(rows.data_ptr<uint8_t>(), image.pixels.size(), image.pixels.begin());
  return image;
}

at::Tensor restored(const Restore& restore, const media::Image& given, const media::Image& clean,
                    const std::string& name) {
  const at::Tensor made = restore(from_bytes(bytes_of(given)));
  if (made.size(2) != clean.height || made.size(3) != clean.width) {
    throw Error({.where = name,
                 .found = fmt::format("restored to {} x {} px", made.size(3), made.size(2)),
                 .allowed = fmt::format("{} x {} px", clean.width, clean.height)});
  }
  if (!at::isfinite(made).all().item<bool>())
    throw NumericError({.where = name, .found = "restored to values that are not finite"});
  return data::to_bytes(made);
}

// Figures of one column of the table: by label, one for each picture.
class Column {
 public:
  void add(const PairMetric& metric, const at::Tensor& made, const at::Tensor& clean,
           int64_t border) {
    put(metric, metric.label, metric.each(made, clean, {.border_px = border, .luma = false}));
    if (metric.luma && clean.size(1) == 3) {
      put(metric, std::string(metric.label) + " (Y)",
          metric.each(made, clean, {.border_px = border, .luma = true}));
    }
  }

  std::vector<Score> scores(const std::string& note) const {
    Summary summary;
    for (const auto& [metric, finding] : found_) {
      Finding mean = finding;
      mean.note = note;
      mean.value = 0;
      for (const double value : mean.per_class)
        mean.value += value / static_cast<double>(mean.per_class.size());
      summary.add(metric, {mean});
    }
    return summary.scores();
  }

 private:
  void put(const PairMetric& metric, const std::string& label, const at::Tensor& value) {
    auto at =
        std::ranges::find_if(found_, [&](const auto& entry) { return entry.second.name == label; });
    if (at == found_.end()) {
      found_.push_back(
          {metric.name, {.name = label, .better = metric.better, .unit = metric.unit}});
      at = std::prev(found_.end());
    }
    at->second.per_class.push_back(value.item<double>());
  }

  std::vector<std::pair<std::string, Finding>> found_;
};

std::string number_text(const data::DrawnNumber& number) {
  return number.low == number.high ? format_number(number.low)
                                   : format_number(number.low) + "-" + format_number(number.high);
}

std::string damage_text(const data::Degradation& damage) {
  std::vector<std::string> steps;
  if (damage.blur.high > 0) steps.push_back("blur " + number_text(damage.blur));
  if (damage.scale > 1) steps.push_back(fmt::format("bicubic to 1/{}", damage.scale));
  if (damage.noise.high > 0) steps.push_back("noise " + number_text(damage.noise));
  if (damage.jpeg_quality.high > 0) steps.push_back("JPEG " + number_text(damage.jpeg_quality));
  return steps.empty() ? "nothing" : join(steps, ", then ");
}

Record record_of(const data::DegradedData& pictures, const RestorationOptions& options) {
  Record record;
  Settings& settings = record.settings;
  settings.data = options.data.path;
  settings.data_kind = pictures.kind();
  settings.fingerprint = pictures.fingerprint();
  settings.split = options.data.split;
  settings.sample = "whole pictures";
  settings.crop = "degraded by " + damage_text(pictures.degradation());
  settings.real_samples = settings.fake_samples = pictures.size();
  settings.seeds = {options.seed};
  settings.quantisation = "8 bits";
  for (int64_t i = 0; i < pictures.size(); ++i)
    record.class_names.push_back(std::filesystem::path(pictures.name(i)).filename().string());
  record.version = fmt::format("{} ({})", kVersion, version_commit());
  record.time = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  return record;
}

}  // namespace

data::DataConfig whole_pictures(data::DataConfig config) {
  config.form = "degraded";
  config.size_px = 0;
  config.limit = 0;
  config.holdout = 0;
  config.mirror = false;
  // The least that figures can be had of.
  const int64_t border = config.scale > 1 ? 2 * config.scale : 0;
  config.patch_px = (kSmallestPx + border + config.scale - 1) / config.scale * config.scale;
  return config;
}

Restoration judge_restoration(const data::DegradedData& pictures, const Restore& restore,
                              const RestorationOptions& options, Progress* progress) {
  const auto start = std::chrono::steady_clock::now();
  const auto metrics = chosen_metrics(options.metrics);
  const data::Degradation& damage = pictures.degradation();
  const int64_t border = damage.scale > 1 ? damage.scale : 0;
  Restoration result{
      .records = {}, .heads = {"model", damage.scale > 1 ? "bicubic" : "as given"}, .pictures = {}};
  Column model, baseline;
  for (int64_t i = 0; i < pictures.size(); ++i) {
    const media::Image clean = media::crop_to_multiple(pictures.picture(i), damage.scale);
    Stream random(options.seed, "given", static_cast<uint64_t>(i));
    const media::Image given = data::degraded(clean, damage, random);
    const media::Image enlarged = media::bicubic(given, clean.width, clean.height);
    const at::Tensor wanted = bytes_of(clean);
    const at::Tensor made = restored(restore, given, clean, pictures.name(i));
    for (const PairMetric& metric : metrics) {
      model.add(metric, made, wanted, border);
      baseline.add(metric, bytes_of(enlarged), wanted, border);
    }
    if (result.pictures.size() < kShown) {
      result.pictures.push_back(
          {std::filesystem::path(pictures.name(i)).filename().string(),
           result.heads.back() + ", " + result.heads.front() + ", clean",
           media::contact_sheet({enlarged, image_of(made), clean}, 3, {.scale = 1})});
    }
    if (progress != nullptr)
      progress->update({static_cast<double>(i + 1), static_cast<double>(pictures.size()), {}});
  }
  const std::string note = border > 0 ? fmt::format("border of {} px left out", border) : "";
  Record record = record_of(pictures, options);
  record.scores = baseline.scores(note);
  record.subject = result.heads.back();
  result.records.push_back(record);
  record.subject = options.subject;
  record.subject_kind = options.subject_kind;
  record.checkpoint = options.checkpoint;
  record.kimg = options.kimg;
  record.scores = model.scores(note);
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.records.insert(result.records.begin(), record);
  return result;
}

TextTable picture_table(const Restoration& restoration) {
  TextTable rows = {{"PICTURE"}};
  for (const std::string& name : restoration.records.front().class_names) rows.push_back({name});
  for (const Score& score : restoration.records.front().scores) {
    for (size_t column = 0; column < restoration.records.size(); ++column) {
      const Score* own = find_score(restoration.records[column], score.name);
      rows.front().push_back(score.name + ", " + restoration.heads[column]);
      for (size_t i = 0; i + 1 < rows.size(); ++i)
        rows[i + 1].push_back(own ? figure_text(own->per_class.at(i)) : "-");
    }
  }
  return rows;
}

}  // namespace ganymede::metrics
