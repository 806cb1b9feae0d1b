// Batches ahead of the training step. The order is a pure function of (seed, position): the same
// for any number of workers, any prefetch depth, and across a resume. Where samples have conditions
// (Dataset::draw), each is drawn with Stream(seed, "condition", position) instead.
#pragma once

#include <cstdint>
#include <memory>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

struct LoaderOptions {
  int64_t batch = 64;
  uint64_t seed = 0;
  int64_t workers = 1;   // 0: read in the caller's thread
  int64_t prefetch = 4;  // batches ahead
  bool mirror = false;   // images only
  bool pinned = false;   // batches lie in memory that a GPU can read by itself
};

class Loader {
 public:
  // Begins at sample `position` (count of samples delivered so far, any multiple of batch or not).
  Loader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options,
         int64_t position = 0);
  ~Loader();

  // The next batch; waits when it is not ready. Rethrows errors of the workers.
  Batch next();
  int64_t position() const;        // samples delivered
  double stalled_seconds() const;  // time next() has waited so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Index of the sample at `position`: epoch position / size, slot by Permutation(size, seed,
// "order").
int64_t sample_at(int64_t position, int64_t size, uint64_t seed);

}  // namespace ganymede::data
