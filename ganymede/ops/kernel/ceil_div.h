#pragma once

#include <cstdint>

namespace ganymede::ops {

// How many units cover `value`, for values above -unit.
constexpr int64_t ceil_div(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

}  // namespace ganymede::ops
