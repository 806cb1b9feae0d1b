// Points of one to three dimensions: built-in distributions and arrays.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

// float32 [count, dimensions] in C order, with labels 0 <= label or none. Throws DataError when the
// number of labels differs. `kind` as Dataset::kind().
std::shared_ptr<Dataset> make_point_array(std::vector<float> values, int64_t dimensions,
                                          std::vector<int64_t> labels, std::string name,
                                          std::string kind = "NumPy points");

// ring8, grid25, swissroll or gaussian; null for another name.
std::shared_ptr<Dataset> make_builtin_points(const DataConfig& config);

}  // namespace ganymede::data
