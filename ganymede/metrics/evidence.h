// What metrics look at: samples, and what a feature network says of them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "ganymede/core/progress.h"
#include "ganymede/dist/group.h"
#include "ganymede/metrics/feature_net.h"
#include "ganymede/metrics/feature_statistics.h"
#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

// One side of a comparison.
struct Evidence {
  // Images: uint8 [M, C, H, W], the first M of `count` (as many as kMostPictureBytes hold), or
  // undefined when no metric asked for them; points: float32 [count, D].
  at::Tensor samples = {};
  std::optional<FeatureStatistics> features = {};  // with the features themselves
  at::Tensor probabilities = {};                   // float32 [count, classes]
  // int64 [count]: classes of reals (-1: none), or those that fakes were asked for; undefined where
  // there are none.
  at::Tensor labels = {};
  // What each sample was made from, float32 [count, ...]; undefined when no metric asked for it.
  at::Tensor given = {};
  // Table rows as columns; null when no metric asked for them.
  std::shared_ptr<const PlainTable> columns = nullptr;
  int64_t count = 0;
};

inline constexpr int64_t kMostPictureBytes = int64_t{1} << 29;

// What to gather.
struct Wanted {
  bool features = false;
  bool probabilities = false;
  bool pictures = false;
  bool columns = false;
  bool given = false;
  // [N, C, H, W] are no 8-bit pictures (data::Domain::eight_bit): kept as they are, unrounded.
  bool raw = false;
  bool partners = false;  // the reals that belong to the fakes
};

// Counts samples for a progress line that several gatherings share.
class Meter {
 public:
  Meter(Progress* progress, double total) : progress_(progress), total_(total) {}
  void add(int64_t samples, const std::string& what);

 private:
  Progress* progress_;
  double total_;
  double done_ = 0;
};

// Samples first .. first + count - 1 as float32 [count, ...shape].
using TakeSamples = std::function<at::Tensor(int64_t first, int64_t count)>;

// Takes `count` samples in blocks. Images ([N, C, H, W]) are rounded to 8 bits first when
// `quantise` is set, as every picture file is; pictures are kept as bytes either way. Throws
// NumericError naming the sample for values or features that are not finite.
//
// With a `group`, a collective: each rank takes its share, in whole blocks so that the network sees
// the same batches as in one process, and every rank gets all of the evidence, bit for bit. When
// one rank throws, the others throw GroupError.
Evidence gather(const TakeSamples& take, int64_t count, const Wanted& wanted, const FeatureNet& net,
                bool quantise, Meter& meter, const std::string& what, dist::Group* group = nullptr);

// Samples [0, count) of the same evidence.
Evidence head(const Evidence& evidence, int64_t count);

// uint8 -> float32 in [-1, 1], the inverse of data::to_bytes.
at::Tensor from_bytes(const at::Tensor& bytes);

}  // namespace ganymede::metrics
