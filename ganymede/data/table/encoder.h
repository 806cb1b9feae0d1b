// Table rows as numbers for networks, and back. What it learned from the data lives in its JSON, so
// that a model decodes without the data.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/data/table/mixture.h"
#include "ganymede/data/table/table.h"

namespace ganymede::data {

struct EncoderOptions {
  bool minmax = false;      // one number in [0, 1] for a number; else a mode and a place in it
  bool conditions = false;  // discrete columns get shares: training by sampling
  MixtureOptions mixture = {};
  // Numbers with at most this many different values become one-hot: each value is a mode.
  int64_t most_levels = 24;
  // A value that at least this share of the cells has is a mode of its own ("0" of capital-gain).
  double special_share = 0.1;
  // Of categories with a place of their own; rarer ones share the last, drawn again by their
  // counts.
  int64_t most_categories = 1000;
};

// How one column is encoded. Places of the one-hot span in this order: modes, special values,
// words, missing; for discrete columns: categories, the rare ones together, missing.
struct ColumnCode {
  int64_t column = 0;
  std::vector<MixtureMode> modes = {};  // numbers and times
  std::vector<double> special = {};     // values of their own
  int64_t words = 0;
  int64_t categories = 0;          // with places of their own
  bool rare = false;               // a place for all other categories
  bool missing = false;            // a place for missing cells
  std::vector<float> shares = {};  // of the places in the data, where they can be conditions
  int64_t places() const {
    return static_cast<int64_t>(modes.size() + special.size()) + words + categories +
           (rare ? 1 : 0) + (missing ? 1 : 0);
  }
};

class Encoder {
 public:
  // Fits mixtures and shares; the same result for any number of threads. Throws DataError when no
  // column can be learned.
  static Encoder fit(const Table& table, const EncoderOptions& options = {});
  static Encoder from_json(const nlohmann::json& json, const std::string& where);
  nlohmann::json to_json() const;

  const TableSchema& schema() const { return *schema_; }
  const std::shared_ptr<const TableSchema>& shared_schema() const { return schema_; }
  const std::vector<ColumnCode>& codes() const { return codes_; }
  const std::vector<Span>& spans() const { return spans_; }
  int64_t width() const { return width_; }
  bool minmax() const { return minmax_; }
  // domain "table", shape [width], spans, domain_state.
  SampleSpec spec() const;

  // What `read` needs of each row, a few bytes for each column. The mode of a number is drawn by
  // its responsibilities (plus 1e-6) from Stream(0, "mode", row), as CTGAN does. Categories that
  // the encoder does not know count as missing where that has a place, else as the commonest.
  static constexpr uint16_t kNoPlace = 0xFFFF;
  struct Rows {
    int64_t count = 0;
    std::vector<std::vector<float>> scalars;    // by code: the number of the scalar or unit span
    std::vector<std::vector<uint16_t>> places;  // by code: the 1 of the one-hot span
  };
  Rows encode(const Table& table) const;
  // Row `index` as float32 [width]. With minmax, spans of missing cells are NaN.
  void read(const Rows& rows, int64_t index, float* out) const;
  at::Tensor tensor(const Rows& rows) const;  // float32 [rows, width]

  // float32 [N, width] back to cells: the largest of a one-hot span decides. Numbers are rounded to
  // the column's decimals and kept in its range; ids go on from the source's by `first_row`; rare
  // categories and the like are drawn from Stream(0, "decode", hash of the row).
  Table decode(const at::Tensor& rows, int64_t first_row = 0) const;

 private:
  Encoder(std::shared_ptr<const TableSchema> schema, std::vector<ColumnCode> codes, bool minmax);

  std::shared_ptr<const TableSchema> schema_;
  std::vector<ColumnCode> codes_;
  std::vector<Span> spans_;
  int64_t width_ = 0;
  bool minmax_ = false;
};

}  // namespace ganymede::data
