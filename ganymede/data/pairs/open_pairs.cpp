#include "ganymede/data/pairs/open_pairs.h"

#include "ganymede/core/error.h"
#include "ganymede/data/pairs/pair_layout.h"
#include "ganymede/data/picture_file.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

// Any pictures that the toolkit reads, also of arrays.
PairSource colorized(const fs::path& path, const DataConfig& config, Progress* progress) {
  DataConfig plain = config;
  plain.path = path.string();
  plain.domain = "image";
  plain.form = "auto";
  plain.labels = false;
  Source found = open_source(plain, progress);
  if (!found.pictures) {
    throw DataError({.where = path.string(),
                     .found = "no pictures",
                     .allowed = "colour pictures for data.form=lab"});
  }
  PairSource source;
  source.kind = "pictures to colorize";
  source.path = found.pictures->path;
  source.b = found.pictures->reader;
  source.splits = found.pictures->splits;
  source.ignored = found.pictures->ignored;
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
  if (!listing) return false;
  std::vector<std::string> pictures;
  for (const std::string& name : listing->names)
    if (!lies_hidden(name) && is_picture_name(name)) pictures.push_back(name);
  return has_two_sides(pictures);
}

std::shared_ptr<PairDataset> read_pairs(const fs::path& path, const DataConfig& config,
                                        Progress* progress) {
  PairSource source;
  if (config.form == "lab") {
    source = colorized(path, config, progress);
  } else {
    const auto listing = list_any(path);
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
