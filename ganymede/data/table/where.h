// Conditions on table rows as people write them: "income='>50K' and age >= 40".
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "ganymede/data/domain.h"
#include "ganymede/data/table/encoder.h"

namespace ganymede::data {

// What one column may hold.
struct ColumnCondition {
  int64_t column = 0;
  // Discrete columns: the categories allowed, ascending.
  std::vector<int32_t> categories = {};
  // Numbers and times: these values (when any are given) within these bounds, or these words.
  std::vector<double> values = {};
  std::vector<double> forbidden = {};
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;
  std::vector<int32_t> words = {};
  bool missing = false;  // missing cells are allowed
  bool numbers = true;   // numbers are allowed
};

// Terms joined by "and": COLUMN = VALUE, != VALUE, in (VALUE, ...), < <= > >= VALUE, is missing, is
// not missing. Values stand bare or in quotes (' or "), with '' for a quote inside; a category is
// also found without the spaces around it. Columns stand bare or in double quotes. Throws
// UsageError that shows the place for text of another form, and for what no row of the training
// data's categories and ranges fulfils.
std::vector<ColumnCondition> parse_where(const std::string& text, const TableSchema& schema);

// Places of the rows that fulfil all of them.
std::vector<int64_t> matching_rows(const Table& table,
                                   const std::vector<ColumnCondition>& conditions);

// Rejection, with the condition vector set to the rarest of the categories that are asked for.
class TableFilter final : public SampleFilter {
 public:
  TableFilter(std::shared_ptr<const Encoder> encoder, const std::string& where);
  at::Tensor conditions(const std::vector<uint64_t>& seeds) const override;
  std::vector<int64_t> accepted(const at::Tensor& samples) const override;

 private:
  std::shared_ptr<const Encoder> encoder_;
  std::vector<ColumnCondition> conditions_;
  int64_t offset_ = 0;          // of the chosen column in the condition vector
  std::vector<double> shares_;  // of its places that may be set; empty: nothing to set
};

}  // namespace ganymede::data
