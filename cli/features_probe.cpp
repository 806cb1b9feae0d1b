// gan features probe: how much a run's discriminator has learned about classes it was never told.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/run_data.h"
#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/core/tuning.h"
#include "ganymede/infer/critic.h"
#include "ganymede/metrics/feature_net.h"
#include "ganymede/metrics/linear_probe.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::string run, data, labels = "100,1000", device = "cpu";
  int64_t draws = 3, test = 2000, threads = 0, seed = 0;
};

using Features = std::function<at::Tensor(const at::Tensor& samples)>;

// The first samples of every class in a keyed order, `count` in all.
std::vector<int64_t> balanced_draw(const data::Dataset& set, int64_t count, uint64_t seed) {
  const int64_t classes = set.spec().classes;
  const int64_t each = (count + classes - 1) / classes;
  std::vector<int64_t> taken(static_cast<size_t>(classes), 0);
  std::vector<int64_t> ids;
  const Permutation order(static_cast<uint64_t>(set.size()), seed, "probe", 0);
  for (int64_t i = 0; i < set.size() && static_cast<int64_t>(ids.size()) < count; ++i) {
    const auto id = static_cast<int64_t>(order(static_cast<uint64_t>(i)));
    const int64_t label = set.label(id);
    if (label < 0 || taken[static_cast<size_t>(label)] >= each) continue;
    ++taken[static_cast<size_t>(label)];
    ids.push_back(id);
  }
  if (static_cast<int64_t>(ids.size()) == count) return ids;
  throw UsageError({.where = "--labels",
                    .found = std::to_string(count),
                    .allowed = "as many as the data has in equal parts of its classes: " +
                               std::to_string(ids.size())});
}

struct Experiment {
  std::shared_ptr<data::Dataset> train;
  Batch test;
  std::vector<std::pair<std::string, Features>> features;
};

// Mean accuracy over the draws, in the order of experiment.features.
std::vector<double> accuracies(const Experiment& experiment, int64_t labels, const Arguments& args,
                               const std::vector<at::Tensor>& test_features, Progress* progress) {
  std::vector<double> sums(experiment.features.size(), 0.0);
  for (int64_t draw = 0; draw < args.draws; ++draw) {
    const auto seed = static_cast<uint64_t>(args.seed + draw);
    const Batch batch =
        data::read_batch(*experiment.train, balanced_draw(*experiment.train, labels, seed));
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] += metrics::linear_probe(experiment.features[i].second(batch.samples), batch.labels,
                                       test_features[i], experiment.test.labels,
                                       experiment.train->spec().classes, {.seed = seed})
                     .accuracy;
      progress->update({static_cast<double>(draw * static_cast<int64_t>(sums.size())) +
                            static_cast<double>(i) + 1,
                        static_cast<double>(args.draws) * static_cast<double>(sums.size()),
                        {{"labels", std::to_string(labels)}}});
    }
  }
  for (double& sum : sums) sum /= static_cast<double>(args.draws);
  return sums;
}

// Random convolutions that are the same for every run; points have no such network.
void add_random(Experiment& experiment) {
  if (experiment.train->spec().domain != "image") return;
  const std::shared_ptr<const metrics::FeatureNet> net =
      metrics::open_feature_net("random", *experiment.train);
  experiment.features.emplace_back("random convolutions",
                                   [net](const at::Tensor& x) { return net->features(x); });
}

Experiment prepare(const Arguments& args, const infer::Critic& critic,
                   const infer::Critic& untrained) {
  Experiment experiment;
  experiment.train = open_for(critic.model(), args.data, "train");
  const auto test = open_for(critic.model(), args.data, "test");
  if (experiment.train->spec().classes < 2) {
    throw UsageError({.where = args.data,
                      .found = "no classes",
                      .allowed = "labelled data with a train and a test split"});
  }
  std::vector<int64_t> ids;
  const Permutation order(static_cast<uint64_t>(test->size()), 0, "probe test", 0);
  for (int64_t i = 0; i < std::min(args.test, test->size()); ++i) {
    ids.push_back(static_cast<int64_t>(order(static_cast<uint64_t>(i))));
  }
  experiment.test = data::read_batch(*test, ids);
  untrained.model().gan().initialize(static_cast<uint64_t>(args.seed));
  experiment.features = {
      {"discriminator", [&critic](const at::Tensor& x) { return critic.features(x); }},
      {"raw pixels", [](const at::Tensor& x) { return x.flatten(1); }},
      {"untrained discriminator",
       [&untrained](const at::Tensor& x) { return untrained.features(x); }}};
  add_random(experiment);
  return experiment;
}

std::vector<int64_t> label_counts(const std::string& text) {
  std::vector<int64_t> counts;
  for (const uint64_t count : infer::parse_seeds(text, "--labels")) {
    counts.push_back(static_cast<int64_t>(count));
  }
  return counts;
}

void run_probe(const Arguments& args, const Context& context) {
  const std::vector<int64_t> counts = label_counts(args.labels);
  if (args.draws < 1 || args.test < 1) {
    throw UsageError({.where = args.draws < 1 ? "--draws" : "--test",
                      .found = "less than one",
                      .allowed = "1 or more"});
  }
  tune_process(static_cast<int>(args.threads));
  const infer::Critic critic = infer::Critic::load(args.run, args.device);
  const infer::Critic untrained = infer::Critic::load(args.run, args.device);
  const Experiment experiment = prepare(args, critic, untrained);
  std::vector<at::Tensor> test_features;
  for (const auto& [name, features] : experiment.features) {
    test_features.push_back(features(experiment.test.samples));
  }
  Progress progress(context.progress(), "probing", "fits");
  std::vector<std::vector<std::string>> rows = {{"FEATURES", "DIM"}};
  nlohmann::json json = nlohmann::json::array();
  for (size_t i = 0; i < experiment.features.size(); ++i) {
    rows.push_back({experiment.features[i].first, std::to_string(test_features[i].size(1))});
  }
  for (const int64_t count : counts) {
    rows[0].push_back(std::to_string(count) + " LABELS");
    const auto found = accuracies(experiment, count, args, test_features, &progress);
    for (size_t i = 0; i < found.size(); ++i) {
      rows[i + 1].push_back(fmt::format("{:.1f} %", 100 * found[i]));
      json.push_back({{"features", experiment.features[i].first},
                      {"dim", test_features[i].size(1)},
                      {"labels", count},
                      {"accuracy", found[i]}});
    }
  }
  progress.finish("");
  if (context.json) return print(json.dump());
  print_table(rows);
  print(fmt::format(
      "\naccuracy of a linear classifier on {} test samples, mean of {} draws of labels",
      experiment.test.size(), args.draws));
}

}  // namespace

Command features_probe_command() {
  auto args = std::make_shared<Arguments>();
  Command command = {
      .name = "probe",
      .help = "what a linear classifier reads from a discriminator's features, and from pixels",
      .options = {{"run", "a run, checkpoint or model folder", &args->run, true},
                  {"--data", "labelled data with train and test splits", &args->data, true},
                  {"--labels", "how many labelled samples: 100,1000", &args->labels},
                  {"--draws", "of labelled samples; accuracies are means", &args->draws},
                  {"--test", "samples to judge on", &args->test},
                  {"--seed", "of the draws and of untrained weights", &args->seed},
                  {"--device", "auto, cpu, cuda, cuda:n", &args->device},
                  {"--threads", "0: as many as this process may use", &args->threads}},
      .run = [args](const Context& context) { run_probe(*args, context); },
      .footer = "gan features probe last --data fashion-mnist --labels 100,1000"};
  return command;
}

}  // namespace ganymede::cli
