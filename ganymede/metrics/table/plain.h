// Columns for the metrics of tables from what a data set stores, or from encoded rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/data/dataset.h"
#include "ganymede/data/table/table.h"
#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

// Numbers and times as numeric columns (times in seconds), categories and booleans as codes; ids
// and constants say nothing and are left out. Words among numbers count as missing.
PlainTable plain_table(const data::Table& table);

// Whether samples are rows of a table.
bool has_columns(const SampleSpec& spec);

// The rows at `indices`: as the table stores them, or else decoded.
PlainTable columns_of(const data::Dataset& dataset, const std::vector<int64_t>& indices);

// Encoded rows, float32 [N, ...spec.shape].
PlainTable decoded_columns(const at::Tensor& samples, const SampleSpec& spec);

}  // namespace ganymede::metrics
