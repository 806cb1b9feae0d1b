// Trains the feature networks of metrics/classifier.h on the user's own data.
#pragma once

#include <cstdint>
#include <string>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"
#include "ganymede/metrics/classifier.h"

namespace ganymede::train {

struct FeatureTrainingConfig {
  std::string kind = "auto";  // auto: classifier when there are labels; classifier, autoencoder
  double kimg = 0;            // thousand images shown; 0: three passes, 60 at least, 300 at most
  int64_t batch = 64;
  int64_t dim = 128;  // features
  uint64_t seed = 0;
  std::string split = "train";  // of the data, for the record
};

// Adam at 1e-3, falling linearly to zero. A tenth of the images, at most 5,000, keyed by the seed,
// are held out, and judge the network at the end. A pure function of data, config and the number of
// threads. Progress in images, with the loss. UsageError for data other than images, fewer than 20
// of them, a classifier for data without at least two classes, or a config out of range;
// NumericError when the loss stops being finite.
metrics::TrainedNet train_feature_net(const data::Dataset& dataset,
                                      const FeatureTrainingConfig& config,
                                      Progress* progress = nullptr);

}  // namespace ganymede::train
