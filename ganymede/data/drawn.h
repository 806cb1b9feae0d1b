// Built-in pictures that are drawn on demand: each a pure function of its number and size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// One built-in set; the class of picture i is i modulo the number of classes.
struct DrawnSet {
  const char* name;     // "digits"
  const char* version;  // changes when the pictures do
  media::Image (*draw)(int64_t index, int size_px);
  int channels;
  int default_px;
  int64_t train;
  int64_t test;
  std::vector<std::string> class_names;
};

// The split and size of `config`. Throws UsageError for a size outside 8..512.
PictureSet open_drawn(const DrawnSet& drawn, const DataConfig& config);

}  // namespace ganymede::data
