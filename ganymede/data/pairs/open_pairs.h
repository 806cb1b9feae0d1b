// Pairs of pictures, and pictures to colorize, from folders and archives.
#pragma once

#include <filesystem>
#include <memory>

#include "ganymede/core/progress.h"
#include "ganymede/data/pairs/pair_dataset.h"

namespace ganymede::data {

// Whether config.form asks for pairs, or, with "auto", the folders of `path` name two sides.
bool fits_pairs(const std::filesystem::path& path, const DataConfig& config);

// The pairs at `path` by config.form: side_by_side, folders, unpaired (pair_layout.h; two classes
// of labelled pictures where config.sides names them or no folder is a side), lab (every picture is
// to be colorized) or auto. Throws DataError as lay_out_pairs and PairDataset do, UsageError where
// there are not two classes.
std::shared_ptr<PairDataset> read_pairs(const std::filesystem::path& path, const DataConfig& config,
                                        Progress* progress = nullptr);
std::shared_ptr<Dataset> open_pairs(const std::filesystem::path& path, const DataConfig& config,
                                    Progress* progress);

}  // namespace ganymede::data
