// Data for a trained model: pictures given by the user in the model's form, and the run's own
// reals.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ganymede/data/dataset.h"
#include "ganymede/infer/model.h"

namespace ganymede::cli {

// `path` (a name, file or folder as after --data), brought to the model's size and channels. Throws
// DataError, and UsageError when the samples cannot be brought to the model's shape.
std::shared_ptr<data::Dataset> open_for(const infer::Model& model, const std::string& path,
                                        const std::string& split, Progress* progress = nullptr);

// Reals that the run did not train on where its data has a test split, else those it did.
struct HeldOut {
  std::shared_ptr<data::Dataset> set;
  bool unseen = false;
};
HeldOut held_out_reals(const infer::Model& model, Progress* progress = nullptr);

// What the samples of `seeds` are made from where nobody says so, float32
// [seeds, ...spec.given[0].shape]: what the run's held-out reals are made from, one for each seed.
// Undefined for a model that is given nothing.
at::Tensor given_for(const infer::Model& model, const std::vector<uint64_t>& seeds);

// Calls `judge` with batches of the first `count` samples and joins what it gives.
at::Tensor judged(const data::Dataset& set, int64_t count,
                  const std::function<at::Tensor(const Batch&)>& judge,
                  Progress* progress = nullptr);

}  // namespace ganymede::cli
