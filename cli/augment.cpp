// gan augment: labelled samples from a gan, and whether a classifier is the better for them.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/command.h"
#include "cli/run_data.h"
#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/core/tuning.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/holdout.h"
#include "ganymede/infer/labelled_samples.h"
#include "ganymede/media/npy.h"
#include "ganymede/train/augment_study.h"

namespace ganymede::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> models;
  std::string data, out, device = "cpu";
  int64_t count = 1000, limit = 0, test = 5000, repeats = 3, seed = 0, threads = 0;
  double kimg = 20;
  bool only_samples = false;
};

void write_archive(const Batch& made, const fs::path& path) {
  const at::Tensor pictures = data::to_bytes(made.samples).permute({0, 2, 3, 1}).contiguous();
  const at::Tensor labels = made.labels.contiguous();
  const auto view = [](const at::Tensor& tensor) {
    return std::string_view(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  };
  media::write_npz(path, {{"images", {media::DType::kU8, pictures.sizes().vec(), view(pictures)}},
                          {"labels", {media::DType::kI64, labels.sizes().vec(), view(labels)}}});
}

// One folder for each class, as gan train --data reads them.
void write_folders(const Batch& made, const SampleSpec& spec, const fs::path& out) {
  for (int64_t label = 0; label <= made.labels.max().item<int64_t>(); ++label) {
    const at::Tensor rows = made.labels.eq(label).nonzero().flatten();
    if (rows.numel() == 0) continue;
    std::vector<std::string> names;
    for (int64_t i = 0; i < rows.numel(); ++i) names.push_back(fmt::format("{:06}", i));
    const fs::path folder = out / fmt::format("{:03}", label);
    fs::create_directories(folder);
    data::domain_of(spec).write(made.samples.index_select(0, rows), names, folder, {});
  }
}

Batch first_of(const data::Dataset& set, int64_t count) {
  std::vector<int64_t> ids(static_cast<size_t>(std::min(set.size(), count)));
  std::iota(ids.begin(), ids.end(), 0);
  return data::read_batch(set, ids);
}

// A keyed draw, as many test sets are sorted by class.
Batch drawn_from(const data::Dataset& set, int64_t count) {
  const Permutation order(static_cast<uint64_t>(set.size()), 0, "augment test", 0);
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < std::min(set.size(), count); ++i) {
    ids.push_back(static_cast<int64_t>(order(static_cast<uint64_t>(i))));
  }
  return data::read_batch(set, ids);
}

struct Reals {
  SampleSpec spec;
  Batch train, test;
};

// The data that the first model learned from, or --data with --limit; and their test split, or the
// samples that were kept from the model.
Reals open_reals(const Arguments& args, const infer::Model& model) {
  data::DataConfig config;
  config::Recipe recipe =
      config::Recipe::parse(model.recipe(), model.source().string() + ": recipe");
  recipe.bind("data", config);
  if (!args.data.empty()) {
    config.path = args.data;
    config.split = "train";
    config.limit = args.limit;
    config.holdout = 0;
  } else if (args.limit > 0) {
    config.limit = args.limit;
  }
  config.size_px = model.spec().shape.at(1);
  config.channels = model.spec().shape.at(0) == 1 ? "grey" : "rgb";
  const auto train = data::open_dataset(config);
  const auto test = data::open_holdout(config, train);
  if (test && train->spec().classes >= 2) {
    return {train->spec(), first_of(*train, train->size()), drawn_from(*test, args.test)};
  }
  throw UsageError({.where = config.path,
                    .found = test ? "no classes" : "neither a test split nor samples kept aside",
                    .allowed = "labelled data with a test split, or a run with data.holdout",
                    .remedy = "--data with such data, or --only-samples"});
}

void tell(const std::vector<train::AugmentStudyRow>& rows, const Reals& reals,
          const Arguments& args, const Context& context) {
  if (context.json) {
    nlohmann::json json = {{"event", "done"},
                           {"out", args.out},
                           {"generated", args.count},
                           {"real", reals.train.size()},
                           {"test", reals.test.size()}};
    for (const auto& row : rows) {
      json["classifiers"].push_back({{"classifier", row.classifier},
                                     {"real", row.real},
                                     {"with_generated", row.both},
                                     {"gain", row.gain()},
                                     {"standard_error", row.standard_error()}});
    }
    return print(json.dump());
  }
  std::vector<std::vector<std::string>> table = {
      {"CLASSIFIER", fmt::format("{} REALS", reals.train.size()),
       fmt::format("+ {} GENERATED", args.count), "GAIN", "+-"}};
  for (const auto& row : rows) {
    table.push_back({row.classifier, fmt::format("{:.1f} %", 100 * row.mean_real()),
                     fmt::format("{:.1f} %", 100 * row.mean_both()),
                     fmt::format("{:+.1f}", 100 * row.gain()),
                     fmt::format("{:.1f}", 100 * row.standard_error())});
  }
  print_table(table);
  print(
      fmt::format("\naccuracy on {} test samples, mean of {} seeds; +-: standard error of the gain",
                  reals.test.size(), args.repeats));
  print(args.out);
}

void run_augment(const Arguments& args, const Context& context) {
  for (const auto& [flag, value] : {std::pair<const char*, int64_t>{"-n", args.count},
                                    {"--repeats", args.repeats},
                                    {"--test", args.test}}) {
    if (value >= 1) continue;
    throw UsageError({.where = flag, .found = std::to_string(value), .allowed = "1 or more"});
  }
  tune_process(static_cast<int>(args.threads));
  const auto models = infer::load_class_models(args.models, args.device);
  const infer::Model& first = *models.front().model;
  if (first.spec().domain != "image") {
    throw UsageError({.where = args.models.front(),
                      .found = "samples that are no images",
                      .allowed = "gans that make images"});
  }
  const auto seed = static_cast<uint64_t>(args.seed);
  const Batch made = infer::labelled_samples(models, args.count, seed);
  if (fs::path(args.out).extension() == ".npz") {
    write_archive(made, args.out);
  } else {
    write_folders(made, first.spec(), args.out);
  }
  if (args.only_samples) {
    return print(context.json ? nlohmann::json{{"event", "done"}, {"out", args.out}}.dump()
                              : args.out);
  }
  const Reals reals = open_reals(args, first);
  Progress progress(context.progress(), "classifiers", "fits");
  const auto rows =
      train::augment_study(reals.spec, reals.train, made, reals.test,
                           {.repeats = args.repeats, .kimg = args.kimg, .seed = seed}, &progress);
  progress.finish("");
  tell(rows, reals, args, context);
}

}  // namespace

Command augment_command() {
  auto args = std::make_shared<Arguments>();
  return {
      .name = "augment",
      .help = "labelled samples from a gan, and whether they help a classifier",
      .options =
          {{"models", "a conditional gan's run, or 0=RUN 1=RUN ...", &args->models, true},
           {"-n,--samples", "generated samples, classes in equal parts", &args->count},
           {"--out,-o", "an .npz, or a folder with one folder for each class", &args->out, true},
           {"--data", "labelled data with a test split; default: the run's, and what it kept aside",
            &args->data},
           {"--limit", "of these, reals to train the classifiers on; 0: as the run", &args->limit},
           {"--test", "test samples to judge on", &args->test},
           {"--repeats", "seeds of the classifiers", &args->repeats},
           {"--kimg", "images shown to each convolutional classifier", &args->kimg},
           {"--only-samples", "write the samples and train nothing", &args->only_samples},
           {"--seed", "first seed of the samples, and of the classifiers", &args->seed},
           {"--device", "auto, cpu, cuda, cuda:n", &args->device},
           {"--threads", "0: as many as this process may use", &args->threads}},
      .run = [args](const Context& context) { run_augment(*args, context); },
      .footer =
          "gan augment runs/00004-cgan-fashion-mnist -n 2000 -o more.npz\n"
          "gan augment 0=runs/daisy 1=runs/rose --data flowers -n 400 -o more/"};
}

}  // namespace ganymede::cli
