#include "ganymede/data/pairs/pair_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/folder_labels.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/data/pictures.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayouts =
    "folders A and B, or trainA, trainB (testA, testB), or train and trainannot; or pairs side by "
    "side in one picture";

// The name of a folder behind the split that it begins with; all of it where there is none.
std::string_view behind_split(std::string_view folder, std::string& split) {
  constexpr std::array<std::string_view, 7> kWords = {"training",   "train", "testing", "test",
                                                      "validation", "valid", "val"};
  for (const std::string_view word : kWords) {
    if (!folder.starts_with(word)) continue;
    split = split_of(word);
    std::string_view rest = folder.substr(word.size());
    while (!rest.empty() && (rest.front() == '_' || rest.front() == '-')) rest.remove_prefix(1);
    return rest;
  }
  return folder;
}

struct Side {
  char side = 0;
  bool labels = false;
};

Side side_of(std::string_view word) {
  static const std::map<std::string_view, Side> words = {{"A", {'a'}},
                                                         {"B", {'b'}},
                                                         {"annot", {'a', true}},
                                                         {"label", {'a', true}},
                                                         {"labels", {'a', true}},
                                                         {"mask", {'a', true}},
                                                         {"masks", {'a', true}},
                                                         {"img", {'b'}},
                                                         {"image", {'b'}},
                                                         {"images", {'b'}},
                                                         {"inst", {'x'}}};
  const auto found = words.find(word);
  return found == words.end() ? Side{} : found->second;
}

struct Placed {
  std::string name;
  PairPlace place;
};

// Where every picture lies. A picture beside a folder of class ids that is on no side by its name
// (train beside trainannot) is on side B.
std::vector<Placed> place_all(const std::vector<std::string>& pictures) {
  std::vector<Placed> placed;
  bool labels = false, named_b = false;
  for (const std::string& name : pictures) {
    placed.push_back({name, pair_place(name)});
    labels = labels || placed.back().place.labels;
    named_b = named_b || placed.back().place.side == 'b';
  }
  if (labels && !named_b) {
    for (Placed& one : placed)
      if (one.place.side == 0 && !one.place.split.empty()) one.place.side = 'b';
  }
  return placed;
}

bool both_sides(const std::vector<Placed>& placed) {
  bool a = false, b = false;
  for (const Placed& one : placed) {
    if (one.place.side == 0) return false;
    a = a || one.place.side == 'a';
    b = b || one.place.side == 'b';
  }
  return a && b;
}

// Leaves the pictures of the split that is asked for.
void select_split(std::vector<Placed>& placed, const std::string& where, const DataConfig& config,
                  PairLayout& layout) {
  std::map<std::string, int64_t> present;
  for (const Placed& one : placed)
    if (one.place.side == 'b') ++present[one.place.split];
  if (present.size() == 1 && present.begin()->first.empty()) {
    if (config.split == "test") refuse_split(where, config.split, {});
    return;
  }
  present.erase("");
  layout.splits.assign(present.begin(), present.end());
  const auto wanted = wanted_splits(present, config.split, where);
  std::erase_if(placed, [&wanted](const Placed& one) {
    return std::ranges::find(wanted, one.place.split) == wanted.end();
  });
}

using Side2Name = std::map<std::string, std::string>;  // "split/key" -> name

Side2Name by_key(const std::vector<Placed>& placed, char side, PairLayout& layout) {
  Side2Name names;
  for (const Placed& one : placed) {
    if (one.place.side != side) continue;
    const auto [at, fresh] = names.emplace(one.place.split + "/" + one.place.key, one.name);
    if (!fresh) layout.problems.push_back({one.name, "the same name as " + at->second});
  }
  return names;
}

int64_t count_common(const Side2Name& a, const Side2Name& b) {
  return std::ranges::count_if(a, [&b](const auto& entry) { return b.contains(entry.first); });
}

void match(const Side2Name& a, const Side2Name& b, const std::string& where, PairLayout& layout) {
  for (const auto& [key, name] : a) {
    const auto partner = b.find(key);
    if (partner == b.end()) {
      layout.problems.push_back({name, "no partner of its name on side B"});
      continue;
    }
    layout.a.push_back(name);
    layout.b.push_back(partner->second);
  }
  for (const auto& [key, name] : b)
    if (!a.contains(key)) layout.problems.push_back({name, "no partner of its name on side A"});
  if (!layout.a.empty()) return;
  throw DataError({.where = where,
                   .found = fmt::format("two sides, but no two pictures of one name, such as {} "
                                        "and {}",
                                        a.begin()->second, b.begin()->second),
                   .allowed = "partners with the same name",
                   .remedy = "--set data.form=unpaired"});
}

void lay_out_sides(std::vector<Placed> placed, const Listing& listing, const DataConfig& config,
                   PairLayout& layout) {
  select_split(placed, listing.path, config, layout);
  if (!both_sides(placed)) {
    throw DataError({.where = listing.path,
                     .found = "no pictures on one of the sides in the split " + config.split,
                     .allowed = kLayouts});
  }
  layout.labels = std::ranges::any_of(placed, [](const Placed& one) { return one.place.labels; });
  PairLayout matched = layout;
  const Side2Name a = by_key(placed, 'a', matched), b = by_key(placed, 'b', matched);
  const bool paired =
      config.form == "folders" ||
      (config.form == "auto" &&
       2 * count_common(a, b) >= static_cast<int64_t>(std::min(a.size(), b.size())));
  if (paired) {
    match(a, b, listing.path, matched);
    layout = std::move(matched);
    layout.form = "folders";
    return;
  }
  layout.form = "unpaired";
  for (Placed& one : placed) {
    if (one.place.side == 'a')
      layout.a.push_back(std::move(one.name));
    else if (one.place.side == 'b')
      layout.b.push_back(std::move(one.name));
  }
}

std::vector<std::string> pictures_of(const Listing& listing) {
  std::vector<std::string> names;
  for (const std::string& name : listing.names)
    if (!lies_hidden(name) && is_picture_name(name)) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

}  // namespace

PairPlace pair_place(const std::string& path) {
  PairPlace place;
  const fs::path whole(path);
  for (const fs::path& part : whole.parent_path()) {
    const std::string folder = part.string();
    std::string split;
    const std::string_view rest = behind_split(folder, split);
    const Side side = side_of(rest);
    if (place.side == 0 && side.side != 0) {
      place.side = side.side;
      place.labels = side.labels;
      if (!split.empty()) place.split = split;
    } else if (rest.empty() && place.split.empty()) {
      place.split = split;
    } else {
      place.key += folder + "/";
    }
  }
  place.key += whole.stem().string();
  return place;
}

bool has_two_sides(const Listing& listing) {
  const std::vector<std::string> pictures = pictures_of(listing);
  return !pictures.empty() && both_sides(place_all(pictures));
}

PairLayout lay_out_pairs(const Listing& listing, const DataConfig& config) {
  const std::vector<std::string> names = pictures_of(listing);
  if (names.empty()) {
    throw DataError({.where = listing.path, .found = "no pictures", .allowed = kLayouts});
  }
  PairLayout layout;
  std::vector<Placed> placed = place_all(names);
  const bool sides = both_sides(placed);
  if (config.form == "side_by_side" || (config.form == "auto" && !sides)) {
    layout.form = "side_by_side";
    const FolderLabels folders = label_by_folder(names, config.split, listing.path);
    for (const size_t i : folders.selected) layout.a.push_back(names[i]);
    layout.b = layout.a;
    layout.splits = folders.splits;
    return layout;
  }
  if (!sides) {
    throw DataError({.where = listing.path,
                     .found = "no two sides for data.form=" + config.form,
                     .allowed = kLayouts});
  }
  lay_out_sides(std::move(placed), listing, config, layout);
  return layout;
}

}  // namespace ganymede::data
