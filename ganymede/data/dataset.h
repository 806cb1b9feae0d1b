// A collection of real samples that can be read at random, from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/config/schema.h"
#include "ganymede/core/progress.h"
#include "ganymede/core/sample.h"

namespace ganymede::data {

// The [data] section of a recipe.
struct DataConfig {
  std::string path;               // built-in name, file or folder
  std::string split = "train";    // train, test, all: where the data knows splits
  int64_t size_px = 0;            // 0: as stored; else resized to size_px x size_px
  std::string crop = "center";    // center, none (stretch): before resizing
  std::string channels = "auto";  // auto, grey, rgb
  bool labels = true;             // read class labels where there are any
  bool mirror = false;            // horizontal flips, keyed by position
  bool strict = false;            // stop at the first broken file instead of skipping it
  int64_t limit = 0;              // use only the first n samples (0: all)
  int64_t workers = 1;            // decoding threads
  int64_t cache_mb = 2048;        // decoded samples kept in memory up to this
  static void describe(config::Schema<DataConfig>& schema);
};

// A file that was skipped, and why.
struct BrokenFile {
  std::string path;
  std::string reason;
};

class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual const SampleSpec& spec() const = 0;
  virtual int64_t size() const = 0;
  // Writes sample `index` in [0, size) as float32 [spec().elements()] to `out`. Thread-safe.
  // Throws DataError naming the file.
  virtual void read(int64_t index, float* out) const = 0;
  // Class in [0, classes), or -1 without labels.
  virtual int64_t label(int64_t index) const = 0;

  // "IDX", "image folder", "CIFAR-10 binary", "built-in", ...
  virtual std::string kind() const = 0;
  virtual std::vector<std::string> class_names() const { return {}; }
  virtual std::vector<BrokenFile> broken() const { return {}; }
  // Changes when the content changes: 16 hex digits over kind, count, sizes and a sample of bytes.
  virtual std::string fingerprint() const = 0;
};

// Opens built-in sets (digits, shapes, stacked-digits, ring8, grid25, swissroll, gaussian) and
// files by looking at them. Throws DataError saying what was looked for; a folder scan reports to
// `progress`.
std::shared_ptr<Dataset> open_dataset(const DataConfig& config, Progress* progress = nullptr);

// Samples `indices` as one batch, float32 on the CPU.
Batch read_batch(const Dataset& dataset, const std::vector<int64_t>& indices);

// Built-in sets with one line of description each.
std::vector<std::pair<std::string, std::string>> builtin_datasets();

}  // namespace ganymede::data
