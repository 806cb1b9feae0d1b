#include "ganymede/metrics/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ganymede/core/text.h"
#include "ganymede/data/domain.h"
#include "ganymede/media/plot.h"

namespace ganymede::metrics {
namespace {

std::string interval_text(const Score& score) {
  if (!std::isfinite(score.low)) return "";
  return figure_text(score.low) + " .. " + figure_text(score.high);
}

std::string value_text(const Score& score) {
  return figure_text(score.value) + (score.unit.empty() ? "" : " " + score.unit);
}

std::vector<std::string> names_of(const std::vector<Record>& records) {
  std::vector<std::string> names;
  for (const Record& record : records) {
    for (const Score& score : record.scores) {
      if (std::find(names.begin(), names.end(), score.name) == names.end())
        names.push_back(score.name);
    }
  }
  return names;
}

// How far a score is from the best there could be, in its own units.
double badness(const Score& score) {
  if (score.better == Better::kLower) return score.value;
  if (score.better == Better::kHigher) return -score.value;
  return std::abs(score.value - score.floor);
}

// The record whose score of this name is best; nothing where fewer than two have it or all are
// alike.
const Score* best_of(const std::vector<Record>& records, const std::string& name) {
  const Score* best = nullptr;
  int64_t seen = 0;
  bool alike = true;
  for (const Record& record : records) {
    const Score* score = find_score(record, name);
    if (!score || !std::isfinite(badness(*score))) continue;
    ++seen;
    if (best && badness(*score) != badness(*best)) alike = false;
    if (!best || badness(*score) < badness(*best)) best = score;
  }
  return seen < 2 || alike ? nullptr : best;
}

media::LinePlot curve_of(const std::vector<Record>& records, const std::string& name) {
  media::Series values{.name = name, .x = {}, .y = {}, .color = std::nullopt};
  media::Series floors{.name = "floor", .x = {}, .y = {}, .color = media::Color{150, 150, 150}};
  for (const Record& record : records) {
    const Score* score = find_score(record, name);
    if (!score) continue;
    values.x.push_back(record.kimg);
    values.y.push_back(score->value);
    floors.x.push_back(record.kimg);
    floors.y.push_back(score->floor);
  }
  media::LinePlot plot;
  plot.labels = {.title = name, .x = "kimg", .y = ""};
  plot.series = {std::move(values)};
  const bool has_floor = std::any_of(floors.y.begin(), floors.y.end(),
                                     [](double value) { return std::isfinite(value); });
  if (has_floor) plot.series.push_back(std::move(floors));
  return plot;
}

}  // namespace

std::string figure_text(double value) {
  if (std::isnan(value)) return "-";
  const double size = std::abs(value);
  constexpr double kMostPlain = 1e6;
  if (size < kMostPlain && value == std::round(value)) return fmt::format("{:.0f}", value);
  if (size != 0 && std::isfinite(size) && (size < 1e-3 || size >= kMostPlain))
    return fmt::format("{:.3e}", value);
  const int whole = size < 1 ? 0 : static_cast<int>(std::log10(size));
  return fmt::format("{:.{}f}", value, size < 1 ? 4 : std::max(0, 3 - whole));
}

TextTable score_table(const Record& record) {
  TextTable rows = {{"SCORE", "VALUE", "95 % INTERVAL", "FLOOR", "BETTER", "NOTE"}};
  for (const Score& score : record.scores) {
    rows.push_back({score.name, value_text(score), interval_text(score), figure_text(score.floor),
                    better_text(score.better), score.note});
  }
  return rows;
}

TextTable class_table(const Record& record) {
  TextTable rows = {{"CLASS"}};
  for (const Score& score : record.scores) {
    if (score.per_class.empty()) continue;
    rows.front().push_back(score.name);
    for (size_t i = 0; i < score.per_class.size(); ++i) {
      if (i + 1 >= rows.size()) {
        rows.push_back({i < record.class_names.size() ? record.class_names[i] : std::to_string(i)});
      }
      rows[i + 1].push_back(figure_text(score.per_class[i]));
    }
  }
  return rows;
}

TextTable comparison_table(const std::vector<Record>& records,
                           const std::vector<std::string>& heads) {
  TextTable rows = {{"SCORE"}};
  rows.front().insert(rows.front().end(), heads.begin(), heads.end());
  rows.front().insert(rows.front().end(), {"FLOOR", "BETTER"});
  for (const std::string& name : names_of(records)) {
    std::vector<std::string> row = {name};
    const Score* best = best_of(records, name);
    const Score* some = nullptr;
    for (const Record& record : records) {
      const Score* score = find_score(record, name);
      row.push_back(score ? value_text(*score) + (score == best ? " *" : "") : "-");
      if (score) some = score;
    }
    row.push_back(figure_text(some->floor));
    row.push_back(better_text(some->better));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> warning_lines(const std::vector<Record>& records,
                                       const std::vector<std::string>& heads) {
  std::vector<std::string> texts;                         // in the order of their first appearance
  std::map<std::string, std::vector<std::string>> whose;  // by text
  for (size_t i = 0; i < records.size(); ++i) {
    for (const std::string& warning : records[i].warnings) {
      auto& owners = whose[warning];
      if (owners.empty()) texts.push_back(warning);
      owners.push_back(i < heads.size() ? heads[i] : std::string());
    }
  }
  std::vector<std::string> lines;
  for (const std::string& text : texts) {
    const auto& owners = whose[text];
    const bool all = owners.size() == records.size();
    lines.push_back(all ? text : fmt::format("{}: {}", fmt::join(owners, ", "), text));
  }
  return lines;
}

std::string settings_line(const Record& record) {
  const Settings& s = record.settings;
  const std::string repeats =
      s.seeds.size() > 1 ? fmt::format("{} x ", s.seeds.size()) : std::string();
  return fmt::format("{} real, {}{} {}; features {}:{} (resize {}), quantised to {}; {} [{}] {} {}",
                     format_count(s.real_samples), repeats, format_count(s.fake_samples),
                     record.checkpoint.empty() ? "judged" : "generated", s.net,
                     s.net_sha256.substr(0, 8), s.resize, s.quantisation, s.data, s.split, s.sample,
                     s.fingerprint);
}

std::vector<ReportPicture> exhibit_pictures(const Exhibits& exhibits, const SampleSpec& spec) {
  std::vector<ReportPicture> pictures;
  const data::Domain& domain = data::domain_of(spec);
  // One picture of all samples where a sample is none.
  const bool together = exhibits.samples.defined() && domain.pictures(exhibits.samples).empty();
  if (exhibits.samples.defined()) {
    const at::Tensor reals = together ? exhibits.reals : at::Tensor();
    pictures.push_back({"Samples", "The first ones of the evaluation, not chosen.",
                        domain.preview(exhibits.samples, reals, {})});
  }
  if (exhibits.reals.defined() && !together) {
    pictures.push_back({"Reference", "Real samples of the same evaluation.",
                        domain.preview(exhibits.reals, {}, {})});
  }
  if (!exhibits.neighbours.empty()) {
    pictures.push_back({"Nearest training samples",
                        "The samples that lie nearest to the training data, each beside its "
                        "neighbours there. Copies look alike.",
                        exhibits.neighbours});
  }
  return pictures;
}

std::vector<ReportPicture> checkpoint_curves(const std::vector<Record>& records) {
  constexpr int kColumns = 2;
  if (records.size() < 2) return {};
  std::vector<media::Panel> panels;
  for (const std::string& name : names_of(records)) panels.emplace_back(curve_of(records, name));
  const int columns = std::min(kColumns, static_cast<int>(panels.size()));
  return {{"Over training", "Each score at each checkpoint, and its floor.",
           media::render_panels(panels, columns, {.width = 480, .height = 300})}};
}

}  // namespace ganymede::metrics
