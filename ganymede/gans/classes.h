// Classes as a person names them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ganymede::gans {

// The classes of a data set. `names` may be empty: then only numbers name them.
struct Classes {
  int64_t count = 0;
  std::vector<std::string> names = {};
  std::string title(int64_t label) const;  // "Dress", or "3" without a name
};

// A class that somebody wants, or a mix of several.
struct ClassWish {
  std::string title;           // "Dress", "50 % Dress, 50 % Shirt"
  std::vector<double> shares;  // of every class; they sum to 1
  int64_t label = -1;          // of a single class; -1: a mix
};

// "3", "Dress" (case does not matter; names come before numbers), lists "3,Dress", ranges "0-9",
// "all"; mixes "3:0.5,Dress:0.5", whose shares are scaled to sum to 1. ';' puts several mixes below
// each other: "3;3:0.5,8:0.5;8". Throws UsageError with `where`, what is allowed and near names.
std::vector<ClassWish> parse_classes(const std::string& text, const Classes& known,
                                     const std::string& where = "--class");

}  // namespace ganymede::gans
