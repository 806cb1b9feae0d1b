// CIFAR-10 and CIFAR-100 in their binary versions.
#pragma once

#include <filesystem>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// The folder with data_batch_*.bin / test_batch.bin (CIFAR-10) or train.bin / test.bin (CIFAR-100):
// `folder` itself or the one that the official archive makes within it; empty when there is none.
std::filesystem::path find_cifar_folder(const std::filesystem::path& folder);

// `path` is such a folder or one .bin file (then the split is what the file is). CIFAR-100 has its
// 100 fine labels. Class names come from batches.meta.txt or fine_label_names.txt. Throws
// DataError.
PictureSet open_cifar(const std::filesystem::path& path, const DataConfig& config);

}  // namespace ganymede::data
