#include "ganymede/data/voxels/voxel_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/array_labels.h"
#include "ganymede/data/folder_labels.h"
#include "ganymede/data/parallel.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/data/pictures.h"
#include "ganymede/data/voxels/solid.h"
#include "ganymede/media/binvox.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/off.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;
using media::DType;

constexpr int64_t kSmallestSide = 8;
constexpr int64_t kMeshSide = 32;
constexpr int64_t kMostClasses = 65536;

// All solids in memory, a bit for each voxel.
class VoxelDataset final : public Dataset {
 public:
  VoxelDataset(std::string kind, int64_t side) : kind_(std::move(kind)) {
    spec_.domain = "voxels";
    spec_.shape = {1, side, side, side};
  }

  void add(std::vector<uint8_t> bits, std::string name) {
    bits_.push_back(std::move(bits));
    names_.push_back(std::move(name));
  }
  void set_labels(std::vector<int64_t> labels, int64_t classes, std::vector<std::string> names) {
    labels_ = std::move(labels);
    class_names_ = std::move(names);
    spec_.classes = labels_.empty() ? 0 : classes;
  }
  void set_broken(std::vector<BrokenFile> broken) { broken_ = std::move(broken); }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(bits_.size()); }
  std::string kind() const override { return kind_; }
  std::string name(int64_t index) const override { return names_.at(static_cast<size_t>(index)); }
  std::vector<std::string> class_names() const override { return class_names_; }
  std::vector<BrokenFile> broken() const override { return broken_; }
  int64_t label(int64_t index) const override {
    return labels_.empty() ? -1 : labels_.at(static_cast<size_t>(index));
  }

  void read(int64_t index, float* out) const override {
    const std::vector<uint8_t>& bits = bits_.at(static_cast<size_t>(index));
    for (int64_t i = 0; i < spec_.elements(); ++i) {
      out[i] = static_cast<float>(bits[static_cast<size_t>(i / 8)] >> (i % 8) & 1);
    }
  }

  std::string fingerprint() const override {
    uint64_t hash = static_cast<uint64_t>(spec_.shape[1]);
    for (const auto& bits : bits_) {
      hash = xxh3({reinterpret_cast<const char*>(bits.data()), bits.size()}, hash);
    }
    const std::string_view labels(reinterpret_cast<const char*>(labels_.data()),
                                  labels_.size() * sizeof(int64_t));
    return fmt::format("{:016x}", xxh3(labels, hash));
  }

 private:
  std::string kind_;
  SampleSpec spec_;
  std::vector<std::vector<uint8_t>> bits_;
  std::vector<std::string> names_;
  std::vector<int64_t> labels_;
  std::vector<std::string> class_names_;
  std::vector<BrokenFile> broken_;
};

bool is_solid_file(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".binvox" || extension == ".off";
}

// The side of an array of cubes.
std::optional<int64_t> cube_side(std::vector<int64_t> shape) {
  if (shape.size() == 5 && shape.back() == 1) shape.pop_back();
  if (shape.size() == 5 && shape[1] == 1) shape.erase(shape.begin() + 1);
  const bool cubes = shape.size() == 4 && shape[1] == shape[2] && shape[2] == shape[3];
  if (!cubes || shape[1] < kSmallestSide || shape[1] > media::kLongestVoxelSide) return {};
  return shape[1];
}

void check_size(const DataConfig& config) {
  if (config.size_px == 0 || (config.size_px >= kSmallestSide && config.size_px <= 256)) return;
  throw UsageError({.where = "data.size_px",
                    .found = std::to_string(config.size_px) + " voxels a side",
                    .allowed = "8 to 256, or 0"});
}

// ---------------------------------------------------------------------------- arrays
using Arrays = std::map<std::string, media::NpyArray>;

const media::NpyArray* find_first(const Arrays& arrays, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (const auto found = arrays.find(name); found != arrays.end()) return &found->second;
  }
  return nullptr;
}

const media::NpyArray& solids_of(const Arrays& arrays, const std::string& split,
                                 const std::string& where) {
  const std::vector<std::string> test = {"X_test", "x_test"};
  const std::vector<std::string> train = {"X_train", "x_train", "voxels", "x",
                                          "arr_0",   "data",    "samples"};
  const media::NpyArray* found = find_first(arrays, split == "test" ? test : train);
  if (found == nullptr && split == "test") refuse_split(where, split, {});
  if (found == nullptr && arrays.size() == 1) found = &arrays.begin()->second;
  if (found == nullptr || !cube_side(found->shape)) {
    std::vector<std::string> there;
    for (const auto& [name, array] : arrays) there.push_back(name + " " + describe(array));
    throw DataError({where, "arrays " + (there.empty() ? "none" : join(there)),
                     "solids [N, S, S, S] named voxels, X_train, x, arr_0, data or samples"});
  }
  return *found;
}

template <class T>
void threshold(const char* in, std::vector<uint8_t>& out, const std::string& where) {
  for (size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, in + i * sizeof(T), sizeof(T));
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) throw DataError({where, "NaN or infinity", "finite numbers"});
      out[i] = value > T(0.5) ? 1 : 0;
    } else {
      out[i] = value > 0 ? 1 : 0;
    }
  }
}

void threshold(DType dtype, const char* in, std::vector<uint8_t>& out, const std::string& where) {
  switch (dtype) {
    case DType::kBool:
    case DType::kU8:
      return threshold<uint8_t>(in, out, where);
    case DType::kI8:
      return threshold<int8_t>(in, out, where);
    case DType::kI16:
      return threshold<int16_t>(in, out, where);
    case DType::kU16:
      return threshold<uint16_t>(in, out, where);
    case DType::kI32:
      return threshold<int32_t>(in, out, where);
    case DType::kU32:
      return threshold<uint32_t>(in, out, where);
    case DType::kI64:
      return threshold<int64_t>(in, out, where);
    case DType::kU64:
      return threshold<uint64_t>(in, out, where);
    case DType::kF32:
      return threshold<float>(in, out, where);
    case DType::kF64:
      return threshold<double>(in, out, where);
    default:
      throw DataError({where, "voxels as " + std::string(media::dtype_name(dtype)),
                       "bool, integers, float32 or float64"});
  }
}

std::shared_ptr<VoxelDataset> open_arrays(const fs::path& path, const DataConfig& config) {
  Arrays arrays;
  if (path.extension() == ".npy") {
    arrays.emplace("arr_0", media::read_npy(path));
  } else {
    arrays = media::read_npz(path);
  }
  const media::NpyArray& solids = solids_of(arrays, config.split, path.string());
  const int64_t stored = *cube_side(solids.shape);
  const int64_t side = config.size_px > 0 ? config.size_px : usual_side(stored);
  const int64_t all = solids.shape[0];
  const int64_t count = config.limit > 0 ? std::min(all, config.limit) : all;
  if (count == 0) throw DataError({path.string(), "no solids"});
  auto dataset = std::make_shared<VoxelDataset>("array of voxels", side);
  media::Voxels solid{.sides = {stored, stored, stored}};
  solid.filled.resize(static_cast<size_t>(solid.count()));
  const size_t bytes = solid.filled.size() * media::element_bytes(solids.dtype);
  for (int64_t i = 0; i < count; ++i) {
    threshold(solids.dtype, solids.bytes.data() + static_cast<size_t>(i) * bytes, solid.filled,
              fmt::format("{}: solid {}", path.string(), i));
    dataset->add(packed_bits(fit_solid(solid, side).filled), std::to_string(i));
  }
  const bool test = config.split == "test";
  const auto* found = test ? find_first(arrays, {"y_test"})
                           : find_first(arrays, {"y_train", "y", "labels", "arr_1"});
  if (found == nullptr || found == &solids || !config.labels) return dataset;
  std::vector<int64_t> labels = array_labels(*found, path.string());
  const auto [low, high] = std::ranges::minmax_element(labels);
  if (static_cast<int64_t>(labels.size()) != all || *low < 0 || *high >= kMostClasses) {
    throw DataError({path.string(), fmt::format("{} labels for {} solids", labels.size(), all),
                     "one label for each solid, 0 to 65,535", "--set data.labels=false"});
  }
  const int64_t classes = *high + 1;
  labels.resize(static_cast<size_t>(count));
  dataset->set_labels(std::move(labels), classes, {});
  return dataset;
}

// ---------------------------------------------------------------------------- files
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (hidden || !entry.is_regular_file() || !is_solid_file(entry.path())) continue;
    files.push_back(entry.path().lexically_relative(folder).generic_string());
  }
  std::ranges::sort(files);
  return files;
}

media::Voxels read_solid(const fs::path& path, int64_t side) {
  if (path.extension() == ".binvox") return fit_solid(media::read_binvox(path), side);
  return media::voxelize(media::read_off(path), side, side / 16, path.string());
}

int64_t side_for(const fs::path& first, const DataConfig& config) {
  if (config.size_px > 0) return config.size_px;
  if (first.extension() == ".off") return kMeshSide;
  const media::Voxels solid = media::read_binvox(first);
  return usual_side(std::max({solid.sides[0], solid.sides[1], solid.sides[2]}));
}

std::shared_ptr<VoxelDataset> open_files(const fs::path& root, std::vector<std::string> files,
                                         const DataConfig& config, Progress* progress) {
  FolderLabels labels = label_by_folder(files, config.split, root.string());
  if (config.limit > 0 && static_cast<int64_t>(labels.selected.size()) > config.limit) {
    labels.selected.resize(static_cast<size_t>(config.limit));
    if (!labels.labels.empty()) labels.labels.resize(labels.selected.size());
  }
  const auto path_of = [&](size_t i) { return root / files[labels.selected[i]]; };
  const int64_t side = side_for(path_of(0), config);
  const size_t count = labels.selected.size();
  std::vector<std::vector<uint8_t>> bits(count);
  std::vector<std::string> reasons(count);
  parallel_for_each(static_cast<int64_t>(count), [&](int64_t index) {
    const auto i = static_cast<size_t>(index);
    try {
      bits[i] = packed_bits(read_solid(path_of(i), side).filled);
    } catch (const DataError& error) {
      if (config.strict) throw;
      reasons[i] = error.parts().found;
    }
  });
  if (progress != nullptr) {
    progress->update({static_cast<double>(count), static_cast<double>(count), {}});
  }
  auto dataset = std::make_shared<VoxelDataset>("files of solids", side);
  std::vector<BrokenFile> broken;
  std::vector<int64_t> kept;
  for (size_t i = 0; i < count; ++i) {
    if (bits[i].empty()) {
      broken.push_back({path_of(i).string(), reasons[i]});
      continue;
    }
    dataset->add(std::move(bits[i]), files[labels.selected[i]]);
    if (!labels.labels.empty()) kept.push_back(labels.labels[i]);
  }
  if (dataset->size() == 0) {
    throw DataError({broken[0].path, broken[0].reason, "one solid that can be read"});
  }
  if (config.labels && !labels.classes.empty()) {
    const auto classes = static_cast<int64_t>(labels.classes.size());
    dataset->set_labels(std::move(kept), classes, std::move(labels.classes));
  }
  dataset->set_broken(std::move(broken));
  return dataset;
}

}  // namespace

bool voxels_fit(const fs::path& path, const DataConfig&) {
  if (!fs::is_directory(path)) {
    if (is_solid_file(path)) return true;
    const auto arrays = media::probe_arrays(path);
    return std::ranges::any_of(
        arrays, [](const auto& array) { return cube_side(array.second.shape).has_value(); });
  }
  for (const auto& entry :
       fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink)) {
    if (is_picture_name(entry.path())) return false;
    if (is_solid_file(entry.path())) return true;
  }
  return false;
}

std::shared_ptr<Dataset> open_voxels(const fs::path& path, const DataConfig& config,
                                     Progress* progress) {
  check_size(config);
  if (fs::is_directory(path)) {
    std::vector<std::string> files = files_below(path);
    if (files.empty()) throw DataError({path.string(), "no solids", ".binvox or .off files"});
    return open_files(path, std::move(files), config, progress);
  }
  if (is_solid_file(path)) {
    return open_files(path.parent_path(), {path.filename().string()}, config, progress);
  }
  return open_arrays(path, config);
}

}  // namespace ganymede::data
