// Which pictures of a folder or an archive belong together, by their names.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/data/listing.h"

namespace ganymede::data {

// Where a picture lies among pairs. Folders that are named A or B, annot, label(s) or mask(s)
// (side A, class ids), img or image(s) (side B), alone or behind the name of a split (trainA,
// train_label, trainannot), say the side; train, test, val and the like say the split.
struct PairPlace {
  char side = 0;        // 'a', 'b', 'x' (a picture that plays no part: train_inst), 0: not said
  bool labels = false;  // side A holds class ids by its name
  std::string split;    // train, test, val or empty
  std::string key;      // what partners have in common: all else of the path, without extension
};
PairPlace pair_place(const std::string& path);

// Whether the folders of the pictures there name two sides, every picture being on one of them.
bool has_two_sides(const Listing& listing);

struct PairLayout {
  std::string form;  // side_by_side, folders, unpaired
  // Names of pictures; of side_by_side `b` is equal to `a`, of folders a[i] belongs to b[i].
  std::vector<std::string> a, b;
  bool labels = false;               // side A holds class ids, by the name of its folder
  std::vector<BrokenFile> problems;  // pictures without a partner, second ones of a name
  std::vector<std::pair<std::string, int64_t>> splits;
};

// The pictures of config.split in the form that config.form names or, with "auto", that their
// folders show: two sides are folders where at least half of the pictures of the smaller side have
// a partner of their name, else unpaired; without sides every picture is a pair side by side.
// Throws DataError when there is no picture, no side, no pair, no such split.
PairLayout lay_out_pairs(const Listing& listing, const DataConfig& config);

}  // namespace ganymede::data
