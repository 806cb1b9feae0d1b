#include "ganymede/metrics/metric_table.h"

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/builtin.h"
#include "ganymede/metrics/measures.h"

namespace ganymede::metrics {
namespace {

struct DomainDefaults {
  const char* domain;
  const char* features;
  std::vector<std::string> metrics;
  std::vector<std::string> labelled = {};  // also, of labelled data
};

const DomainDefaults& defaults_of(const std::string& domain) {
  static const std::vector<DomainDefaults> all = {
      {"image", "pca", {"fd", "kid", "prdc", "memorisation"}, {"class_accuracy", "classification"}},
      {"table", "identity", {"quality", "detection", "efficacy", "new_rows", "privacy"}},
      {"detector", "identity", {"moments", "profiles"}},
      {"music", "identity", {"bars", "harmony", "notes", "new_bars"}},
      {"text", "identity", {"bleu", "self_bleu", "new_texts", "nll_test"}},
      {"voxels", "pca", {"fd", "solids", "solid_variety"}},
      {"video", "pca", {"fd", "frame_fd", "motion"}},
      {"points", "identity", {"fd"}},
  };
  for (const DomainDefaults& defaults : all) {
    if (domain == defaults.domain) return defaults;
  }
  return all.back();
}

constexpr bool kFloor = true, kNoFloor = false, kOnce = true, kEach = false;

const std::vector<Metric> kMetrics = {
    {"fd", "Frechet distance between features; FID with the known Inception weights",
     Metric::kFeatures | Metric::kManySamples, kFloor, kEach, measure_frechet},
    {"fd_infinity", "the same, extrapolated to infinitely many samples",
     Metric::kFeatures | Metric::kManySamples, kFloor, kEach, measure_frechet_infinity},
    {"kid", "kernel distance between features, without bias", Metric::kFeatures, kFloor, kEach,
     measure_kernel},
    {"is", "Inception score: classes that are sure and varied",
     Metric::kFeatures | Metric::kProbabilities, kFloor, kEach, measure_inception_score},
    {"prdc", "precision, recall, density, coverage of features", Metric::kFeatures, kFloor, kEach,
     measure_precision_recall},
    {"authenticity", "share of samples that are not nearer to a training sample than its neighbour",
     Metric::kFeatures | Metric::kTraining, kFloor, kEach, measure_authenticity},
    {"memorisation", "copies of training samples, by features and by pixels",
     Metric::kFeatures | Metric::kTraining, kNoFloor, kOnce, measure_memorisation},
    {"swd",
     "sliced Wasserstein distance of patches at several sizes",
     Metric::kPictures,
     kFloor,
     kOnce,
     measure_sliced_wasserstein,
     {"image"}},
    {"ms_ssim",
     "likeness between pairs of samples: high where they lack variety",
     Metric::kPictures,
     kFloor,
     kEach,
     measure_diversity,
     {"image"}},
    {"lpips",
     "perceptual distance between pairs of samples: low where they lack variety",
     Metric::kPictures | Metric::kLpips,
     kFloor,
     kEach,
     measure_perceptual_diversity,
     {"image"}},
    {"spectrum",
     "difference of radial power spectra",
     Metric::kPictures,
     kFloor,
     kEach,
     measure_spectrum,
     {"image"}},
    {"psnr",
     "of pairs: peak signal-to-noise ratio between what is made and what was wanted",
     Metric::kPictures | Metric::kPairs,
     kNoFloor,
     kOnce,
     measure_psnr,
     {"image"}},
    {"ssim",
     "of pairs: structural similarity",
     Metric::kPictures | Metric::kPairs,
     kNoFloor,
     kOnce,
     measure_ssim,
     {"image"}},
    {"l1",
     "of pairs: mean absolute difference",
     Metric::kPictures | Metric::kPairs,
     kNoFloor,
     kOnce,
     measure_l1,
     {"image"}},
    {"retrieval",
     "of captions: how often a sample's own is the nearest, by the gan's encoders",
     Metric::kPictures | Metric::kPairs | Metric::kWords,
     kNoFloor,
     kOnce,
     measure_retrieval,
     {"image"}},
    {"ppl", "perceptual path length in z", Metric::kFeatures | Metric::kLatents, kNoFloor, kOnce,
     measure_path_length},
    {"parzen", "log-likelihood under Parzen windows, as in the paper of 2014", Metric::kPictures,
     kFloor, kOnce, measure_parzen},
    {"support", "size of the support by the birthday test", Metric::kFeatures, kFloor, kOnce,
     measure_support},
    {"modes",
     "modes of a known mixture that samples reach",
     Metric::kPoints | Metric::kModes,
     kFloor,
     kEach,
     measure_modes,
     {"points"}},
    {"class_accuracy", "share of samples that a judge takes for the class they were asked to be",
     Metric::kFeatures | Metric::kClasses, kFloor, kEach, measure_class_accuracy},
    {"class_fd", "Frechet distance within each class, mean over the classes",
     Metric::kFeatures | Metric::kClasses, kFloor, kEach, measure_class_frechet},
    {"classification", "how well the gan's own classifier names the reference's classes",
     Metric::kClassifier, kNoFloor, kOnce, measure_classification},
    {"stacked_modes",
     "modes of stacked digits, of 1,000",
     Metric::kPictures | Metric::kDigits,
     kFloor,
     kEach,
     measure_stacked_modes,
     {"image"}},
    {"quality",
     "column shapes and pair trends of a table, as sdmetrics reports them",
     Metric::kColumns,
     kFloor,
     kEach,
     measure_table_quality,
     {"table"}},
    {"detection",
     "how well logistic regression tells rows from real ones",
     Metric::kColumns,
     kFloor,
     kEach,
     measure_detection,
     {"table"}},
    {"efficacy",
     "what a learner trained on the rows knows of real ones",
     Metric::kColumns | Metric::kTraining,
     kNoFloor,
     kOnce,
     measure_efficacy,
     {"table"}},
    {"new_rows",
     "share of rows that are no row of the training data",
     Metric::kColumns | Metric::kTraining,
     kFloor,
     kOnce,
     measure_new_rows,
     {"table"}},
    {"privacy",
     "distance to the closest training row; what an attacker learns from it",
     Metric::kColumns | Metric::kTraining,
     kFloor,
     kOnce,
     measure_privacy,
     {"table"}},
    {"moments",
     "how far the distributions of what detectors are read for are from those of real events",
     0,
     kFloor,
     kEach,
     measure_moments,
     {"detector"}},
    {"profiles",
     "how these follow the parameters of the event",
     Metric::kGiven,
     kFloor,
     kEach,
     measure_profiles,
     {"detector"}},
    {"bars",
     "empty bars, pitch classes in a bar and long notes, beside the training data's",
     Metric::kTraining,
     kNoFloor,
     kEach,
     measure_bars,
     {"music"}},
    {"harmony",
     "how far melodies are from their chords, beside the training data's",
     Metric::kTraining,
     kNoFloor,
     kEach,
     measure_harmony,
     {"music"}},
    {"notes",
     "what pitches, durations and intervals have in common with the training data's",
     Metric::kTraining,
     kFloor,
     kEach,
     measure_notes,
     {"music"}},
    {"new_bars",
     "share of bars that are no bar of the training data",
     Metric::kTraining,
     kFloor,
     kOnce,
     measure_new_bars,
     {"music"}},
    {"solids",
     "volume and connected parts of solids; likeness to the nearest training object",
     Metric::kTraining,
     kFloor,
     kEach,
     measure_solids,
     {"voxels"}},
    {"solid_variety",
     "coverage, minimum matching distance and 1-NN accuracy of solids, by IoU",
     0,
     kFloor,
     kOnce,
     measure_solid_variety,
     {"voxels"}},
    {"frame_fd",
     "Frechet distance between single frames of clips, by their principal components",
     0,
     kFloor,
     kEach,
     measure_frames,
     {"video"}},
    {"motion",
     "how much clips move, beside the real ones: differences of frames",
     0,
     kFloor,
     kEach,
     measure_motion,
     {"video"}},
    {"bleu",
     "share of the n-grams of a text that real texts have",
     0,
     kFloor,
     kEach,
     measure_bleu,
     {"text"}},
    {"self_bleu",
     "the same by the other generated texts: high where they are alike",
     0,
     kFloor,
     kEach,
     measure_self_bleu,
     {"text"}},
    {"new_texts",
     "share of texts that are no text of the training data",
     Metric::kTraining,
     kFloor,
     kEach,
     measure_new_texts,
     {"text"}},
    {"nll_test",
     "how well the model itself predicts real texts",
     Metric::kLikelihood,
     kNoFloor,
     kOnce,
     measure_likelihood,
     {"text"}},
    {"nll_oracle",
     "how well the language of oracle-text predicts the texts",
     Metric::kOracle,
     kFloor,
     kEach,
     measure_oracle,
     {"text"}},
};

}  // namespace

bool Metric::fits(const std::string& domain) const {
  return domains.empty() || std::find(domains.begin(), domains.end(), domain) != domains.end();
}

const std::vector<Metric>& metric_table() { return kMetrics; }

const Metric& find_metric(const std::string& name) {
  std::vector<std::string> names;
  for (const Metric& metric : metric_table()) {
    if (metric.name == name) return metric;
    names.push_back(metric.name);
  }
  const auto near = did_you_mean(name, names);
  throw UsageError({.where = "--metrics",
                    .found = "\"" + name + "\"",
                    .allowed = join(names),
                    .remedy = near ? *near : std::string()});
}

std::vector<std::string> default_metrics(const SampleSpec& spec, const std::string& data_name) {
  const DomainDefaults& defaults = defaults_of(spec.domain);
  if (data_name == "oracle-text") return {"nll_oracle", "nll_test"};
  std::vector<std::string> names = defaults.metrics;
  if (spec.classes > 1) {
    names.insert(names.end(), defaults.labelled.begin(), defaults.labelled.end());
  }
  if (spec.takes_given() && spec.given[0].domain == "text") names.emplace_back("retrieval");
  if (!data::mode_centers(data_name).empty()) names.insert(names.begin(), "modes");
  return names;
}

std::string default_features(const std::string& domain) { return defaults_of(domain).features; }

std::string name_over(const std::string& metric, const FeatureNet& net) {
  const std::string distance = net.distance_name();
  const size_t bracket = distance.find('[');
  return bracket == std::string::npos ? metric : metric + distance.substr(bracket);
}

}  // namespace ganymede::metrics
