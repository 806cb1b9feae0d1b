#include "ganymede/metrics/evaluation.h"

#include <ATen/ATen.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <numeric>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/core/version.h"
#include "ganymede/data/builtin.h"
#include "ganymede/data/domain.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/metrics/reference.h"
#include "ganymede/metrics/summary.h"
#include "ganymede/metrics/table/plain.h"

namespace ganymede::metrics {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("{}", fmt::join(shape, " x "));
}

void check_counts(const EvaluationOptions& options, const data::Dataset& reference) {
  const auto at_least = [](const char* flag, int64_t value, int64_t least) {
    if (value >= least) return;
    throw UsageError({.where = flag,
                      .found = std::to_string(value),
                      .allowed = fmt::format("{} or more", least)});
  };
  at_least("-n", options.samples, 2);
  at_least("--seeds", options.repeats, 1);
  at_least("reference data", reference.size(), 2);
}

std::shared_ptr<const FeatureNet> open_net(const data::Dataset& reference,
                                           const EvaluationOptions& options, Progress* progress) {
  if (options.net) return options.net;
  const std::string name =
      options.features.empty() ? default_features(reference.spec().domain) : options.features;
  return open_feature_net(name, reference, {.resize = options.resize}, progress);
}

// Why `metric` cannot be had here; empty when it can.
ErrorParts obstacle(const Metric& metric, const data::Dataset& reference, const FeatureNet& net,
                    const EvaluationOptions& options) {
  const std::string& domain = reference.spec().domain;
  const std::string where = "--metrics " + metric.name;
  if (!metric.fits(domain)) return {where, "samples of the domain " + domain, join(metric.domains)};
  if (metric.needs_any(Metric::kProbabilities) && net.classes() == 0) {
    return {where, "features of " + net.name() + ", which knows no classes", "a classifier",
            "gan features train --data ... makes one; --features FILE uses it"};
  }
  if (metric.needs_any(Metric::kModes) && data::mode_centers(options.data.path).empty()) {
    return {where, "the modes of " + options.data.path + " are not known",
            "ring8, grid25, gaussian"};
  }
  if (metric.needs_any(Metric::kOracle) && options.data.path != "oracle-text")
    return {where, "the language of " + options.data.path + " is not known", "oracle-text"};
  if (metric.needs_any(Metric::kDigits) && options.digits.empty()) {
    return {where, "no classifier of digits is named", "--digits FILE",
            "gan features train --data digits makes one"};
  }
  if (metric.needs_any(Metric::kClasses | Metric::kClassifier) && reference.spec().classes < 2)
    return {where, "reference data without classes", "labelled data"};
  if (metric.needs_any(Metric::kLpips) && options.lpips.empty())
    return {where, "no weights of LPIPS are named", "--lpips FILE.safetensors"};
  return {};
}

std::vector<const Metric*> choose_metrics(const data::Dataset& reference, const FeatureNet& net,
                                          const EvaluationOptions& options) {
  std::vector<const Metric*> chosen;
  const auto names = options.metrics.empty() ? default_metrics(reference.spec(), options.data.path)
                                             : options.metrics;
  for (const std::string& name : names) {
    const Metric& metric = find_metric(name);
    ErrorParts parts = obstacle(metric, reference, net, options);
    if (!parts.found.empty()) throw UsageError(std::move(parts));
    if (std::find(chosen.begin(), chosen.end(), &metric) == chosen.end()) chosen.push_back(&metric);
  }
  return chosen;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace

struct Evaluator::State {
  std::shared_ptr<const data::Dataset> reference;
  EvaluationOptions options;
  std::shared_ptr<const FeatureNet> net;
  std::unique_ptr<FeatureNet> digits;
  std::unique_ptr<Lpips> lpips;
  std::vector<const Metric*> metrics;
  Wanted wanted;
  std::unique_ptr<Reference> reals;
  bool chosen = true;  // the metrics were named; else those are left out that a subject cannot have
  // By samples on each side, and by the number of metrics that the subject could have.
  std::map<std::pair<int64_t, size_t>, std::map<std::string, double>> floors;

  unsigned needs() const {
    return std::accumulate(metrics.begin(), metrics.end(), 0U,
                           [](unsigned all, const Metric* metric) { return all | metric->needs; });
  }

  void check_subject(const Subject& subject, int64_t samples) const;
  void check_sizes(const Metric& metric, int64_t fakes) const;
  at::Tensor partners_of(const Evidence& fakes, uint64_t seed) const;
  Comparison compare(const Evidence& real, const Evidence& fake, uint64_t seed) const;
  void judge(const Subject& subject, int64_t repeat, Meter& meter, Exhibits* exhibits,
             Summary& summary) const;
  at::Tensor labels_asked_of(const Subject& subject, uint64_t first, int64_t count) const;
  at::Tensor fakes(const Subject& subject, uint64_t first, int64_t count) const;
  // Without those that nobody chose and the subject cannot have.
  std::vector<const Metric*> metrics_for(const Subject& subject) const;
  const std::map<std::string, double>& floor_of(const Subject& subject, int64_t samples,
                                                Meter& meter);
  Settings settings(int64_t samples, int64_t repeats) const;
  int64_t work(const Subject& subject, int64_t samples, int64_t repeats) const;
  int64_t fake_samples(const Subject& subject) const;
  std::vector<std::string> warnings(const Record& record) const;
  void exhibit(const Subject& subject, Exhibits& exhibits) const;
};

static bool can_have(const Metric& metric, const Subject& subject, const data::Dataset& reference) {
  const bool same = subject.spec.classes == reference.spec().classes;
  const bool obeys = subject.sample_as && same && subject.spec.classes > 0;
  if (metric.needs_any(Metric::kClasses) && !obeys) return false;
  if (metric.needs_any(Metric::kGiven) && !reference.spec().takes_given()) return false;
  const bool aligned = subject.size > 0
                           ? subject.size == reference.size()
                           : subject.spec.takes_given() && reference.spec().takes_given();
  if (metric.needs_any(Metric::kPairs) && !aligned) return false;
  if (metric.needs_any(Metric::kWords) && !subject.words.embed_given) return false;
  if (metric.needs_any(Metric::kLikelihood) && !subject.log_likelihood) return false;
  const bool classifies = subject.classes.classify && (same || subject.classes.found);
  return !metric.needs_any(Metric::kClassifier) || classifies;
}

[[noreturn]] static void refuse_unpaired(const Metric& metric, const Subject& subject,
                                         const data::Dataset& reference) {
  std::string found = subject.name + " makes its samples from nothing that belongs to a real";
  if (subject.size > 0) {
    found = fmt::format("{} samples beside {} reals", format_count(subject.size),
                        format_count(reference.size()));
  }
  throw UsageError({.where = "--metrics " + metric.name,
                    .found = std::move(found),
                    .allowed = "a gan that is given something (gan list), or as many stored "
                               "samples as reals, in the same order of names"});
}

[[noreturn]] static void refuse_wordless(const Metric& metric, const Subject& subject) {
  throw UsageError({.where = "--metrics " + metric.name,
                    .found = subject.name + " knows no captions",
                    .allowed = "a gan_int_cls"});
}

std::vector<const Metric*> Evaluator::State::metrics_for(const Subject& subject) const {
  std::vector<const Metric*> found;
  for (const Metric* metric : metrics) {
    if (chosen || can_have(*metric, subject, *reference)) found.push_back(metric);
  }
  return found;
}

// No more than there are; of samples that are made from their like one for each real.
int64_t Evaluator::State::fake_samples(const Subject& subject) const {
  if (subject.size > 0) return std::min(subject.size, options.samples);
  const SampleSpec& spec = subject.spec;
  const bool translates = spec.takes_given() && spec.given[0].domain == spec.domain;
  return translates ? std::min(reference->size(), options.samples) : options.samples;
}

// For each picture of `fakes`, whose seeds begin at `seed`, the real that stands at its seed.
at::Tensor Evaluator::State::partners_of(const Evidence& fakes, uint64_t seed) const {
  at::Tensor partners = at::empty_like(fakes.samples);
  for (int64_t i = 0; i < partners.size(0); ++i) {
    const auto place = static_cast<int64_t>((seed + static_cast<uint64_t>(i)) %
                                            static_cast<uint64_t>(reference->size()));
    partners[i].copy_(data::to_bytes(reals->take(place, 1))[0]);
  }
  return partners;
}

void Evaluator::State::check_sizes(const Metric& metric, int64_t fakes) const {
  const int64_t samples = std::min(fakes, reals->count());
  if (!metric.needs_any(Metric::kManySamples) || options.allow_small || samples > net->dim())
    return;
  throw UsageError(
      {.where = "--metrics " + metric.name,
       .found = fmt::format("{} samples for the {} features of {}: their covariance is singular",
                            format_count(samples), format_count(net->dim()), net->name()),
       .allowed = "more samples than features, or --allow-small",
       .remedy = fmt::format("-n {} where the data has that many, or another feature network "
                             "(--features)",
                             std::max<int64_t>(10 * net->dim(), 1000))});
}

void Evaluator::State::check_subject(const Subject& subject, int64_t samples) const {
  const SampleSpec& wanted_spec = reference->spec();
  if (subject.spec.domain != wanted_spec.domain || subject.spec.shape != wanted_spec.shape) {
    throw UsageError(
        {.where = subject.name,
         .found = fmt::format("{} {}, and reference data of {} {}: resized in two ways "
                              "they would not compare",
                              subject.spec.domain, shape_text(subject.spec.shape),
                              wanted_spec.domain, shape_text(wanted_spec.shape)),
         .allowed = "one shape on both sides",
         .remedy = "--size and --channels bring the data to one shape"});
  }
  if (!subject.fingerprint.empty() && subject.fingerprint == reference->fingerprint()) {
    throw UsageError({.where = subject.name,
                      .found = "the very samples that it is compared with (fingerprint " +
                               subject.fingerprint + ")",
                      .allowed = "other data as --data",
                      .remedy = "--split test, or data that was held out"});
  }
  if (samples < 2) throw UsageError({.where = subject.name, .found = "fewer than two samples"});
  for (const Metric* metric : metrics_for(subject)) {
    check_sizes(*metric, samples);
    if (metric->needs_any(Metric::kLikelihood) && !subject.log_likelihood) {
      throw UsageError({.where = "--metrics " + metric->name,
                        .found = subject.name + " does not know how likely a sample is",
                        .allowed = "a model that does: seqgan"});
    }
    if (!can_have(*metric, subject, *reference)) {
      if (metric->needs_any(Metric::kWords)) refuse_wordless(*metric, subject);
      if (metric->needs_any(Metric::kPairs)) refuse_unpaired(*metric, subject, *reference);
      const bool classes = metric->needs_any(Metric::kClasses);
      throw UsageError({.where = "--metrics " + metric->name,
                        .found = subject.name + (classes ? " makes no samples of these classes"
                                                         : " is no classifier of these classes"),
                        .allowed = classes ? "a conditional gan trained on data of these classes"
                                           : "a gan that classifies: sgan, acgan, infogan"});
    }
    if (metric->needs_any(Metric::kLatents) && !subject.latents.generate) {
      throw UsageError({.where = "--metrics " + metric->name,
                        .found = subject.name + " is stored samples",
                        .allowed = "a generator"});
    }
  }
}

Comparison Evaluator::State::compare(const Evidence& real, const Evidence& fake,
                                     uint64_t seed) const {
  return {.real = real,
          .fake = fake,
          .training = &reals->training(),
          .holdout = reals->holdout_beside(real),
          .partners = {},
          .spec = reference->spec(),
          .net = *net,
          .digits = digits.get(),
          .lpips = lpips.get(),
          .latents = nullptr,
          .classes = nullptr,
          .words = nullptr,
          .log_likelihood = nullptr,
          .class_count = reference->spec().classes,
          .data_name = options.data.path,
          .target = options.target,
          .seed = seed,
          .exhibits = nullptr};
}

// In the shares that the reference has: the sample of seed s has the class of the s-th real.
at::Tensor Evaluator::State::labels_asked_of(const Subject& subject, uint64_t first,
                                             int64_t count) const {
  const bool obeys = subject.sample_as && subject.spec.classes > 0 &&
                     subject.spec.classes == reference->spec().classes;
  return obeys ? reals->labels(static_cast<int64_t>(first), count).clamp_min(0) : at::Tensor();
}

// Samples of `count` seeds, made from what the reals of the same places are made from.
at::Tensor Evaluator::State::fakes(const Subject& subject, uint64_t first, int64_t count) const {
  std::vector<uint64_t> seeds(static_cast<size_t>(count));
  std::iota(seeds.begin(), seeds.end(), first);
  Asked asked{.labels = labels_asked_of(subject, first, count)};
  if (subject.sample_as && subject.spec.takes_given()) {
    asked.given = reals->given(static_cast<int64_t>(first), count);
  }
  return asked.empty() ? subject.sample(seeds) : subject.sample_as(seeds, asked);
}

// One repeat of all metrics.
void Evaluator::State::judge(const Subject& subject, int64_t repeat, Meter& meter,
                             Exhibits* exhibits, Summary& summary) const {
  const int64_t samples = fake_samples(subject);
  const uint64_t seed = options.seed + static_cast<uint64_t>(repeat * samples);
  const auto take = [&](int64_t first, int64_t count) {
    return fakes(subject, seed + static_cast<uint64_t>(first), count);
  };
  Evidence fake =
      gather(take, samples, wanted, *net, options.quantise, meter, subject.name, options.group);
  fake.labels = labels_asked_of(subject, seed, samples);
  const bool words = subject.words.embed_given && wanted.partners;
  if (wanted.given || words) fake.given = reals->given(static_cast<int64_t>(seed), samples);
  if (wanted.columns) {
    std::vector<uint64_t> seeds(static_cast<size_t>(samples));
    std::iota(seeds.begin(), seeds.end(), seed);
    fake.columns = std::make_shared<const PlainTable>(
        subject.columns ? subject.columns(seeds) : decoded_columns(fake.samples, subject.spec));
  }
  Comparison comparison = compare(reals->real(), fake, seed);
  if (wanted.partners) comparison.partners = partners_of(fake, seed);
  if (subject.classes.classify) comparison.classes = &subject.classes;
  if (words) comparison.words = &subject.words;
  if (subject.latents.generate) comparison.latents = &subject.latents;
  if (subject.log_likelihood) comparison.log_likelihood = &subject.log_likelihood;
  comparison.exhibits = exhibits;
  for (const Metric* metric : metrics_for(subject)) {
    if (repeat == 0 || !metric->once) summary.add(metric->name, metric->measure(comparison));
  }
}

const std::map<std::string, double>& Evaluator::State::floor_of(const Subject& subject,
                                                                int64_t samples, Meter& meter) {
  const auto fitting = metrics_for(subject);
  const auto [entry, is_new] = floors.try_emplace({samples, fitting.size()});
  if (!is_new) return entry->second;
  const auto [left, right] = reals->halves(samples, meter);
  for (const Metric* metric : fitting) {
    const bool too_small = metric->needs_any(Metric::kManySamples) && !options.allow_small &&
                           right.count <= net->dim();
    if (!metric->has_floor || too_small) continue;
    Comparison comparison = compare(left, right, options.seed);
    // Without other training data the reals would be looked for among themselves.
    if (!reals->has_training()) comparison.training = &left;
    for (const Finding& finding : metric->measure(comparison))
      entry->second[finding.name] = finding.value;
  }
  return entry->second;
}

Settings Evaluator::State::settings(int64_t samples, int64_t repeats) const {
  Settings result;
  result.data = options.data.path;
  result.data_kind = reference->kind();
  result.fingerprint = reference->fingerprint();
  result.split = options.data.split;
  result.sample = shape_text(reference->spec().shape);
  result.crop = options.data.size_px > 0
                    ? fmt::format("{}, Lanczos to {} px", options.data.crop, options.data.size_px)
                    : "as stored";
  result.real_samples = reals->count();
  result.fake_samples = samples;
  result.floor_samples = options.floor ? reals->floor_count(samples) : 0;
  for (int64_t repeat = 0; repeat < repeats; ++repeat)
    result.seeds.push_back(options.seed + static_cast<uint64_t>(repeat * samples));
  result.net = net->name();
  result.net_sha256 = net->sha256();
  result.resize = net->resize_mode();
  const bool images = reference->spec().domain == "image";
  result.quantisation = images && options.quantise ? "8 bits" : "none";
  if ((needs() & Metric::kTraining) != 0) {
    result.training = reals->has_training() ? options.training_name : "";
    result.training_fingerprint = reals->training_fingerprint();
    result.training_samples = reals->training().count;
  }
  return result;
}

// Samples that are still to be looked at, for progress.
int64_t Evaluator::State::work(const Subject& subject, int64_t samples, int64_t repeats) const {
  const bool new_floor = options.floor && !floors.contains({samples, metrics_for(subject).size()});
  return reals->work_left() + samples * repeats + (new_floor ? reals->floor_count(samples) : 0);
}

std::vector<std::string> Evaluator::State::warnings(const Record& record) const {
  std::vector<std::string> found;
  const Settings& settings = record.settings;
  if (reals->learned_from()) {
    found.push_back(
        "the reference is the data that the model learned from: copies of it score well");
  }
  if (options.floor && settings.floor_samples < settings.fake_samples) {
    found.push_back(
        fmt::format("the floor is over {} samples only, where figures that fall with "
                    "more samples are larger",
                    format_count(settings.floor_samples)));
  }
  if (settings.training_samples > 0 && settings.training_samples < reals->training_size()) {
    found.push_back(fmt::format("copies were looked for among {} of {} training samples only",
                                format_count(settings.training_samples),
                                format_count(reals->training_size())));
  }
  for (const Score& score : record.scores) {
    if (!score.warning.empty()) found.push_back(score.name + ": " + score.warning);
  }
  return found;
}

void Evaluator::State::exhibit(const Subject& subject, Exhibits& exhibits) const {
  const int64_t wanted_count = data::domain_of(subject.spec).preview_count(subject.spec);
  const int64_t count = subject.size > 0 ? std::min(wanted_count, subject.size) : wanted_count;
  exhibits.samples = fakes(subject, options.seed, count);
  exhibits.reals = reals->take(0, std::min(wanted_count, reference->size()));
}

Evaluator::Evaluator(std::shared_ptr<const data::Dataset> reference, EvaluationOptions options,
                     Progress* progress)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  check_counts(options, *reference);
  s.net = open_net(*reference, options, progress);
  s.metrics = choose_metrics(*reference, *s.net, options);
  s.chosen = !options.metrics.empty();
  s.reference = std::move(reference);
  s.options = std::move(options);
  const unsigned needs = s.needs();
  s.wanted = {
      .features = (needs & Metric::kFeatures) != 0,
      .probabilities = (needs & Metric::kProbabilities) != 0,
      .pictures = (needs & (Metric::kPictures | Metric::kTraining | Metric::kClassifier)) != 0,
      .columns = (needs & Metric::kColumns) != 0,
      .given = (needs & Metric::kGiven) != 0,
      .raw = !data::domain_of(s.reference->spec()).eight_bit(),
      .partners = (needs & Metric::kPairs) != 0};
  s.reals = std::make_unique<Reference>(s.reference, s.options, *s.net, s.wanted,
                                        (needs & Metric::kTraining) != 0);
  if (!s.options.lpips.empty()) {
    s.lpips = std::make_unique<Lpips>(media::decode_tensors(std::filesystem::path(s.options.lpips)),
                                      s.options.lpips);
  }
  if ((needs & Metric::kDigits) != 0) {
    data::DataConfig digits;
    digits.path = "digits";
    digits.limit = 1;  // for the shape
    s.digits = open_feature_net(s.options.digits, *data::open_dataset(digits), {.resize = "none"},
                                progress);
  }
}

Evaluator::~Evaluator() = default;

const FeatureNet& Evaluator::net() const { return *state_->net; }

int64_t Evaluator::samples_of(const Subject& subject) const {
  return state_->fake_samples(subject);
}

int64_t Evaluator::repeats_of(const Subject& subject) const {
  if (subject.size == 0) return state_->options.repeats;
  return std::clamp<int64_t>(subject.size / samples_of(subject), 1, state_->options.repeats);
}

Record Evaluator::evaluate(const Subject& subject, Progress* progress, Exhibits* exhibits) {
  State& s = *state_;
  const auto start = std::chrono::steady_clock::now();
  const int64_t samples = samples_of(subject), repeats = repeats_of(subject);
  s.check_subject(subject, samples);
  Meter meter(progress, static_cast<double>(s.work(subject, samples, repeats)));
  s.reals->gather_all(meter);
  Summary summary;
  for (int64_t repeat = 0; repeat < repeats; ++repeat)
    s.judge(subject, repeat, meter, repeat == 0 ? exhibits : nullptr, summary);
  if (s.options.floor) summary.set_floors(s.floor_of(subject, samples, meter));
  if (exhibits) s.exhibit(subject, *exhibits);
  Record record;
  record.subject = subject.name;
  record.subject_kind = subject.kind;
  record.checkpoint = subject.checkpoint;
  record.kimg = subject.kimg;
  record.settings = s.settings(samples, repeats);
  record.scores = summary.scores();
  record.class_names = s.reference->class_names();
  record.version = fmt::format("{} ({})", kVersion, version_commit());
  record.time = utc_now();
  record.warnings = s.warnings(record);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  record.seconds = taken.count();
  return record;
}

Record evaluate(const Subject& subject, const data::Dataset& reference,
                const EvaluationOptions& options, Progress* progress, Exhibits* exhibits) {
  const std::shared_ptr<const data::Dataset> borrowed(std::shared_ptr<void>(), &reference);
  return Evaluator(borrowed, options, progress).evaluate(subject, progress, exhibits);
}

}  // namespace ganymede::metrics
