// Events of a detector as a data set.
#pragma once

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"

namespace ganymede::data {

// Whether the file begins like hits with parameters, or with a header (media/hits.h).
bool resembles_detector(const std::filesystem::path& path, const DataConfig& config);

// Hits as text (media/hits.h): samples [1, pads, times] on a grid around them, of 8 pads and 16
// times or more (multiples of 8), given their parameters where they have any. A .npz or .npy with
// one array [N, C, H, W] or [N, H, W] of non-negative amounts: samples of that shape. The last
// tenth of the events is the test split; the training split is the rest. Throws DataError.
std::shared_ptr<Dataset> open_detector(const std::filesystem::path& path, const DataConfig& config,
                                       Progress* progress);

}  // namespace ganymede::data
