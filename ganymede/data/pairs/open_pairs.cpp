#include "ganymede/data/pairs/open_pairs.h"

#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/of_classes.h"
#include "ganymede/data/pairs/pair_layout.h"
#include "ganymede/data/picture_file.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

// Any pictures that the toolkit reads, also of arrays.
PictureSet plain_pictures(const fs::path& path, const DataConfig& config, bool labels,
                          const std::string& allowed, Progress* progress) {
  DataConfig plain = config;
  plain.path = path.string();
  plain.domain = "image";
  plain.form = "auto";
  plain.labels = labels;
  Source found = open_source(plain, progress);
  if (found.pictures) return std::move(*found.pictures);
  throw DataError({.where = path.string(), .found = "no pictures", .allowed = allowed});
}

PairSource source_of(const PictureSet& pictures, std::string kind) {
  PairSource source;
  source.kind = std::move(kind);
  source.path = pictures.path;
  source.splits = pictures.splits;
  source.ignored = pictures.ignored;
  return source;
}

PairSource colorized(const fs::path& path, const DataConfig& config, Progress* progress) {
  const PictureSet pictures =
      plain_pictures(path, config, false, "colour pictures for data.form=lab", progress);
  PairSource source = source_of(pictures, "pictures to colorize");
  source.b = pictures.reader;
  return source;
}

// Whether the sides are classes: they are named, or no folder says what lies on which side.
bool sides_are_classes(const std::optional<Listing>& listing, const DataConfig& config) {
  return config.form == "unpaired" &&
         (!config.sides.empty() || !listing || !has_two_sides(*listing));
}

std::vector<int64_t> two_classes(const PictureSet& pictures, const DataConfig& config) {
  const ClassNames classes = {pictures.class_names, pictures.classes};
  std::vector<int64_t> sides = {0, 1};
  if (!config.sides.empty())
    sides = classes_named(config.sides, classes, "data.sides");
  else if (pictures.classes != 2)
    sides.clear();
  if (sides.size() == 2) return sides;
  const std::string all = classes.names.empty() ? std::to_string(classes.count) + " classes"
                                                : "the classes " + join(classes.names);
  throw UsageError(
      {.where = "data.sides",
       .found = config.sides.empty() ? all : "\"" + config.sides + "\"",
       .allowed =
           pictures.classes < 2
               ? "pictures in folders A and B, or in a folder for each class"
               : "two classes for sides A and B" + (config.sides.empty() ? "" : ", of " + all),
       .remedy = pictures.classes < 2 ? std::string() : "--set data.sides=FIRST,SECOND"});
}

PairSource of_two_classes(const fs::path& path, const DataConfig& config, Progress* progress) {
  const PictureSet pictures =
      plain_pictures(path, config, true, "labelled pictures for data.form=unpaired", progress);
  const std::vector<int64_t> sides = two_classes(pictures, config);
  std::vector<int64_t> a, b;
  for (size_t i = 0; i < pictures.labels.size(); ++i) {
    if (pictures.labels[i] == sides[0]) a.push_back(static_cast<int64_t>(i));
    if (pictures.labels[i] == sides[1]) b.push_back(static_cast<int64_t>(i));
  }
  PairSource source = source_of(pictures, "two unpaired classes");
  source.paired = false;
  source.a = chosen_reader(pictures.reader, std::move(a));
  source.b = chosen_reader(pictures.reader, std::move(b));
  return source;
}

std::string extension_of(const std::string& name) {
  const std::string extension = fs::path(name).extension().string();
  return extension.empty() ? "no extension" : extension;
}

void read_halves(const Listing& listing, const PairLayout& layout, PairSource& source) {
  const auto whole = file_reader(listing, layout.a);
  source.kind = "pairs side by side";
  source.a = half_reader(whole, true);
  source.b = half_reader(whole, false);
}

void read_sides(const Listing& listing, PairLayout layout, PairSource& source) {
  source.paired = layout.form == "folders";
  source.kind = source.paired ? "pairs in two folders" : "two unpaired folders";
  source.a = file_reader(listing, std::move(layout.a));
  source.b = file_reader(listing, std::move(layout.b));
}

}  // namespace

bool fits_pairs(const fs::path& path, const DataConfig& config) {
  if (config.form == "degraded") return false;
  if (config.form != "auto") return true;
  const auto listing = list_any(path);
  return listing && has_two_sides(*listing);
}

std::shared_ptr<PairDataset> read_pairs(const fs::path& path, const DataConfig& config,
                                        Progress* progress) {
  PairSource source;
  const auto listing = config.form == "lab" ? std::nullopt : list_any(path);
  if (config.form == "lab") {
    source = colorized(path, config, progress);
  } else if (sides_are_classes(listing, config)) {
    source = of_two_classes(path, config, progress);
  } else {
    if (!listing) {
      throw DataError({.where = path.string(),
                       .found = "no folder and no archive",
                       .allowed = "a folder, .zip or .tar of pairs of pictures"});
    }
    PairLayout layout = lay_out_pairs(*listing, config);
    source.path = listing->path;
    source.labels = layout.labels;
    source.splits = layout.splits;
    for (const BrokenFile& file : layout.problems)
      source.problems.push_back({listing->prefix + file.path, file.reason});
    for (const std::string& name : listing->names)
      if (!lies_hidden(name) && !is_picture_name(name)) ++source.ignored[extension_of(name)];
    if (layout.form == "side_by_side")
      read_halves(*listing, layout, source);
    else
      read_sides(*listing, std::move(layout), source);
  }
  return std::make_shared<PairDataset>(std::move(source), config, progress);
}

std::shared_ptr<Dataset> open_pairs(const fs::path& path, const DataConfig& config,
                                    Progress* progress) {
  return read_pairs(path, config, progress);
}

}  // namespace ganymede::data
