// What a data set is: everything `gan data info` shows.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

struct LabelCount {
  std::string name;  // class name, or its number
  int64_t count = 0;
};

// A column of a table.
struct ColumnReport {
  std::string name;
  std::string kind;     // number, category, ...
  std::string content;  // its range, its categories with their shares: for people
  int64_t missing = 0;
  std::vector<std::string> examples;  // the first cells
};

struct DataReport {
  std::string path;
  std::string kind;    // as Dataset::kind()
  std::string domain;  // image, points, table
  std::string split;
  int64_t samples = 0;                                  // readable ones
  std::vector<std::pair<std::string, int64_t>> splits;  // all that were seen, with counts

  // Images only: as stored, before any resizing. Width and height with counts, largest count first.
  std::vector<std::pair<std::pair<int, int>, int64_t>> sizes;
  std::map<int, int64_t> channels;         // as stored -> pictures; 2 and 4 have transparency
  std::map<int, int64_t> bit_depths;       // as stored -> pictures
  bool grey = false;                       // every picture is grey in fact
  bool trainable = true;                   // false: sizes differ, so data.size_px is needed
  std::map<std::string, int64_t> ignored;  // other files there, by extension
  // What else there is to say, by a word: "given" of pairs.
  std::vector<std::pair<std::string, std::string>> notes;

  // Per channel (grey or red, green, blue; pictures in 0..255) or per dimension of points.
  std::vector<double> mean;
  std::vector<double> deviation;
  double minimum = 0;
  double maximum = 0;

  // Tables only.
  std::vector<ColumnReport> columns;
  int64_t encoded_width = 0;  // numbers of an encoded row

  std::vector<LabelCount> labels;  // by class; empty when unlabelled
  std::vector<BrokenFile> broken;
  int64_t duplicates = 0;                    // samples whose content was there before
  std::vector<std::string> duplicate_names;  // the first few, "b.png = a.png"
  media::Image sheet;                        // samples from all over the set
};

// Looks at every sample of config.split. Broken files never stop it. Throws DataError like
// open_dataset when there is nothing to look at.
DataReport inspect(const DataConfig& config, Progress* progress = nullptr);

// For people, several lines; for programs.
std::string report_text(const DataReport& report);
nlohmann::json report_json(const DataReport& report);

}  // namespace ganymede::data
