#include "ganymede/metrics/draw.h"

#include <ATen/ATen.h>

#include <string>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {

at::Tensor draw_without_replacement(int64_t count, int64_t size, uint64_t seed,
                                    std::string_view purpose, uint64_t round) {
  if (size < 1 || size > count) {
    throw UsageError({.where = "metrics::draw_without_replacement",
                      .found = "a draw of " + std::to_string(size) + " from " +
                               std::to_string(count) + " samples",
                      .allowed = "1 to the number of samples"});
  }
  const Permutation permutation(static_cast<uint64_t>(count), seed, purpose, round);
  at::Tensor chosen = at::empty({size}, at::kLong);
  int64_t* out = chosen.data_ptr<int64_t>();
  for (int64_t i = 0; i < size; ++i) {
    out[i] = static_cast<int64_t>(permutation(static_cast<uint64_t>(i)));
  }
  return chosen;
}

}  // namespace ganymede::metrics
