#include "ganymede/data/cifar_data.h"

#include <algorithm>
#include <sstream>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/array_pictures.h"
#include "ganymede/media/cifar.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSidePx = 32;

// "train", "test" or empty for files that are no part of the set.
std::string split_of(const fs::path& file) {
  const std::string name = file.filename().string();
  if (!name.ends_with(".bin")) return {};
  if (name.starts_with("data_batch") || name == "train.bin") return "train";
  return name == "test_batch.bin" || name == "test.bin" ? "test" : "";
}

std::vector<fs::path> batch_files(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder)) return files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && !split_of(entry.path()).empty()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> chosen_files(const fs::path& folder, const std::string& split) {
  std::vector<fs::path> chosen;
  std::vector<std::string> present;
  for (const fs::path& file : batch_files(folder)) {
    const std::string name = split_of(file);
    if (std::count(present.begin(), present.end(), name) == 0) present.push_back(name);
    if (split == "all" || split == name) chosen.push_back(file);
  }
  if (chosen.empty()) refuse_split(folder.string(), split, present);
  return chosen;
}

std::vector<std::string> read_names(const fs::path& folder, media::CifarKind kind, size_t classes) {
  const fs::path file =
      folder / (kind == media::CifarKind::kCifar10 ? "batches.meta.txt" : "fine_label_names.txt");
  if (!fs::exists(file)) return {};
  std::istringstream lines(read_file(file));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  return names.size() == classes ? names : std::vector<std::string>();
}

void count_split(PictureSet& set, const std::string& split, int64_t count) {
  if (set.splits.empty() || set.splits.back().first != split) set.splits.emplace_back(split, 0);
  set.splits.back().second += count;
}

}  // namespace

fs::path find_cifar_folder(const fs::path& folder) {
  for (const fs::path& candidate :
       {folder, folder / "cifar-10-batches-bin", folder / "cifar-100-binary"})
    if (!batch_files(candidate).empty()) return candidate;
  return {};
}

PictureSet open_cifar(const fs::path& path, const DataConfig& config) {
  const bool folder = fs::is_directory(path);
  const std::vector<fs::path> files =
      folder ? chosen_files(path, config.split) : std::vector<fs::path>{path};
  std::string bytes;
  std::vector<int64_t> labels;
  std::optional<media::CifarKind> kind;
  PictureSet set;
  for (const fs::path& file : files) {
    const media::CifarBatch batch = media::read_cifar(file);
    if (kind && *kind != batch.kind)
      throw DataError({file.string(), "CIFAR-10 and CIFAR-100 in one folder"});
    kind = batch.kind;
    bytes.append(reinterpret_cast<const char*>(batch.images.data()), batch.images.size());
    labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
    if (folder) count_split(set, split_of(file), batch.count);
  }
  const bool ten = *kind == media::CifarKind::kCifar10;
  set.kind = ten ? "CIFAR-10 binary" : "CIFAR-100 binary";
  set.path = path.string();
  const auto count = static_cast<int64_t>(labels.size());
  set.reader =
      make_array_reader(std::move(bytes), {count, kSidePx, kSidePx, 3, true}, path.string());
  if (config.labels) {
    set.labels = std::move(labels);
    set.classes = ten ? 10 : 100;
    set.class_names =
        read_names(folder ? path : path.parent_path(), *kind, static_cast<size_t>(set.classes));
  }
  return set;
}

}  // namespace ganymede::data
