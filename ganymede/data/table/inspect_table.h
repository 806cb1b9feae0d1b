// What a table holds, for `gan data info`.
#pragma once

#include "ganymede/data/inspect.h"
#include "ganymede/data/table/table_data.h"

namespace ganymede::data {

DataReport inspect_table(const TableDataset& set, const DataConfig& config);

}  // namespace ganymede::data
