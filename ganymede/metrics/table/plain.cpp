#include "ganymede/metrics/table/plain.h"

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/data/table/table_data.h"

namespace ganymede::metrics {

PlainTable plain_table(const data::Table& table) {
  PlainTable plain;
  for (int64_t c = 0; c < table.columns(); ++c) {
    const data::Column& column = table.column(c);
    if (!column.is_continuous() && !column.is_discrete()) continue;
    PlainColumn result{
        .name = column.name,
        .numeric = column.is_continuous(),
        .integer = column.integer(),
        .categories = column.is_discrete() ? column.categories : std::vector<std::string>()};
    if (result.numeric)
      result.numbers = table.cells(c).numbers;
    else
      result.codes = table.cells(c).codes;
    plain.columns.push_back(std::move(result));
  }
  return plain;
}

bool has_columns(const SampleSpec& spec) { return !spec.spans.empty(); }

PlainTable columns_of(const data::Dataset& dataset, const std::vector<int64_t>& indices) {
  const auto* stored = dynamic_cast<const data::TableDataset*>(&dataset);
  if (stored != nullptr) return plain_table(stored->table().take(indices));
  return decoded_columns(data::read_batch(dataset, indices).samples, dataset.spec());
}

PlainTable decoded_columns(const at::Tensor& samples, const SampleSpec& spec) {
  if (spec.domain_state.empty()) {
    throw UsageError({.where = "table metrics",
                      .found = "samples of the domain " + spec.domain,
                      .allowed = "rows of a table"});
  }
  const auto encoder =
      data::Encoder::from_json(nlohmann::json::parse(spec.domain_state), "domain_state");
  return plain_table(encoder.decode(samples));
}

}  // namespace ganymede::metrics
