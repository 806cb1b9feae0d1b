// As many samples as wanted, chosen by a condition and written as they come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/domain.h"

namespace ganymede::data {

// Samples of seeds, float32 [seeds, ...]; the condition is float32 [seeds, condition_width] or
// undefined (each sample draws its own).
using SampleMaker =
    std::function<at::Tensor(const std::vector<uint64_t>& seeds, const at::Tensor& condition)>;

struct SampleWish {
  int64_t count = 1;
  uint64_t seed = 0;
  std::string where = {};  // empty: every sample will do
};

// Candidate i has the i-th seed of Stream(wish.seed, "sample"); the first `count` of them that
// fulfil the condition are written, whatever the size of the pieces in which they are made. Memory
// is that of a piece where Domain::stream() knows the format. Returns the paths. Throws UsageError
// for a condition that no row can fulfil, or that so few do that looking on is no use.
std::vector<std::filesystem::path> write_samples(const Domain& domain, const SampleMaker& make,
                                                 const SampleWish& wish,
                                                 const std::filesystem::path& path,
                                                 const PreviewOptions& options,
                                                 Progress* progress = nullptr);

}  // namespace ganymede::data
