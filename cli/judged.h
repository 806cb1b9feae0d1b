// What a person names to gan evaluate and gan compare, opened.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/metrics/evaluation.h"
#include "ganymede/metrics/subject.h"

namespace ganymede::cli {

// How data are opened, from flags. Empty or negative: as the run's recipe says, or the default.
struct DataFlags {
  std::string path;
  std::string split;
  std::string crop;
  std::string channels;
  int64_t size_px = -1;
  std::string direction = {};  // of a model that translates several ways
};

// One thing to judge: a generator (run, checkpoint, model folder) or stored samples.
struct Judged {
  metrics::Subject subject = {};
  bool is_model = false;
  // A picture of any size (float32 [1, C, H, W]) restored or translated; empty for other models.
  std::function<at::Tensor(const at::Tensor& given)> restore = {};
  // The run's own [data], when the subject belongs to a run.
  std::shared_ptr<const data::DataConfig> learned_from = nullptr;
};

// `path`: a run, checkpoint or model folder, else what data::open_dataset reads.
Judged open_judged(const std::string& path, const DataFlags& flags, const std::string& device,
                   Progress* progress);

// Every checkpoint of a run, oldest first; one of them by its kimg. Throws UsageError.
std::vector<std::string> checkpoints_of(const std::string& run, const std::string& which);

// Whether `path` holds a model.
bool holds_model(const std::string& path);

// Reference data, what the model learned from, and a line that says which data that is.
struct ReferenceData {
  std::shared_ptr<const data::Dataset> dataset;
  data::DataConfig config;
  std::shared_ptr<const data::Dataset> training = nullptr;
  std::string training_name = {};
  bool seen = false;  // samples of the reference are among the training data
  std::string note = {};
};
// --data, or else the run's own data, of these the test split where there is one. Throws UsageError
// when neither is known.
ReferenceData open_reference(const Judged& judged, const DataFlags& flags, Progress* progress);

// Other data opened as the reference is; null for an empty path.
std::shared_ptr<const data::Dataset> open_beside(const std::string& path,
                                                 const ReferenceData& reference);

}  // namespace ganymede::cli
