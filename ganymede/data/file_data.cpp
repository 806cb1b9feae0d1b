#include "ganymede/data/file_data.h"

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/folder_labels.h"
#include "ganymede/data/label_file.h"
#include "ganymede/data/listing.h"
#include "ganymede/data/picture_file.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

std::string extension_of(const std::string& name) {
  const std::string extension = fs::path(name).extension().string();
  return extension.empty() ? "no extension" : extension;
}

// "120 .bmp, 1 .csv", the most frequent first.
std::string count_text(const std::map<std::string, int64_t>& counts) {
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> parts;
  for (const auto& [extension, count] : sorted) {
    if (parts.size() == 6) break;
    parts.push_back(std::to_string(count) + " " + extension);
  }
  return join(parts);
}

[[noreturn]] void refuse_empty(const Listing& listing, const PictureSet& set) {
  const std::string found = set.ignored.empty()
                                ? "nothing in it"
                                : "no pictures; there are files: " + count_text(set.ignored);
  throw DataError({listing.path, found,
                   std::string(kPictureKinds) + " files; or IDX files, data_batch_*.bin of CIFAR, "
                                                "or one .zip, .tar, .npz or .npy",
                   "name the folder or file that holds them (gan data info PATH looks into one)"});
}

// Labels for the pictures of set.reader, which are `names`.
void read_label_file(const Listing& listing, const std::vector<std::string>& names,
                     PictureSet& set) {
  LabelFile labels = parse_label_file(listing.read(kLabelFile), names, listing.prefix + kLabelFile);
  if (labels.labels.empty()) return;
  set_labels(set, std::move(labels.labels), labels.classes);
  if (static_cast<int64_t>(labels.class_names.size()) == set.classes)
    set.class_names = std::move(labels.class_names);
}

void label_names(const Listing& listing, bool folders_are_classes, std::vector<std::string>& names,
                 const DataConfig& config, PictureSet& set) {
  FolderLabels folders = label_by_folder(names, config.split, listing.path);
  std::vector<std::string> selected;
  for (const size_t i : folders.selected) selected.push_back(std::move(names[i]));
  names = std::move(selected);
  set.splits = std::move(folders.splits);
  if (!config.labels || !folders_are_classes || folders.labels.empty()) return;
  set.labels = std::move(folders.labels);
  set.classes = static_cast<int64_t>(folders.classes.size());
  set.class_names = std::move(folders.classes);
}

PictureSet open_listing(Listing listing, bool folders_are_classes, const DataConfig& config) {
  PictureSet set;
  set.kind = listing.kind;
  set.path = listing.path;
  std::sort(listing.names.begin(), listing.names.end());
  std::vector<std::string> names;
  bool label_file = false;
  for (const std::string& name : listing.names) {
    if (lies_hidden(name)) continue;
    if (is_picture_name(name))
      names.push_back(name);
    else if (name == kLabelFile)
      label_file = true;
    else
      ++set.ignored[extension_of(name)];
  }
  if (names.empty()) refuse_empty(listing, set);
  if (!label_file)
    label_names(listing, folders_are_classes, names, config, set);
  else if (config.split == "test")
    refuse_split(listing.path, config.split, {});
  set.reader = file_reader(listing, names);
  if (label_file && config.labels) read_label_file(listing, names, set);
  return set;
}

}  // namespace

PictureSet open_folder(const fs::path& path, const DataConfig& config) {
  return open_listing(list_folder(path), true, config);
}

PictureSet open_zip(const fs::path& path, const DataConfig& config) {
  return open_listing(list_zip(path), false, config);
}

PictureSet open_tar(const fs::path& path, const DataConfig& config) {
  return open_listing(list_tar(path), true, config);
}

}  // namespace ganymede::data
