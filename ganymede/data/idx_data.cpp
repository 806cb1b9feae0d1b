#include "ganymede/data/idx_data.h"

#include <algorithm>
#include <cctype>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/array_pictures.h"
#include "ganymede/media/idx.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

bool is_pictures_name(const std::string& name) {
  return contains(name, "images") && contains(name, "ubyte") && !name.ends_with(".zip");
}

std::string split_of(const fs::path& file) {
  const std::string name = lower(file.filename().string());
  return contains(name, "t10k") || contains(name, "test") ? "test" : "train";
}

std::vector<fs::path> picture_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && is_pictures_name(lower(entry.path().filename().string())))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// "x.gz" beside "x" is the same set twice; the plain file is quicker.
void drop_compressed_twins(std::vector<fs::path>& files) {
  std::erase_if(files, [files](const fs::path& file) {
    return file.extension() == ".gz" &&
           std::count(files.begin(), files.end(), fs::path(file).replace_extension()) > 0;
  });
}

// The file of labels that belongs to `pictures`, or an empty path.
fs::path labels_beside(const fs::path& pictures) {
  std::string name = pictures.filename().string();
  const size_t images = lower(name).find("images");
  if (images == std::string::npos) return {};
  name.replace(images, 6, "labels");
  if (const size_t rank = name.find("idx3"); rank != std::string::npos)
    name.replace(rank, 4, "idx1");
  const fs::path same = pictures.parent_path() / name;
  const fs::path other =
      name.ends_with(".gz") ? fs::path(same).replace_extension() : fs::path(same.string() + ".gz");
  if (fs::exists(same)) return same;
  return fs::exists(other) ? other : fs::path();
}

std::vector<int64_t> read_labels(const fs::path& file, int64_t count) {
  const media::IdxArray array = media::read_idx(file);
  if (array.dtype != media::DType::kU8 || array.shape.size() != 1) {
    throw DataError(
        {file.string(),
         std::string(media::dtype_name(array.dtype)) + " array " + media::shape_text(array.shape),
         "labels as uint8 [N]"});
  }
  if (array.shape[0] != count) {
    throw DataError(
        {file.string(),
         format_count(array.shape[0]) + " labels for " + format_count(count) + " pictures",
         "one label for each picture", "--set data.labels=false"});
  }
  std::vector<int64_t> labels;
  for (const char c : array.bytes) labels.push_back(static_cast<uint8_t>(c));
  return labels;
}

std::vector<std::string> single_characters(const char* text) {
  std::vector<std::string> names;
  for (const char* c = text; *c != '\0'; ++c) names.emplace_back(1, *c);
  return names;
}

// Names where the place says which set it is, after labels were moved to start at 0.
std::vector<std::string> known_names(const std::string& place, int64_t classes) {
  const std::string digits = "0123456789", capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::vector<std::string> names;
  if (contains(place, "fashion")) {
    names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
             "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  } else if (contains(place, "kuzushiji") || contains(place, "kmnist")) {
    names = {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"};
  } else if (contains(place, "letters")) {
    names = single_characters(capitals.c_str());
  } else if (contains(place, "balanced") || contains(place, "bymerge")) {
    names = single_characters((digits + capitals + "abdefghnqrt").c_str());
  } else if (contains(place, "byclass")) {
    names = single_characters((digits + capitals + lower(capitals)).c_str());
  } else if (contains(place, "mnist") || contains(place, "digits")) {
    names = single_characters(digits.c_str());
  }
  return static_cast<int64_t>(names.size()) == classes ? names : std::vector<std::string>();
}

struct Part {
  ArrayLayout layout;
  std::string bytes;
  std::vector<int64_t> labels;
};

Part read_part(const fs::path& file, bool with_labels) {
  media::IdxArray array = media::read_idx(file);
  const auto layout = layout_of(array.shape);
  if (array.dtype != media::DType::kU8 || !layout) {
    throw DataError(
        {file.string(),
         std::string(media::dtype_name(array.dtype)) + " array " + media::shape_text(array.shape),
         "pictures as uint8 [N, H, W]"});
  }
  Part part{*layout, std::move(array.bytes), {}};
  part.layout.transposed = contains(lower(file.filename().string()), "emnist");
  if (part.layout.transposed) std::swap(part.layout.width, part.layout.height);
  const fs::path labels = with_labels ? labels_beside(file) : fs::path();
  if (!labels.empty()) part.labels = read_labels(labels, part.layout.count);
  return part;
}

// The files that answer the request, one for each split.
std::vector<fs::path> chosen_files(const fs::path& folder, const std::string& split) {
  std::vector<fs::path> files = picture_files(folder);
  drop_compressed_twins(files);
  std::vector<fs::path> chosen;
  std::vector<std::string> present;
  for (const std::string name : {"train", "test"}) {
    std::vector<fs::path> of_split;
    std::copy_if(files.begin(), files.end(), std::back_inserter(of_split),
                 [&name](const fs::path& file) { return split_of(file) == name; });
    if (of_split.empty()) continue;
    present.push_back(name);
    if (split != name && split != "all") continue;
    if (of_split.size() > 1) {
      throw UsageError({folder.string(),
                        "several sets: " + of_split[0].filename().string() + ", " +
                            of_split[1].filename().string(),
                        "", "name the file: --data " + of_split[0].string()});
    }
    chosen.push_back(of_split[0]);
  }
  if (chosen.empty()) refuse_split(folder.string(), split, present);
  return chosen;
}

void append(Part& all, Part part, const fs::path& file) {
  ArrayLayout same = part.layout;
  same.count = all.layout.count;
  if (same != all.layout || all.labels.empty() != part.labels.empty()) {
    throw DataError({file.string(),
                     "pictures of another shape than the other split, or labels in "
                     "only one of them",
                     "", "--set data.split=train"});
  }
  all.layout.count += part.layout.count;
  all.bytes += part.bytes;
  all.labels.insert(all.labels.end(), part.labels.begin(), part.labels.end());
}

}  // namespace

bool has_idx_files(const fs::path& folder) { return !picture_files(folder).empty(); }

PictureSet open_idx(const fs::path& path, const DataConfig& config) {
  const bool folder = fs::is_directory(path);
  const std::vector<fs::path> files =
      folder ? chosen_files(path, config.split) : std::vector<fs::path>{path};
  PictureSet set;
  set.kind = "IDX";
  set.path = path.string();
  Part all;
  for (const fs::path& file : files) {
    Part part = read_part(file, config.labels);
    if (folder) set.splits.emplace_back(split_of(file), part.layout.count);
    if (all.bytes.empty())
      all = std::move(part);
    else
      append(all, std::move(part), file);
  }
  set.reader = make_array_reader(std::move(all.bytes), all.layout, path.string());
  if (!all.labels.empty()) {
    // EMNIST letters count from 1.
    const int64_t low = *std::min_element(all.labels.begin(), all.labels.end());
    if (low == 1) std::for_each(all.labels.begin(), all.labels.end(), [](int64_t& l) { --l; });
    set_labels(set, std::move(all.labels));
    const fs::path absolute = fs::absolute(files[0]);
    const std::string place =
        absolute.parent_path().filename().string() + "/" + absolute.filename().string();
    set.class_names = known_names(lower(place), set.classes);
  }
  return set;
}

}  // namespace ganymede::data
