// Finds out what a path or a name stands for, and opens it.
#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/builtin.h"
#include "ganymede/data/cifar_data.h"
#include "ganymede/data/csv_data.h"
#include "ganymede/data/file_data.h"
#include "ganymede/data/find.h"
#include "ganymede/data/idx_data.h"
#include "ganymede/data/kinds.h"
#include "ganymede/data/npy_data.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/data/pictures.h"
#include "ganymede/data/points.h"
#include "ganymede/data/stacked.h"
#include "ganymede/data/table/table_data.h"
#include "ganymede/data/text/oracle.h"
#include "ganymede/media/idx.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/zip.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHeadBytes = 512;
constexpr size_t kTarMagicOffset = 257;
constexpr const char* kFileKinds =
    "an IDX file (.gz or plain), a CIFAR .bin, a .zip or .tar of pictures, a .npz or .npy, a "
    "table or points as .csv, .tsv, .dat or .txt, or a folder";

Source pictures(PictureSet set) {
  Source source;
  source.pictures = std::move(set);
  return source;
}

std::string read_head(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw FileError(
        {path.string(), "cannot be opened", "a readable file", "check its permissions"});
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  return head;
}

bool holds_only_arrays(const fs::path& path) {
  const media::ZipReader zip(path, {.harmless_bytes = media::kSparseArrayBytes});
  return !zip.members().empty() &&
         std::all_of(zip.members().begin(), zip.members().end(),
                     [](const media::ZipMember& member) { return member.name.ends_with(".npy"); });
}

[[noreturn]] void refuse_file(const fs::path& path, const std::string& head) {
  std::string found = "a file of unknown kind";
  std::string remedy;
  if (head.empty()) {
    found = "an empty file";
  } else if (const std::string format = picture_format(head); format != "unknown") {
    found = "a single " + format + " picture";
    remedy = "name the folder that holds it: --data " +
             (path.has_parent_path() ? path.parent_path().string() : std::string("."));
  } else if (head.starts_with("\x1f\x8b")) {
    found = "a gzip file that holds no IDX data";
    remedy = "unpack it first (tar xf " + path.string() + ") and name the folder";
  }
  throw DataError({path.string(), found, kFileKinds, remedy});
}

bool is_text_table(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".csv" || extension == ".tsv" || extension == ".dat" || extension == ".txt";
}

// Points, or the rows of a table; says which it takes the file for.
Source open_text(const fs::path& path, const DataConfig& config, Progress* progress) {
  const bool guess = config.domain == "auto" && config.domain_state.empty();
  const bool points = guess ? resembles_points(path) : config.domain == "points";
  Source source;
  if (points) {
    source = open_csv(path, config);
  } else {
    DataConfig found = config;
    found.path = path.string();
    source.rows = open_table(found);
  }
  if (guess && progress != nullptr) {
    progress->event("domain",
                    {{"path", path.string()},
                     {"domain", points ? "points" : "table"},
                     {"other", "--set data.domain=" + std::string(points ? "table" : "points")}});
  }
  return source;
}

Source open_file(const fs::path& path, const DataConfig& config, Progress* progress) {
  const std::string head = read_head(path);
  if (head.starts_with("PK")) {
    if (holds_only_arrays(path)) return open_npy(path, true, config);
    return pictures(open_zip(path, config));
  }
  if (head.starts_with("\x93NUMPY")) return open_npy(path, false, config);
  if (media::is_idx(head)) return pictures(open_idx(path, config));
  const bool tar = head.size() == kHeadBytes && head.compare(kTarMagicOffset, 5, "ustar") == 0;
  if (tar || path.extension() == ".tar") return pictures(open_tar(path, config));
  if (path.extension() == ".bin") return pictures(open_cifar(path, config));
  if (is_text_table(path)) return open_text(path, config, progress);
  refuse_file(path, head);
}

// Archives and arrays directly in a folder.
std::vector<fs::path> packed_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".zip" || extension == ".tar" ||
                                    extension == ".npz" || extension == ".npy")) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool has_pictures(const fs::path& folder) {
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink))
    if (is_picture_name(entry.path())) return true;
  return false;
}

Source open_directory(const fs::path& path, const DataConfig& config, Progress* progress) {
  if (has_idx_files(path)) return pictures(open_idx(path, config));
  if (const fs::path cifar = find_cifar_folder(path); !cifar.empty())
    return pictures(open_cifar(cifar, config));
  const std::vector<fs::path> packed = packed_files(path);
  if (!packed.empty() && !has_pictures(path)) {
    if (packed.size() == 1) return open_file(packed[0], config, progress);
    std::vector<std::string> names;
    for (const fs::path& file : packed) names.push_back(file.filename().string());
    throw UsageError({path.string(), "several files that may be meant: " + join(names), "",
                      "name one: --data " + packed[0].string()});
  }
  return pictures(open_folder(path, config));
}

Source open_builtin(const DataConfig& config) {
  if (auto texts = open_oracle_text(config)) {
    Source source;
    source.rows = std::move(texts);
    return source;
  }
  if (auto points = make_builtin_points(config)) {
    Source source;
    source.rows = std::move(points);
    return source;
  }
  return pictures(*open_builtin_pictures(config));
}

Source open_stacked(const DataConfig& config, Progress* progress) {
  DataConfig digits = config;
  digits.path = stacked_source(config.path);
  const Source source = is_stacked(digits.path) ? Source{} : open_source(digits, progress);
  if (!source.pictures) {
    throw DataError({config.path, "no pictures that could be stacked",
                     "stacked-digits, or stacked:<files of MNIST or the like>"});
  }
  Source stacked = pictures(stack(*source.pictures, config.split));
  stacked.pictures->path = config.path;
  return stacked;
}

// Says what the data were taken for where that was a guess.
Source open_kind(const DataKind& kind, const fs::path& path, const DataConfig& config,
                 Progress* progress) {
  Source source;
  source.rows = kind.open(path, config, progress);
  source.sized = true;
  if (config.domain == "auto" && progress != nullptr) {
    progress->event("domain", {{"path", path.string()},
                               {"domain", kind.domain},
                               {"other", "--set data.domain=" + join(domain_names(), "|")}});
  }
  return source;
}

}  // namespace

Source open_source(const DataConfig& config, Progress* progress) {
  if (is_stacked(config.path)) return open_stacked(config, progress);
  if (is_builtin(config.path)) return open_builtin(config);
  const fs::path path = find_data(config.path);
  try {
    if (const DataKind* kind = kind_of(path, config)) {
      return open_kind(*kind, path, config, progress);
    }
    return fs::is_directory(path) ? open_directory(path, config, progress)
                                  : open_file(path, config, progress);
  } catch (const fs::filesystem_error& error) {
    throw FileError({error.path1().empty() ? path.string() : error.path1().string(),
                     error.code().message(), "readable files and folders",
                     "check its permissions"});
  }
}

void set_labels(PictureSet& set, std::vector<int64_t> labels, int64_t classes) {
  const int64_t count = set.reader->count();
  if (static_cast<int64_t>(labels.size()) != count) {
    throw DataError({set.path,
                     format_count(static_cast<int64_t>(labels.size())) + " labels for " +
                         format_count(count) + " pictures",
                     "one label for each picture", "--set data.labels=false"});
  }
  const auto [low, high] = std::minmax_element(labels.begin(), labels.end());
  if (*low < 0 || *high > 65535) {
    throw DataError({set.path, "label " + std::to_string(*low < 0 ? *low : *high), "0 to 65,535",
                     "--set data.labels=false"});
  }
  set.classes = std::max(classes, *high + 1);
  set.labels = std::move(labels);
}

void refuse_split(const std::string& where, const std::string& split,
                  const std::vector<std::string>& present) {
  throw DataError({where, present.empty() ? "no splits" : "the splits " + join(present),
                   "data.split=train or all, where there is no " + split + " split",
                   "--set data.split=all"});
}

}  // namespace ganymede::data
