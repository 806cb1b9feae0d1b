// What pairs of pictures are, for people.
#pragma once

#include "ganymede/data/inspect.h"
#include "ganymede/data/pairs/pair_dataset.h"

namespace ganymede::data {

// Looks at every sample and what it is made from; the sheet shows both side by side.
DataReport inspect_pairs(const PairDataset& pairs, const DataConfig& config);

}  // namespace ganymede::data
