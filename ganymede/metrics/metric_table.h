// The table of metrics: adding one is one entry here and one small function that measures.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/media/image.h"
#include "ganymede/metrics/evidence.h"
#include "ganymede/metrics/perceptual.h"
#include "ganymede/metrics/score.h"
#include "ganymede/metrics/subject.h"

namespace ganymede::metrics {

// Pictures for people; undefined or empty where there are none.
struct Exhibits {
  at::Tensor samples = {};       // float32 [k, ...shape]
  at::Tensor reals = {};         // likewise
  media::Image neighbours = {};  // the samples nearest to the training data, beside those
};

// What one measurement sees: one repeat of the subject's samples, or (for the floor) other reals
// in their place.
struct Comparison {
  const Evidence& real;
  const Evidence& fake;
  const Evidence* training;  // what the model learned from; empty unless some metric needs it
  const Evidence* holdout;   // reals that it did not learn from; null when there are none
  // Of metrics that need kPairs: the real beside which each of fake.samples was made, uint8 of the
  // same shape; else undefined.
  at::Tensor partners;
  const SampleSpec& spec;  // of the reference
  const FeatureNet& net;
  const FeatureNet* digits;     // classifier of stacked digits; null when none was named
  const Lpips* lpips;           // null when no weights were named
  const LatentAccess* latents;  // null in the floor
  const ClassAccess* classes;   // of the subject; null in the floor
  const WordAccess* words;      // of the subject; null in the floor and where it knows no captions
  const LogLikelihood* log_likelihood;  // of the subject; null in the floor
  int64_t class_count;                  // of the data; 0: unlabelled
  const std::string& data_name;         // of a built-in set, else a path
  const std::string& target;            // column that learners of tables predict; empty: chosen
  uint64_t seed;
  Exhibits* exhibits;  // null when nobody looks
};

// One figure of one repeat.
struct Finding {
  std::string name;
  double value = kUnknown;
  Better better = Better::kLower;
  double error = kUnknown;  // standard error within this repeat, where the metric knows one
  double floor = kUnknown;  // where the metric finds it itself (no has_floor)
  std::vector<double> per_class = {};  // NaN where a class has too few samples; or empty
  std::string unit = {};
  std::string note = {};
  std::string warning = {};
};

struct Metric {
  enum Need : unsigned {
    kFeatures = 1,
    kProbabilities = 2,  // the feature network is a classifier
    kPictures = 4,       // 8-bit images
    kPoints = 8,
    kTraining = 16,
    kLatents = 32,        // the subject is a generator
    kModes = 64,          // the data's modes are known (ring8, grid25, gaussian)
    kDigits = 128,        // a classifier of digits was named
    kManySamples = 256,   // more samples than features
    kLpips = 512,         // weights of LPIPS were named
    kClasses = 1024,      // labelled data, and a subject that makes samples of their classes
    kClassifier = 2048,   // labelled data, and a subject that is a classifier as well
    kColumns = 4096,      // rows of a table
    kGiven = 16384,       // what samples are made from
    kWords = 32768,       // the subject knows captions, and the data has them
    kPairs = 8192,        // each sample is made from what a real of its own was made from
    kLikelihood = 65536,  // the subject knows how likely a sample is
    kOracle = 131072,     // the data is oracle-text
  };
  std::string name;
  std::string help;
  unsigned needs = 0;
  bool has_floor = true;
  bool once = false;  // too costly for every repeat: the first one only
  std::function<std::vector<Finding>(const Comparison&)> measure;
  std::vector<std::string> domains = {};  // whose samples it can judge; none: any
  bool fits(const std::string& domain) const;
  bool needs_any(unsigned some) const { return (needs & some) != 0; }
};

const std::vector<Metric>& metric_table();

// Throws UsageError with near names.
const Metric& find_metric(const std::string& name);

// What is measured when nobody chooses: for images fd, kid, prdc, memorisation, with labels also
// class_accuracy and classification (for subjects that can); for points the modes where they are
// known, and fd; for tables quality, detection, efficacy, new_rows, privacy; for texts bleu,
// self_bleu, new_texts, nll_test, of oracle-text nll_oracle, nll_test.
std::vector<std::string> default_metrics(const SampleSpec& spec, const std::string& data_name);

// The feature network that samples of a domain take when nobody chooses.
std::string default_features(const std::string& domain);

// "FD[pca:0123abcd]" -> "KID[pca:0123abcd]", "FID" -> "KID": figures over features are named after
// them.
std::string name_over(const std::string& metric, const FeatureNet& net);

}  // namespace ganymede::metrics
