// Tables as CSV files.
#include <cerrno>
#include <fstream>
#include <system_error>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/table/table.h"
#include "ganymede/media/csv.h"

namespace ganymede::data {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;

}  // namespace

struct TableWriter::State {
  std::filesystem::path path, part;
  std::shared_ptr<const TableSchema> schema;
  std::ofstream file;
  std::string block;

  void end_line(size_t line_start) {
    // A single empty cell would read as an empty line.
    if (block.size() == line_start) block += "\"\"";
    block.push_back('\n');
    if (block.size() >= kBlockBytes) flush();
  }

  void flush() {
    fault_point("file.write", part);
    file.write(block.data(), static_cast<std::streamsize>(block.size()));
    file.flush();
    if (!file) fail();
    block.clear();
  }

  [[noreturn]] void fail() const {
    throw FileError({.where = path.string(),
                     .found = std::generic_category().message(errno != 0 ? errno : EIO),
                     .allowed = "a folder that can be written to"});
  }
};

TableWriter::TableWriter(std::filesystem::path path, std::shared_ptr<const TableSchema> schema)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = std::move(path);
  s.part = s.path;
  s.part += ".part";
  s.schema = std::move(schema);
  errno = 0;
  s.file.open(s.part, std::ios::binary | std::ios::trunc);
  if (!s.file) s.fail();
  if (!s.schema->header) return;
  for (size_t c = 0; c < s.schema->columns.size(); ++c) {
    if (c > 0) s.block.push_back(s.schema->dialect.delimiter);
    media::append_csv_field(s.block, s.schema->columns[c].name, s.schema->dialect.delimiter);
  }
  s.end_line(0);
}

TableWriter::~TableWriter() {
  if (!state_->file.is_open()) return;
  state_->file.close();
  std::error_code ignored;
  std::filesystem::remove(state_->part, ignored);
}

void TableWriter::add(const Table& rows) {
  State& s = *state_;
  for (int64_t row = 0; row < rows.rows(); ++row) {
    const size_t start = s.block.size();
    for (int64_t c = 0; c < rows.columns(); ++c) {
      if (c > 0) s.block.push_back(s.schema->dialect.delimiter);
      media::append_csv_field(s.block, rows.text(row, c), s.schema->dialect.delimiter);
    }
    s.end_line(start);
  }
}

void TableWriter::finish() {
  State& s = *state_;
  s.flush();
  s.file.close();
  std::error_code error;
  std::filesystem::rename(s.part, s.path, error);
  if (error) {
    throw FileError({.where = s.path.string(), .found = error.message()});
  }
}

}  // namespace ganymede::data
