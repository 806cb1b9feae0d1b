// A data report in words and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ganymede/core/text.h"
#include "ganymede/data/inspect.h"

namespace ganymede::data {
namespace {

constexpr size_t kShownSizes = 5;
constexpr size_t kShownBroken = 10;
constexpr size_t kShownLabels = 40;

std::string line(const char* name, const std::string& value) {
  return fmt::format("{:<11} {}\n", name, value);
}

const char* channel_words(int channels) {
  constexpr const char* kWords[] = {"", "grey", "grey + alpha", "RGB", "RGBA"};
  return kWords[channels];
}

std::string sizes_text(const DataReport& report) {
  std::vector<std::string> parts;
  for (const auto& [size, count] : report.sizes) {
    if (parts.size() == kShownSizes) {
      parts.push_back(fmt::format("{} more sizes", report.sizes.size() - kShownSizes));
      break;
    }
    parts.push_back(fmt::format("{} x {} px", size.first, size.second) +
                    (report.sizes.size() > 1 ? " (" + format_count(count) + ")" : ""));
  }
  return join(parts);
}

std::string channels_text(const DataReport& report) {
  std::vector<std::string> parts;
  for (const auto& [channels, count] : report.channels)
    parts.push_back(channel_words(channels) + (report.channels.size() > 1
                                                   ? " (" + format_count(count) + ")"
                                                   : std::string()));
  std::string text = join(parts);
  const bool stored_color = report.channels.contains(3) || report.channels.contains(4);
  if (report.grey && stored_color) text += "; every pixel is grey";
  if (report.channels.contains(2) || report.channels.contains(4))
    text += "; transparency is read over white";
  if (report.bit_depths.contains(16)) text += "; 16-bit samples are read as 8-bit";
  return text;
}

std::string numbers_text(const std::vector<double>& numbers) {
  std::vector<std::string> parts;
  for (const double number : numbers) parts.push_back(format_number(number));
  return join(parts);
}

std::string labels_text(const DataReport& report) {
  if (report.labels.empty()) return line("labels", "none");
  std::string text = line("labels", fmt::format("{} classes", report.labels.size()));
  for (size_t i = 0; i < report.labels.size() && i < kShownLabels; ++i)
    text += fmt::format("  {:>3}  {:<20} {:>9}\n", i, report.labels[i].name,
                        format_count(report.labels[i].count));
  if (report.labels.size() > kShownLabels)
    text += fmt::format("  and {} more\n", report.labels.size() - kShownLabels);
  return text;
}

std::string broken_text(const DataReport& report) {
  if (report.broken.empty()) return line("broken", "none");
  std::string text = line(
      "broken", format_count(static_cast<int64_t>(report.broken.size())) + ", skipped in training");
  for (size_t i = 0; i < report.broken.size() && i < kShownBroken; ++i)
    text += fmt::format("  {}: {}\n", report.broken[i].path, report.broken[i].reason);
  if (report.broken.size() > kShownBroken)
    text += fmt::format("  and {} more (--json lists all)\n", report.broken.size() - kShownBroken);
  return text;
}

std::string columns_text(const DataReport& report) {
  constexpr size_t kLongestName = 24;
  size_t names = 0;
  int64_t missing = 0;
  for (const ColumnReport& column : report.columns) {
    names = std::max(names, display_width(column.name));
    missing += column.missing;
  }
  std::string text = line("columns", format_count(static_cast<int64_t>(report.columns.size()))) +
                     line("missing", format_count(missing) + " cells") +
                     line("encoded", format_count(report.encoded_width) + " numbers for each row");
  for (const ColumnReport& column : report.columns) {
    const size_t width = std::min(names, kLongestName);
    const size_t gap = width - std::min(width, display_width(column.name));
    text += fmt::format("  {}{}  {:<8}  {}", column.name, std::string(gap, ' '), column.kind,
                        column.content);
    if (column.missing > 0) text += "; " + format_count(column.missing) + " missing";
    text += "; e.g. " + join(column.examples, " | ") + "\n";
  }
  return text + line("duplicates", format_count(report.duplicates));
}

std::string splits_text(const DataReport& report) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : report.splits) parts.push_back(name + " " + format_count(count));
  return join(parts);
}

}  // namespace

std::string report_text(const DataReport& report) {
  std::string text = line("data", report.path) + line("kind", report.kind);
  text += line("samples", format_count(report.samples) +
                              (report.splits.empty() ? "" : " in split " + report.split));
  if (!report.splits.empty()) text += line("splits", splits_text(report));
  for (const auto& [word, note] : report.notes) text += line(word.c_str(), note);
  if (report.domain == "image") {
    text += line("size", sizes_text(report)) + line("channels", channels_text(report));
  } else if (!report.columns.empty()) {
    return text + columns_text(report);
  } else if (!report.mean.empty()) {
    text += line("dimensions", std::to_string(report.mean.size()));
  }
  if (!report.mean.empty()) {
    text += line("range", format_number(report.minimum) + " to " + format_number(report.maximum));
    text +=
        line("mean", numbers_text(report.mean)) + line("deviation", numbers_text(report.deviation));
  }
  text += labels_text(report) + broken_text(report);
  text += line("duplicates", format_count(report.duplicates));
  for (const std::string& name : report.duplicate_names) text += "  " + name + "\n";
  if (!report.ignored.empty()) {
    std::vector<std::string> parts;
    for (const auto& [extension, count] : report.ignored)
      parts.push_back(format_count(count) + " " + extension);
    text += line("ignored", join(parts));
  }
  if (!report.trainable && report.samples > 0)
    text += line("to train", "sizes differ: add --set data.size_px=64");
  return text;
}

nlohmann::json report_json(const DataReport& report) {
  using nlohmann::json;
  json sizes = json::array(), labels = json::array(), broken = json::array();
  for (const auto& [size, count] : report.sizes)
    sizes.push_back({{"width", size.first}, {"height", size.second}, {"count", count}});
  for (const LabelCount& label : report.labels)
    labels.push_back({{"name", label.name}, {"count", label.count}});
  for (const BrokenFile& file : report.broken)
    broken.push_back({{"path", file.path}, {"reason", file.reason}});
  json splits = json::object(), channels = json::object(), depths = json::object();
  for (const auto& [name, count] : report.splits) splits[name] = count;
  for (const auto& [number, count] : report.channels) channels[std::to_string(number)] = count;
  for (const auto& [bits, count] : report.bit_depths) depths[std::to_string(bits)] = count;
  json columns = json::array(), notes = json::object();
  for (const auto& [word, note] : report.notes) notes[word] = note;
  for (const ColumnReport& column : report.columns) {
    columns.push_back({{"name", column.name},
                       {"kind", column.kind},
                       {"content", column.content},
                       {"missing", column.missing},
                       {"examples", column.examples}});
  }
  return {{"path", report.path},
          {"columns", columns},
          {"encoded_width", report.encoded_width},
          {"kind", report.kind},
          {"domain", report.domain},
          {"split", report.split},
          {"samples", report.samples},
          {"splits", splits},
          {"sizes", sizes},
          {"channels", channels},
          {"bit_depths", depths},
          {"grey", report.grey},
          {"trainable", report.trainable},
          {"ignored", report.ignored},
          {"notes", notes},
          {"mean", report.mean},
          {"deviation", report.deviation},
          {"minimum", report.minimum},
          {"maximum", report.maximum},
          {"labels", labels},
          {"broken", broken},
          {"duplicates", report.duplicates},
          {"duplicate_names", report.duplicate_names}};
}

}  // namespace ganymede::data
