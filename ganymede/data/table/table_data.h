// A table as a data set of encoded rows.
#pragma once

#include <memory>

#include "ganymede/data/dataset.h"
#include "ganymede/data/table/encoder.h"

namespace ganymede::data {

// The data set holds the table's encoded rows and the table itself.
class TableDataset final : public Dataset {
 public:
  TableDataset(std::shared_ptr<const Table> table, std::shared_ptr<const Encoder> encoder);

  const Table& table() const { return *table_; }
  const Encoder& encoder() const { return *encoder_; }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return rows_.count; }
  void read(int64_t index, float* out) const override;
  int64_t label(int64_t) const override { return -1; }
  // Training by sampling (CTGAN 4.3): a discrete column uniformly, one of its categories by
  // log(1 + count), a row of that category uniformly.
  int64_t draw(Stream& random, float* condition) const override;
  std::string kind() const override { return "table"; }
  std::string name(int64_t index) const override { return "row " + std::to_string(index + 1); }
  std::string fingerprint() const override { return fingerprint_; }

 private:
  struct Choice;  // one conditional column
  std::shared_ptr<const Table> table_;
  std::shared_ptr<const Encoder> encoder_;
  SampleSpec spec_;
  Encoder::Rows rows_;
  std::vector<std::shared_ptr<const Choice>> choices_;
  std::string fingerprint_;
};

// By config: path, schema, encoding, conditions, limit, holdout. With `encoder`, that encoding and
// its schema instead (a model judged by other rows).
std::shared_ptr<TableDataset> open_table(const DataConfig& config,
                                         std::shared_ptr<const Encoder> encoder = nullptr);

}  // namespace ganymede::data
