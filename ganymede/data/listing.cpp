#include "ganymede/data/listing.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "ganymede/core/files.h"
#include "ganymede/data/file_data.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/media/tar.h"
#include "ganymede/media/zip.h"

namespace ganymede::data {
namespace {

constexpr size_t kMaxPictureBytes = size_t{1} << 30;
constexpr size_t kMaxLabelFileBytes = size_t{1} << 31;
constexpr size_t kHeadBytes = 512;
constexpr size_t kTarMagicOffset = 257;

// Pictures as whole files, fetched by some function.
class FileReader final : public PictureReader {
 public:
  using Fetch = std::function<std::string(const std::string& name)>;

  FileReader(std::vector<std::string> names, std::string prefix, Fetch fetch)
      : names_(std::move(names)), prefix_(std::move(prefix)), fetch_(std::move(fetch)) {}

  int64_t count() const override { return static_cast<int64_t>(names_.size()); }
  std::string name(int64_t index) const override { return prefix_ + names_[index]; }
  media::ImageInfo probe(int64_t index) const override {
    return probe_picture(fetch_(names_[index]), name(index));
  }
  media::Image decode(int64_t index, media::Channels channels) const override {
    return decode_picture(fetch_(names_[index]), name(index), channels);
  }

 private:
  std::vector<std::string> names_;
  std::string prefix_;
  Fetch fetch_;
};

bool is_hidden(const std::string& name) { return name.starts_with('.') || name == "__MACOSX"; }

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

template <class Reader>
Listing list_archive(const char* kind, const fs::path& path) {
  auto reader = std::make_shared<const Reader>(path);
  Listing listing;
  listing.kind = kind;
  listing.path = path.string();
  listing.prefix = path.string() + ":";
  for (const auto& member : reader->members()) listing.names.push_back(member.name);
  listing.read = [reader](const std::string& name) { return reader->read(name); };
  return listing;
}

std::optional<Listing> list_file(const fs::path& path) {
  std::string head(kHeadBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (head.starts_with("PK")) return list_zip(path);
  const bool tar = head.size() == kHeadBytes && head.compare(kTarMagicOffset, 5, "ustar") == 0;
  if (tar || path.extension() == ".tar") return list_tar(path);
  return std::nullopt;
}

}  // namespace

bool lies_hidden(const std::string& path) {
  for (const auto& part : fs::path(path))
    if (is_hidden(part.string())) return true;
  return false;
}

Listing list_folder(const fs::path& path) {
  Listing listing;
  listing.kind = "image folder";
  listing.path = path.string();
  listing.prefix = (path / "").string();
  std::set<fs::path> visited;
  list_files(path, "", visited, listing.names);
  listing.read = [path](const std::string& name) {
    return read_file(path / name, name == kLabelFile ? kMaxLabelFileBytes : kMaxPictureBytes);
  };
  return listing;
}

Listing list_zip(const fs::path& path) {
  return list_archive<media::ZipReader>("zip of images", path);
}

Listing list_tar(const fs::path& path) {
  return list_archive<media::TarReader>("tar of images", path);
}

std::optional<Listing> list_any(const fs::path& path) {
  if (!fs::is_directory(path)) return list_file(path);
  Listing listing = list_folder(path);
  std::vector<std::string> archives;
  for (const std::string& name : listing.names) {
    if (is_picture_name(name)) return listing;
    if (name.ends_with(".zip") || name.ends_with(".tar")) archives.push_back(name);
  }
  if (archives.size() == 1) return list_file(path / archives.front());
  return listing;
}

std::shared_ptr<const PictureReader> file_reader(const Listing& listing,
                                                 std::vector<std::string> names) {
  return std::make_shared<FileReader>(std::move(names), listing.prefix, listing.read);
}

}  // namespace ganymede::data
