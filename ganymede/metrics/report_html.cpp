// The page of an evaluation.
#include <fmt/format.h>

#include <cmath>

#include "ganymede/core/base64.h"
#include "ganymede/core/text.h"
#include "ganymede/media/png.h"
#include "ganymede/metrics/report.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --page: #fff;
  --tint: #f5f7f9; --warn: #9a3b00; --warn-page: #fff4ea; --best: #0b6b3a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --line: #333c48;
  --page: #14181e; --tint: #1b2129; --warn: #ffb27a; --warn-page: #33210f; --best: #6fd79f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 2rem 1.25rem 4rem; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.best { color: var(--best); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.warning { border-left: 4px solid var(--warn); background: var(--warn-page); color: var(--warn);
  padding: .5rem .9rem; margin: .5rem 0; }
figure { margin: 0 0 1.5rem; }
figure img { display: block; max-width: 100%; height: auto; background: #fff; padding: 6px;
  border: 1px solid var(--line); border-radius: 6px; }
figcaption { color: var(--soft); margin: .25rem 0 .5rem; }
)";

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe.push_back(c);
    }
  }
  return safe;
}

bool is_figure_column(const std::string& head) {
  return head == "VALUE" || head == "95 % INTERVAL" || head == "FLOOR";
}

// Cells that end in a star are the best of their row.
std::string cell(const std::string& text, const char* tag, bool number) {
  const bool best = text.ends_with(" *");
  const std::string shown = best ? text.substr(0, text.size() - 2) : text;
  const std::string classes = std::string(number ? "number" : "") + (best ? " best" : "");
  const std::string attribute = classes.empty() ? "" : fmt::format(" class=\"{}\"", classes);
  return fmt::format("<{0}{1}>{2}</{0}>", tag, attribute, escaped(shown));
}

std::string table_html(const TextTable& table, bool all_figures) {
  std::string html = "<div class=\"scroll\"><table>\n";
  const std::vector<std::string>& heads = table.front();
  for (const auto& row : table) {
    const bool is_head = &row == &table.front();
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const bool middle = i > 0 && i + 1 < row.size();
      const bool number = all_figures ? middle : is_figure_column(heads[i]);
      html += cell(row[i], is_head ? "th" : "td", number);
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string warnings_html(const Report& report) {
  std::string html;
  for (const std::string& line : warning_lines(report.records, report.heads)) {
    html += "<p class=\"warning\">" + escaped(line) + "</p>\n";
  }
  return html;
}

std::string seeds_text(const Settings& settings) {
  std::string text;
  for (const uint64_t seed : settings.seeds) {
    const uint64_t last = seed + static_cast<uint64_t>(settings.fake_samples) - 1;
    text += fmt::format("{}{}-{}", text.empty() ? "" : ", ", seed, last);
  }
  return text;
}

std::string settings_html(const Record& record) {
  const Settings& s = record.settings;
  const std::vector<std::pair<const char*, std::string>> rows = {
      {"Reference", fmt::format("{} ({}), split {}, fingerprint {}", s.data, s.data_kind, s.split,
                                s.fingerprint)},
      {"Samples", fmt::format("{} real; {} judged in each of {} repeats; floor over {}",
                              format_count(s.real_samples), format_count(s.fake_samples),
                              s.seeds.size(), format_count(s.floor_samples))},
      {"Seeds", seeds_text(s)},
      {"Shape", s.sample + ", " + s.crop},
      {"Features", fmt::format("{}, SHA-256 {}", s.net, s.net_sha256)},
      {"Resizing for features", s.resize},
      {"Quantised to", s.quantisation},
      {"Flips", s.flips ? "yes" : "no"},
      {"Training data", s.training_fingerprint.empty()
                            ? "not looked at"
                            : fmt::format("{} samples of {} ({})", format_count(s.training_samples),
                                          s.training.empty() ? "the reference" : s.training,
                                          s.training_fingerprint)},
      {"Program", record.version},
      {"Made", fmt::format("{}, in {:.1f} s", record.time, record.seconds)}};
  std::string html = "<dl>\n";
  for (const auto& [name, value] : rows)
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escaped(value));
  return html + "</dl>\n";
}

std::string subject_html(const Record& record) {
  std::string text = record.subject_kind + " " + record.subject;
  if (std::isfinite(record.kimg)) text += fmt::format(", {} kimg", format_number(record.kimg));
  return "<p class=\"soft\">" + escaped(text) + "</p>\n";
}

std::string picture_html(const ReportPicture& picture) {
  return fmt::format(
      "<figure><h2>{0}</h2><figcaption>{1}</figcaption><img alt=\"{0}\" width=\"{2}\" "
      "src=\"data:image/png;base64,{3}\"></figure>\n",
      escaped(picture.title), escaped(picture.caption), picture.image.width,
      base64(media::encode_png(picture.image)));
}

}  // namespace

std::string report_html(const Report& report) {
  const bool several = report.records.size() > 1;
  const std::string title = escaped(report.title);
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
      "name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
      title, kStyle);
  if (!several) html += subject_html(report.records.front());
  html += warnings_html(report);
  html += "<h2>Scores</h2>\n";
  html += several ? table_html(comparison_table(report.records, report.heads), true)
                  : table_html(score_table(report.records.front()), false);
  html +=
      "<p class=\"soft\">Floor: the same figure of real samples against other real samples. A "
      "generator cannot honestly be expected to do better.</p>\n";
  for (size_t i = 0; i < report.records.size(); ++i) {
    const TextTable classes = class_table(report.records[i]);
    if (classes.size() < 2) continue;
    const std::string whose = several ? ": " + escaped(report.heads.at(i)) : "";
    html += "<h2>By class" + whose + "</h2>\n" + table_html(classes, true);
  }
  for (const ReportPicture& picture : report.pictures) html += picture_html(picture);
  html += "<h2>How the figures were made</h2>\n" + settings_html(report.records.front());
  return html + "</body>\n</html>\n";
}

}  // namespace ganymede::metrics
