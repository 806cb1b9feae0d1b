// Rows in memory, column by column, by a schema.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/data/table/schema.h"

namespace ganymede::data {

// One after the other in one piece of memory.
class TextPool {
 public:
  void add(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(bytes_.size());
  }
  std::string_view operator[](int64_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[static_cast<size_t>(i) - 1];
    return std::string_view(bytes_).substr(begin, ends_[static_cast<size_t>(i)] - begin);
  }
  int64_t size() const { return static_cast<int64_t>(ends_.size()); }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

// The cells of one column; only what its kind needs is filled.
struct Cells {
  // Numbers and times: NaN where the cell is missing or a word.
  std::vector<double> numbers = {};
  // Categories and booleans: place in Column::categories, -1 where missing. Numbers with words:
  // place in Column::words, -1 for a number or a missing cell; empty without words.
  std::vector<int32_t> codes = {};
  TextPool texts = {};                // ids
  std::vector<uint8_t> missing = {};  // 1 where the cell is missing; empty: nowhere
  bool is_missing(int64_t row) const {
    return !missing.empty() && missing[static_cast<size_t>(row)] != 0;
  }
};

class Table {
 public:
  // All columns empty.
  explicit Table(std::shared_ptr<const TableSchema> schema)
      : schema_(std::move(schema)), cells_(schema_->columns.size()) {}

  const TableSchema& schema() const { return *schema_; }
  const std::shared_ptr<const TableSchema>& shared_schema() const { return schema_; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return static_cast<int64_t>(cells_.size()); }
  const Column& column(int64_t c) const { return schema_->columns[static_cast<size_t>(c)]; }
  const Cells& cells(int64_t c) const { return cells_[static_cast<size_t>(c)]; }
  Cells& cells(int64_t c) { return cells_[static_cast<size_t>(c)]; }
  void set_rows(int64_t rows) { rows_ = rows; }

  // The rows `which`, in that order.
  Table take(const std::vector<int64_t>& which) const;
  // The cell as its file writes it, without quotes.
  std::string text(int64_t row, int64_t column) const;

 private:
  std::shared_ptr<const TableSchema> schema_;
  std::vector<Cells> cells_;
  int64_t rows_ = 0;
};

struct ReadOptions {
  int64_t row_limit = 0;  // 0: all
  // Other rows than those that the schema was made of: categories it does not know count as
  // missing, with a warning.
  bool foreign = false;
};

// The rows of a file by a schema, whose columns it must have in that order. A category that the
// schema does not know, a number that is none, a date that does not exist are DataErrors with line
// and column; numbers beyond the schema's range are kept.
Table read_table(const std::filesystem::path& path, std::shared_ptr<const TableSchema> schema,
                 const ReadOptions& options = {});

// infer_schema and read_table in one.
Table read_table(const std::filesystem::path& path);

// Writes rows in pieces with the schema's delimiter, header, spellings; at its path after finish().
class TableWriter {
 public:
  TableWriter(std::filesystem::path path, std::shared_ptr<const TableSchema> schema);
  ~TableWriter();  // without finish() nothing is left
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;
  void add(const Table& rows);
  void finish();  // throws FileError, as add() does

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ganymede::data
