#include "ganymede/data/table/inspect_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/table/table_preview.h"

namespace ganymede::data {
namespace {

constexpr int64_t kExamples = 3;
constexpr size_t kShownCategories = 4;
constexpr int64_t kShownRows = 20'000;  // on the sheet

std::string categories_text(const Column& column, int64_t rows) {
  std::string text = format_count(static_cast<int64_t>(column.categories.size())) + " categories: ";
  for (size_t i = 0; i < std::min(column.categories.size(), kShownCategories); ++i) {
    const double share = static_cast<double>(column.counts[i]) / static_cast<double>(rows);
    text += fmt::format("{}{} {:.1f} %", i == 0 ? "" : ", ", json_string(column.categories[i]),
                        100 * share);
  }
  if (column.categories.size() > kShownCategories) text += ", ...";
  return text;
}

std::string content_of(const Column& column, int64_t rows) {
  switch (column.kind) {
    case ColumnKind::kNumber: {
      std::string text =
          column.number_text(column.minimum) + " to " + column.number_text(column.maximum);
      if (column.decimals > 0) text += fmt::format(", {} decimals", column.decimals);
      if (column.integer()) text += ", whole";
      if (!column.words.empty()) text += ", and the words " + join(column.words);
      return text;
    }
    case ColumnKind::kDatetime:
      return column.number_text(column.minimum) + " to " + column.number_text(column.maximum) +
             ", written " + column.format;
    case ColumnKind::kId:
      return "made anew as " + column.pattern;
    case ColumnKind::kConstant:
      return column.categories.empty() ? "nothing" : "always " + json_string(column.categories[0]);
    default:
      return categories_text(column, rows);
  }
}

int64_t count_duplicates(const Table& table) {
  std::unordered_set<uint64_t> seen;
  int64_t duplicates = 0;
  for (int64_t row = 0; row < table.rows(); ++row) {
    uint64_t hash = 0;
    for (int64_t c = 0; c < table.columns(); ++c) {
      const Cells& cells = table.cells(c);
      const auto r = static_cast<size_t>(row);
      const auto mix = [&](const auto& value) {
        hash = xxh3({reinterpret_cast<const char*>(&value), sizeof(value)}, hash);
      };
      if (!cells.numbers.empty()) mix(cells.numbers[r]);
      if (!cells.codes.empty()) mix(cells.codes[r]);
    }
    if (!seen.insert(hash).second) ++duplicates;
  }
  return duplicates;
}

}  // namespace

DataReport inspect_table(const TableDataset& set, const DataConfig& config) {
  const Table& table = set.table();
  DataReport report;
  report.path = config.path;
  report.kind = set.kind();
  report.domain = "table";
  report.split = config.split;
  report.samples = table.rows();
  report.encoded_width = set.encoder().width();
  for (int64_t c = 0; c < table.columns(); ++c) {
    const Column& column = table.column(c);
    ColumnReport own{.name = column.name,
                     .kind = name_of(column.kind),
                     .content = content_of(column, table.rows()),
                     .missing = column.missing,
                     .examples = {}};
    for (int64_t row = 0; row < std::min(table.rows(), kExamples); ++row) {
      own.examples.push_back(table.text(row, c));
    }
    report.columns.push_back(std::move(own));
  }
  report.duplicates = count_duplicates(table);
  std::vector<int64_t> shown(static_cast<size_t>(std::min(table.rows(), kShownRows)));
  for (size_t i = 0; i < shown.size(); ++i) shown[i] = static_cast<int64_t>(i);
  report.sheet = table_preview(table.take(shown), nullptr, "");
  return report;
}

}  // namespace ganymede::data
