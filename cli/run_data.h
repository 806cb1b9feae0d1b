// Data for a trained model: pictures given by the user in the model's form, and the run's own
// reals.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ganymede/data/dataset.h"
#include "ganymede/infer/model.h"

namespace ganymede::cli {

// The model that `name` says (a run, checkpoint or model folder, or "last" of the folder `runs`),
// of a run the checkpoint that `checkpoint` names (empty: the newest). Throws as Model::load.
infer::Model load_model(const std::string& name, const std::string& checkpoint,
                        const std::string& runs, const std::string& device);

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

// What the samples of these seeds are made from, float32 [seeds, ...spec.given[0].shape]; undefined
// for a model that is given nothing.
using Giver = std::function<at::Tensor(const std::vector<uint64_t>& seeds)>;

// Where nobody says so: what the run's held-out reals, which are opened once, are made from, one
// for each seed.
Giver giver_of_data(const infer::Model& model);

// Calls `judge` with batches of the first `count` samples and joins what it gives.
at::Tensor judged(const data::Dataset& set, int64_t count,
                  const std::function<at::Tensor(const Batch&)>& judge,
                  Progress* progress = nullptr);

}  // namespace ganymede::cli
