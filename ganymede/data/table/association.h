// How strongly columns go together, whatever their kinds.
#pragma once

#include <vector>

#include "ganymede/data/table/table.h"

namespace ganymede::data {

// columns x columns values for the learnable columns `columns`, row by row: Pearson's correlation
// of two numbers, in [-1, 1]; the correlation ratio (eta) of a number and a category and Cramer's V
// of two categories, in [0, 1]. Rows where either cell is missing are left out; 0 where it is not
// defined.
std::vector<double> associations(const Table& table, const std::vector<int64_t>& columns);

}  // namespace ganymede::data
