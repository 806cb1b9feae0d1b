#include "ganymede/data/npy_data.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/array_labels.h"
#include "ganymede/data/array_pictures.h"
#include "ganymede/data/points.h"
#include "ganymede/media/npy.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;
using media::DType;
using Arrays = std::map<std::string, media::NpyArray>;

const media::NpyArray* find_first(const Arrays& arrays, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto found = arrays.find(name); found != arrays.end()) return &found->second;
  return nullptr;
}

const media::NpyArray& samples_of(const Arrays& arrays, const fs::path& path) {
  if (const auto* found =
          find_first(arrays, {"images", "arr_0", "x", "data", "samples", "x_train"}))
    return *found;
  if (arrays.size() == 1) return arrays.begin()->second;
  std::vector<std::string> there;
  for (const auto& [name, array] : arrays) there.push_back(name + " " + describe(array));
  throw DataError({path.string(), "arrays " + (there.empty() ? "none" : join(there)),
                   "samples named images, arr_0, x, data or samples"});
}

std::vector<float> floats(const media::NpyArray& array, const fs::path& path) {
  const size_t size = media::element_bytes(array.dtype);
  std::vector<float> result(array.bytes.size() / size);
  if (size == sizeof(float)) {
    std::memcpy(result.data(), array.bytes.data(), array.bytes.size());
  } else {
    for (size_t i = 0; i < result.size(); ++i) {
      double value;
      std::memcpy(&value, array.bytes.data() + i * size, size);
      result[i] = static_cast<float>(value);
    }
  }
  for (size_t i = 0; i < result.size(); ++i) {
    if (std::isfinite(result[i])) continue;
    throw DataError(
        {path.string(), "NaN or infinity at element " + std::to_string(i), "finite numbers"});
  }
  return result;
}

}  // namespace

Source open_npy(const fs::path& path, bool archive, const DataConfig& config) {
  Arrays arrays;
  if (archive)
    arrays = media::read_npz(path);
  else
    arrays.emplace("arr_0", media::read_npy(path));
  const media::NpyArray& samples = samples_of(arrays, path);
  if (config.split == "test") refuse_split(path.string(), config.split, {});
  std::vector<int64_t> labels;
  if (const auto* found = find_first(arrays, {"labels", "y", "arr_1", "y_train"});
      found && found != &samples && config.labels) {
    labels = array_labels(*found, path.string());
  }

  Source source;
  const bool floating = samples.dtype == DType::kF32 || samples.dtype == DType::kF64;
  const auto layout = layout_of(samples.shape);
  if (samples.dtype == DType::kU8 && layout) {
    PictureSet set;
    set.kind = "NumPy array";
    set.path = path.string();
    set.reader = make_array_reader(samples.bytes, *layout, path.string());
    if (!labels.empty()) set_labels(set, std::move(labels));
    source.pictures = std::move(set);
  } else if (floating && samples.shape.size() == 2 && samples.shape[0] > 0 &&
             samples.shape[1] >= 1 && samples.shape[1] <= 3) {
    std::vector<float> values = floats(samples, path);
    const auto limit = static_cast<size_t>(config.limit);
    if (limit > 0 && limit < static_cast<size_t>(samples.shape[0])) {
      values.resize(limit * static_cast<size_t>(samples.shape[1]));
      labels.resize(std::min(labels.size(), limit));
    }
    source.rows =
        make_point_array(std::move(values), samples.shape[1], std::move(labels), path.string());
  } else {
    throw DataError({path.string(), describe(samples),
                     "pictures as uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] with C of 1, 3, 4; "
                     "points as float32 [N, D] with D of 1 to 3"});
  }
  return source;
}

}  // namespace ganymede::data
