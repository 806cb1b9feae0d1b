#include "ganymede/data/file_data.h"

#include <algorithm>
#include <functional>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/data/folder_labels.h"
#include "ganymede/data/label_file.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/media/tar.h"
#include "ganymede/media/zip.h"

namespace ganymede::data {
namespace {

constexpr size_t kMaxPictureBytes = size_t{1} << 30;
constexpr size_t kMaxLabelFileBytes = size_t{1} << 31;

// Pictures as whole files, fetched by some function.
class FileReader final : public PictureReader {
 public:
  using Fetch = std::function<std::string(size_t index)>;

  FileReader(std::vector<std::string> names, std::string prefix, Fetch fetch)
      : names_(std::move(names)), prefix_(std::move(prefix)), fetch_(std::move(fetch)) {}

  int64_t count() const override { return static_cast<int64_t>(names_.size()); }
  std::string name(int64_t index) const override { return prefix_ + names_[index]; }
  media::ImageInfo probe(int64_t index) const override {
    return probe_picture(fetch_(static_cast<size_t>(index)), name(index));
  }
  media::Image decode(int64_t index, media::Channels channels) const override {
    return decode_picture(fetch_(static_cast<size_t>(index)), name(index), channels);
  }

 private:
  std::vector<std::string> names_;
  std::string prefix_;
  Fetch fetch_;
};

// Where names come from, before pictures are chosen among them.
struct Listing {
  std::string kind;
  std::string path;
  std::string prefix;  // of names in messages
  std::vector<std::string> names;
  std::function<std::string(const std::string&)> read;
  bool folders_are_classes = true;
};

bool is_hidden(const std::string& name) { return name.starts_with('.') || name == "__MACOSX"; }

bool lies_hidden(const std::string& path) {
  for (const auto& part : fs::path(path))
    if (is_hidden(part.string())) return true;
  return false;
}

// Files below `folder` as relative paths. Links to folders are followed, but each real folder is
// entered once, so that circles end.
void list_files(const fs::path& folder, const std::string& relative, std::set<fs::path>& visited,
                std::vector<std::string>& names) {
  if (!visited.insert(fs::canonical(folder)).second) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (is_hidden(name)) continue;
    if (entry.is_directory())
      list_files(entry.path(), relative + name + "/", visited, names);
    else if (entry.is_regular_file())
      names.push_back(relative + name);
  }
}

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

void label_names(const Listing& listing, std::vector<std::string>& names, const DataConfig& config,
                 PictureSet& set) {
  FolderLabels folders = label_by_folder(names, config.split, listing.path);
  std::vector<std::string> selected;
  for (const size_t i : folders.selected) selected.push_back(std::move(names[i]));
  names = std::move(selected);
  set.splits = std::move(folders.splits);
  if (!config.labels || !listing.folders_are_classes || folders.labels.empty()) return;
  set.labels = std::move(folders.labels);
  set.classes = static_cast<int64_t>(folders.classes.size());
  set.class_names = std::move(folders.classes);
}

PictureSet open_listing(Listing listing, const DataConfig& config) {
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
    label_names(listing, names, config, set);
  else if (config.split == "test")
    refuse_split(listing.path, config.split, {});
  auto fetch = [read = listing.read, names](size_t index) { return read(names[index]); };
  set.reader = std::make_shared<FileReader>(names, listing.prefix, std::move(fetch));
  if (label_file && config.labels) read_label_file(listing, names, set);
  return set;
}

template <class Reader>
Listing archive_listing(const char* kind, const fs::path& path) {
  auto reader = std::make_shared<const Reader>(path);
  Listing listing;
  listing.kind = kind;
  listing.path = path.string();
  listing.prefix = path.string() + ":";
  for (const auto& member : reader->members()) listing.names.push_back(member.name);
  listing.read = [reader](const std::string& name) { return reader->read(name); };
  return listing;
}

}  // namespace

PictureSet open_folder(const fs::path& path, const DataConfig& config) {
  Listing listing;
  listing.kind = "image folder";
  listing.path = path.string();
  listing.prefix = (path / "").string();
  std::set<fs::path> visited;
  list_files(path, "", visited, listing.names);
  listing.read = [path](const std::string& name) {
    return read_file(path / name, name == kLabelFile ? kMaxLabelFileBytes : kMaxPictureBytes);
  };
  return open_listing(std::move(listing), config);
}

PictureSet open_zip(const fs::path& path, const DataConfig& config) {
  Listing listing = archive_listing<media::ZipReader>("zip of images", path);
  listing.folders_are_classes = false;
  return open_listing(std::move(listing), config);
}

PictureSet open_tar(const fs::path& path, const DataConfig& config) {
  return open_listing(archive_listing<media::TarReader>("tar of images", path), config);
}

}  // namespace ganymede::data
