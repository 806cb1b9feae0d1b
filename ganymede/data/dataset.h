// A collection of real samples that can be read at random, from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/config/schema.h"
#include "ganymede/core/progress.h"
#include "ganymede/core/random.h"
#include "ganymede/core/sample.h"

namespace ganymede::data {

// The [data] section of a recipe.
struct DataConfig {
  std::string path;                  // built-in name, file or folder
  std::string split = "train";       // train, test, all: where the data knows splits
  int64_t size_px = 0;               // 0: as stored; else resized to size_px x size_px
  std::string crop = "center";       // center, none (stretch): before resizing
  std::string channels = "auto";     // auto, grey, rgb
  bool labels = true;                // read class labels where there are any
  bool mirror = false;               // horizontal flips, keyed by position
  bool strict = false;               // stop at the first broken file instead of skipping it
  std::string domain = "auto";       // auto, or what the data are (data_kinds(), points, table)
  std::string schema;                // of a table: a JSON file; empty: inferred
  std::string encoding = "modes";    // of a table: modes (CTGAN), minmax (GAIN)
  bool conditions = false;           // of a table: training by sampling (Batch::condition)
  std::string form = "auto";         // of pairs: how they are stored or made (docs/translation.md)
  std::string direction = "a_to_b";  // of pairs: which side is given
  std::string sides;                 // of unpaired pictures: the classes that are sides A and B
  int64_t patch_px = 0;              // random square part of each picture; 0: whole
  int64_t scale = 1;                 // given pictures are so many times smaller
  std::string degrade;               // what is done to given pictures: "blur=1.2,noise=15"
  std::string tokens = "words";      // of text: words, characters
  int64_t max_length = 0;            // of text: tokens of a sample; 0: of the longest
  int64_t min_count = 1;             // of text: rarer tokens are unknown
  int64_t frames = 16;               // of video: frames of a clip
  int64_t frame_stride = 1;          // of video: every so many frames
  std::string domain_state;          // not in recipes; SampleSpec::domain_state: encode as it says
  int64_t limit = 0;                 // use only the first n samples (0: all)
  int64_t holdout = 0;               // of these, samples that training never sees
  int64_t workers = 1;               // decoding threads
  int64_t cache_mb = 2048;           // decoded samples kept in memory up to this
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
  // The same as training sees it, with the chances of training (a random part, a flip, damage, the
  // partner of an unpaired sample) drawn from `random`: a pure function of index and stream. Where
  // spec().takes_given(), `given` gets what the sample is made from, float32
  // [spec().given[0].elements()]. Thread-safe.
  virtual void read_pair(int64_t index, Stream& random, float* sample, float* given) const;
  // Class in [0, classes), or -1 without labels.
  virtual int64_t label(int64_t index) const = 0;

  // Where spec().condition_width() > 0: draws a condition, sets its place in `condition` (that many
  // zeros) to 1 and returns a sample that fulfils it. Thread-safe.
  virtual int64_t draw(Stream& random, float* condition) const;

  // "IDX", "image folder", "CIFAR-10 binary", "built-in", ...
  virtual std::string kind() const = 0;
  // File, archive member or place of a sample: for tables and messages.
  virtual std::string name(int64_t index) const { return std::to_string(index); }
  virtual std::vector<std::string> class_names() const { return {}; }
  virtual std::vector<BrokenFile> broken() const { return {}; }
  // Changes when the content changes: 16 hex digits over kind, count, sizes and a sample of bytes.
  virtual std::string fingerprint() const = 0;
};

// Opens built-in sets (digits, shapes, stacked-digits, ring8, grid25, swissroll, gaussian) and
// files by looking at them. Throws DataError saying what was looked for; a folder scan reports to
// `progress`. With config.holdout the held-out samples are left out (holdout.h).
std::shared_ptr<Dataset> open_dataset(const DataConfig& config, Progress* progress = nullptr);

// Samples `indices` as one batch, float32 on the CPU, without conditions. What they are made from
// is drawn from Stream(0, "given", index): the same at every call.
Batch read_batch(const Dataset& dataset, const std::vector<int64_t>& indices);

// Built-in sets with one line of description each.
std::vector<std::pair<std::string, std::string>> builtin_datasets();

}  // namespace ganymede::data
