// Real samples that training never sees: what D says of them tells whether it has learned or
// memorised.
#pragma once

#include <memory>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"

namespace ganymede::data {

// All of `dataset` but its held-out samples: the last `count` of a permutation whose key is fixed,
// so that every run on this data holds out the same ones. `dataset` itself for count 0. Throws
// UsageError when no sample would be left.
std::shared_ptr<Dataset> training_part(std::shared_ptr<Dataset> dataset, int64_t count);

// The whole test split of the data that `config` names, whatever split and limit it asks for. Null
// where open_dataset finds no such split.
std::shared_ptr<Dataset> open_test_split(DataConfig config, Progress* progress = nullptr);

// The samples that `training`, which open_dataset(config) gave, does not hold: those of
// config.holdout; without it the data's test split when training uses its train split. Null where
// there is neither, or where the test split holds samples of another shape.
std::shared_ptr<Dataset> open_holdout(const DataConfig& config,
                                      const std::shared_ptr<Dataset>& training,
                                      Progress* progress = nullptr);

}  // namespace ganymede::data
