// Finds captions and the pictures they speak of.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/data/captions/captioned_pictures.h"
#include "ganymede/data/file_data.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/media/tar.h"
#include "ganymede/media/zip.h"

namespace ganymede::data {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;  // of a caption file
constexpr size_t kMostLine = size_t{1} << 20;   // of one picture's captions
constexpr int64_t kLookedAt = 256;              // pictures that are asked for their name.txt

// The files of a folder or an archive, by relative name.
struct Files {
  std::vector<std::string> names;
  std::function<std::string(const std::string& name)> read;
};

template <class Reader>
Files archive_files(const fs::path& path) {
  auto reader = std::make_shared<const Reader>(path);
  Files files;
  for (const auto& member : reader->members()) files.names.push_back(member.name);
  files.read = [reader](const std::string& name) { return reader->read(name); };
  return files;
}

bool is_zip(const fs::path& path) { return path.extension() == ".zip"; }
bool is_archive(const fs::path& path) { return is_zip(path) || path.extension() == ".tar"; }

Files files_of(const fs::path& path) {
  if (!fs::is_directory(path)) {
    return is_zip(path) ? archive_files<media::ZipReader>(path)
                        : archive_files<media::TarReader>(path);
  }
  Files files;
  for (const auto& entry :
       fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink)) {
    if (entry.is_regular_file())
      files.names.push_back(entry.path().lexically_relative(path).generic_string());
  }
  std::ranges::sort(files.names);
  files.read = [path](const std::string& name) { return read_file(path / name, kMostBytes); };
  return files;
}

std::string text_name(const std::string& picture) {
  return fs::path(picture).replace_extension(".txt").generic_string();
}

// The caption file at the top, or nothing.
std::optional<std::string> table_in(const Files& files) {
  for (const std::string& name : caption_file_names())
    if (std::ranges::find(files.names, name) != files.names.end()) return name;
  return std::nullopt;
}

// Whether a table named metadata.* speaks of captions at all.
bool tells_captions(const Files& files, const std::string& name) {
  try {
    const std::string text = files.read(name);
    const std::string head = text.substr(0, std::min(text.size(), text.find('\n')));
    return !parse_captions(head + "\n", name).rows.empty() || !name.ends_with(".jsonl");
  } catch (const Error&) {
    return false;
  }
}

// The only archive of a folder without pictures of its own; empty otherwise.
fs::path only_archive(const fs::path& folder, const Files& files) {
  fs::path found;
  for (const std::string& name : files.names) {
    if (is_picture_name(name)) return {};
    if (!is_archive(name)) continue;
    if (!found.empty()) return {};
    found = folder / name;
  }
  return found;
}

bool has_text_beside(const Files& files) {
  const std::set<std::string> names(files.names.begin(), files.names.end());
  int64_t looked = 0, found = 0;
  for (const std::string& name : files.names) {
    if (!is_picture_name(name)) continue;
    found += names.contains(text_name(name)) ? 1 : 0;
    if (++looked == kLookedAt) break;
  }
  return 2 * found > looked;
}

PictureSet open_pictures(const fs::path& path, const DataConfig& config) {
  if (fs::is_directory(path)) return open_folder(path, config);
  return is_zip(path) ? open_zip(path, config) : open_tar(path, config);
}

// Some pictures of another reader.
class Chosen final : public PictureReader {
 public:
  Chosen(std::shared_ptr<const PictureReader> all, std::vector<int64_t> chosen)
      : all_(std::move(all)), chosen_(std::move(chosen)) {}
  int64_t count() const override { return static_cast<int64_t>(chosen_.size()); }
  std::string name(int64_t index) const override { return all_->name(chosen_.at(index)); }
  media::ImageInfo probe(int64_t index) const override { return all_->probe(chosen_.at(index)); }
  media::Image decode(int64_t index, media::Channels channels) const override {
    return all_->decode(chosen_.at(index), channels);
  }

 private:
  std::shared_ptr<const PictureReader> all_;
  std::vector<int64_t> chosen_;
};

// Captions on their way to their pictures.
class Matching {
 public:
  explicit Matching(PictureSet set) : set_(std::move(set)) {
    const size_t prefix = common_prefix().size();
    for (int64_t i = 0; i < set_.reader->count(); ++i) {
      names_.push_back(set_.reader->name(i).substr(prefix));
      by_name_[names_.back()] = i;
      const auto [place, first] = by_base_.emplace(fs::path(names_.back()).filename().string(), i);
      if (!first) place->second = -1;
    }
  }

  const std::vector<std::string>& names() const { return names_; }

  // By the name relative to the folder or archive, else by the last part alone where one picture
  // has it.
  std::optional<int64_t> find(const std::string& file) const {
    if (const auto exact = by_name_.find(file); exact != by_name_.end()) return exact->second;
    const auto base = by_base_.find(fs::path(file).filename().string());
    if (base == by_base_.end() || base->second < 0) return std::nullopt;
    return base->second;
  }

  void add(int64_t picture, const Captions& captions) {
    Captions& all = captions_[picture];
    all.main.insert(all.main.end(), captions.main.begin(), captions.main.end());
    all.others.insert(all.others.end(), captions.others.begin(), captions.others.end());
    if (all.category.empty()) all.category = captions.category;
  }
  void leave_out(const std::string& place, const std::string& reason) {
    broken_.push_back({place, reason});
  }

  std::shared_ptr<Dataset> dataset(const DataConfig& config, Progress* progress) {
    std::vector<int64_t> chosen;
    std::vector<Captions> captions;
    for (int64_t i = 0; i < set_.reader->count(); ++i) {
      const auto found = captions_.find(i);
      if (found == captions_.end()) {
        leave_out(names_[static_cast<size_t>(i)], "a picture without a caption");
        continue;
      }
      chosen.push_back(i);
      captions.push_back(std::move(found->second));
    }
    check(config, chosen.empty());
    keep_labels(chosen);
    set_.reader = std::make_shared<Chosen>(set_.reader, std::move(chosen));
    return std::make_shared<CaptionedPictures>(std::move(set_), std::move(captions),
                                               std::move(broken_), config, progress);
  }

 private:
  std::string common_prefix() const {
    const std::string folder = (fs::path(set_.path) / "").string();
    return set_.reader->name(0).starts_with(folder) ? folder : set_.path + ":";
  }

  void check(const DataConfig& config, bool empty) const {
    if (!broken_.empty() && (config.strict || empty)) {
      const std::string more =
          broken_.size() > 1
              ? " (and " + format_count(static_cast<int64_t>(broken_.size()) - 1) + " more)"
              : "";
      throw DataError({broken_.front().path, broken_.front().reason + more,
                       "a caption for every picture, a picture for every caption"});
    }
    if (empty) throw DataError({set_.path, "no captions", "pictures with captions"});
  }

  void keep_labels(const std::vector<int64_t>& chosen) {
    if (set_.labels.empty()) return;
    std::vector<int64_t> labels;
    for (const int64_t picture : chosen)
      labels.push_back(set_.labels[static_cast<size_t>(picture)]);
    set_.labels = std::move(labels);
  }

  PictureSet set_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, int64_t> by_name_, by_base_;
  std::map<int64_t, Captions> captions_;
  std::vector<BrokenFile> broken_;
};

void match_table(const Files& files, const std::string& table, Matching& matching) {
  CaptionFile file = parse_captions(files.read(table), table);
  for (const BrokenFile& row : file.broken) matching.leave_out(row.path, row.reason);
  for (const CaptionRow& row : file.rows) {
    if (const auto picture = matching.find(row.file))
      matching.add(*picture, row.captions);
    else
      matching.leave_out(row.place, "a caption of " + row.file + ", which is not there");
  }
}

void match_texts(const Files& files, Matching& matching) {
  const std::set<std::string> names(files.names.begin(), files.names.end());
  std::set<std::string> used;
  for (size_t i = 0; i < matching.names().size(); ++i) {
    const std::string name = text_name(matching.names()[i]);
    if (!names.contains(name)) continue;
    used.insert(name);
    std::string text = files.read(name);
    if (text.size() > kMostLine) {
      matching.leave_out(name, "more than " + format_bytes(kMostLine) + " of captions");
      continue;
    }
    Captions captions{.main = caption_lines(text)};
    if (captions.main.empty())
      matching.leave_out(name, "no caption in it");
    else
      matching.add(static_cast<int64_t>(i), captions);
  }
  for (const std::string& name : names) {
    if (name.ends_with(".txt") && !used.contains(name))
      matching.leave_out(name, "captions without a picture");
  }
}

}  // namespace

static bool has_captions(const fs::path& path) {
  const bool folder = fs::is_directory(path);
  if (!folder && !is_archive(path)) return false;
  const Files files = files_of(path);
  if (const auto table = table_in(files)) {
    const bool pictures = std::ranges::any_of(
        files.names, [](const std::string& name) { return is_picture_name(name); });
    return (pictures || (folder && !only_archive(path, files).empty())) &&
           tells_captions(files, *table);
  }
  return has_text_beside(files);
}

bool holds_captions(const fs::path& path, const DataConfig&) {
  try {
    return has_captions(path);
  } catch (const Error&) {  // a damaged archive is for others to refuse
    return false;
  }
}

std::shared_ptr<Dataset> open_captions(const fs::path& path, const DataConfig& config,
                                       Progress* progress) {
  if (!fs::is_directory(path) && !is_archive(path)) {
    throw DataError({path.string(), "no folder and no archive",
                     "pictures with captions: a folder, .tar or .zip"});
  }
  const Files files = files_of(path);
  const fs::path archive = fs::is_directory(path) ? only_archive(path, files) : fs::path();
  const auto table = table_in(files);
  if (!table && !has_text_beside(files)) {
    throw DataError({path.string(), "no captions",
                     join(caption_file_names()) + ", or name.txt beside name.png"});
  }
  Matching matching(open_pictures(archive.empty() ? path : archive, config));
  table ? match_table(files, *table, matching) : match_texts(files, matching);
  return matching.dataset(config, progress);
}

}  // namespace ganymede::data
