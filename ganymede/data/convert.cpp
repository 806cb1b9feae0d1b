#include "ganymede/data/convert.h"

#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/file_data.h"
#include "ganymede/data/image_dataset.h"
#include "ganymede/data/label_file.h"
#include "ganymede/data/parallel.h"
#include "ganymede/media/png.h"
#include "ganymede/media/zip.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPerFolder = 1000;
constexpr int64_t kPortion = 256;  // pictures encoded together
constexpr int kPngLevel = 6;

void check_target(const fs::path& target, bool force) {
  if (target.extension() != ".zip")
    throw UsageError(
        {target.string(), "a target that is no .zip", "a file name that ends in .zip"});
  if (fs::exists(target) && !force)
    throw UsageError({target.string(), "exists already", "a new file", "--force to replace it"});
}

std::string member_name(int64_t index) {
  return fmt::format("{:05}/img{:08}.png", index / kPerFolder, index);
}

}  // namespace

ConvertResult convert_to_zip(const DataConfig& config, const fs::path& target, bool force,
                             Progress* progress) {
  check_target(target, force);
  Source source = open_source(config);
  if (!source.pictures)
    throw UsageError({config.path, "points", "pictures", "points are kept as .npz or .npy"});
  const ImageDataset set(std::move(*source.pictures), config, nullptr);
  media::ZipWriter zip(target);
  std::vector<std::string> names;
  LabelFile labels{{}, set.spec().classes, set.class_names()};
  for (int64_t first = 0; first < set.size(); first += kPortion) {
    const int64_t count = std::min(kPortion, set.size() - first);
    std::vector<std::string> encoded(static_cast<size_t>(count));
    parallel_for_each(count, [&](int64_t i) {
      encoded[i] = media::encode_png(set.picture(first + i), kPngLevel);
    });
    for (int64_t i = 0; i < count; ++i) {
      names.push_back(member_name(first + i));
      zip.add(names.back(), encoded[i]);
      if (set.spec().classes > 0) labels.labels.push_back(set.label(first + i));
    }
    if (progress)
      progress->update({static_cast<double>(first + count), static_cast<double>(set.size()), {}});
  }
  zip.add(kLabelFile, format_label_file(names, labels));
  zip.finish();
  return {set.size(), static_cast<int64_t>(fs::file_size(target)), set.broken()};
}

}  // namespace ganymede::data
