#include "ganymede/data/table/table.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/core/text.h"
#include "ganymede/data/table/datetime.h"
#include "ganymede/data/table/profile.h"
#include "ganymede/data/table/rows.h"

namespace ganymede::data {
namespace {

using Places = std::unordered_map<std::string, int32_t, TextHash, std::equal_to<>>;

// Puts the cells of one column where they belong.
class ColumnReader {
 public:
  ColumnReader(const Column& column, Cells& cells, const TextSet& missing,
               const media::CsvReader& reader, bool decimal_comma, bool foreign)
      : column_(column),
        cells_(cells),
        missing_(missing),
        reader_(reader),
        decimal_comma_(decimal_comma),
        foreign_(foreign) {
    const auto& texts = column.is_discrete() ? column.categories : column.words;
    for (size_t i = 0; i < texts.size(); ++i) places_[texts[i]] = static_cast<int32_t>(i);
  }

  void add(const media::CsvField& field) {
    const std::string_view text = trimmed(field.text);
    const bool missing = missing_.find(text) != missing_.end();
    switch (column_.kind) {
      case ColumnKind::kNumber:
      case ColumnKind::kDatetime:
        add_number(field, text, missing);
        break;
      case ColumnKind::kCategory:
      case ColumnKind::kBoolean:
        add_category(field, missing);
        break;
      case ColumnKind::kId:
        cells_.texts.add(field.text);
        set_missing(missing);
        break;
      case ColumnKind::kConstant:
        set_missing(missing || column_.categories.empty());
        break;
    }
  }

  // Says once what was not known.
  ~ColumnReader() {
    if (unknown_ == 0) return;
    log_warning(
        "[{}] {} cells of column \"{}\" hold categories that the model does not know; they "
        "count as missing",
        reader_.where(), unknown_, column_.name);
  }
  ColumnReader(ColumnReader&&) = delete;

 private:
  void set_missing(bool missing) {
    ++rows_;
    if (missing && cells_.missing.empty()) cells_.missing.resize(static_cast<size_t>(rows_) - 1, 0);
    if (missing || !cells_.missing.empty()) cells_.missing.push_back(missing ? 1 : 0);
  }

  void add_number(const media::CsvField& field, std::string_view text, bool missing) {
    std::optional<double> value;
    int32_t word = -1;
    if (!missing) {
      value = column_.kind == ColumnKind::kDatetime ? parse_datetime(text, column_.format)
                                                    : media::parse_csv_number(text, decimal_comma_);
      if (!value || !std::isfinite(*value)) {
        const auto found = places_.find(field.text);
        if (found == places_.end()) refuse(field);
        word = found->second;
        value.reset();
      }
    }
    cells_.numbers.push_back(value.value_or(std::nan("")));
    if (!column_.words.empty()) cells_.codes.push_back(word);
    set_missing(missing);
  }

  void add_category(const media::CsvField& field, bool missing) {
    int32_t code = -1;
    if (!missing) {
      const auto found = places_.find(field.text);
      if (found != places_.end()) {
        code = found->second;
      } else if (foreign_) {
        ++unknown_;
      } else {
        refuse(field);
      }
    }
    cells_.codes.push_back(code);
    set_missing(code < 0);
  }

  [[noreturn]] void refuse(const media::CsvField& field) const {
    constexpr size_t kShown = 40;
    const char* allowed = column_.is_discrete()                   ? "one of its categories"
                          : column_.kind == ColumnKind::kDatetime ? "a time of its format"
                                                                  : "a finite number";
    reader_.fail(field,
                 json_string(field.text.substr(0, kShown)) + " in column \"" + column_.name + "\"",
                 allowed);
  }

  const Column& column_;
  Cells& cells_;
  const TextSet& missing_;
  const media::CsvReader& reader_;
  bool decimal_comma_;
  bool foreign_;
  Places places_;
  int64_t rows_ = 0;
  int64_t unknown_ = 0;
};

void check_names(const TableRows& rows, const std::vector<media::CsvField>& first,
                 const TableSchema& schema) {
  if (first.size() != schema.columns.size()) {
    rows.reader().fail(first.back(), fmt::format("{} columns", first.size()),
                       fmt::format("{}, as in the schema", schema.columns.size()));
  }
  if (!schema.header) return;
  for (size_t c = 0; c < first.size(); ++c) {
    if (first[c].text == schema.columns[c].name) continue;
    rows.reader().fail(first[c], "the column " + json_string(first[c].text),
                       json_string(schema.columns[c].name) + ", as in the schema");
  }
}

template <typename T>
void take_rows(const std::vector<T>& from, const std::vector<int64_t>& which, std::vector<T>& to) {
  if (from.empty()) return;
  to.reserve(which.size());
  for (const int64_t row : which) to.push_back(from[static_cast<size_t>(row)]);
}

}  // namespace

Table read_table(const std::filesystem::path& path, std::shared_ptr<const TableSchema> schema,
                 const ReadOptions& options) {
  Table table(schema);
  media::CsvDialect dialect = schema->dialect;
  if (options.foreign) dialect = find_dialect(path);
  TableRows rows(path, dialect);
  std::vector<media::CsvField> row;
  if (!rows.next(row)) {
    throw DataError(
        {.where = path.string() + ":1:1", .found = "no rows", .allowed = "a header and rows"});
  }
  check_names(rows, row, *schema);
  const TextSet missing(schema->missing.begin(), schema->missing.end());
  std::vector<std::unique_ptr<ColumnReader>> readers;
  for (int64_t c = 0; c < table.columns(); ++c) {
    readers.push_back(std::make_unique<ColumnReader>(table.column(c), table.cells(c), missing,
                                                     rows.reader(), dialect.decimal_comma,
                                                     options.foreign));
  }
  int64_t count = 0;
  bool more = schema->header ? rows.next(row) : true;
  while (more && (options.row_limit == 0 || count < options.row_limit)) {
    for (size_t c = 0; c < row.size(); ++c) readers[c]->add(row[c]);
    ++count;
    more = rows.next(row);
  }
  table.set_rows(count);
  if (count == 0) {
    throw DataError(
        {.where = path.string() + ":1:1", .found = "no rows", .allowed = "one or more"});
  }
  return table;
}

Table read_table(const std::filesystem::path& path) {
  return read_table(path, std::make_shared<TableSchema>(infer_schema(path)));
}

Table Table::take(const std::vector<int64_t>& which) const {
  Table result(schema_);
  result.rows_ = static_cast<int64_t>(which.size());
  for (size_t c = 0; c < cells_.size(); ++c) {
    const Cells& from = cells_[c];
    Cells& to = result.cells_[c];
    take_rows(from.numbers, which, to.numbers);
    take_rows(from.codes, which, to.codes);
    take_rows(from.missing, which, to.missing);
    if (from.texts.size() == 0) continue;
    for (const int64_t row : which) to.texts.add(from.texts[row]);
  }
  return result;
}

std::string Table::text(int64_t row, int64_t c) const {
  const Column& form = column(c);
  const Cells& own = cells(c);
  const auto r = static_cast<size_t>(row);
  if (own.is_missing(row)) return form.missing_text;
  switch (form.kind) {
    case ColumnKind::kId:
      return std::string(own.texts[row]);
    case ColumnKind::kConstant:
      return form.categories.empty() ? form.missing_text : form.categories[0];
    case ColumnKind::kCategory:
    case ColumnKind::kBoolean:
      return form.categories.at(static_cast<size_t>(own.codes[r]));
    default:
      break;
  }
  if (!own.codes.empty() && own.codes[r] >= 0) {
    return form.words.at(static_cast<size_t>(own.codes[r]));
  }
  return form.number_text(own.numbers[r], schema_->dialect.decimal_comma);
}

}  // namespace ganymede::data
