// gan latent: arithmetic with codes, directions that mean something, and walks along them.
#include "ganymede/infer/latent.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/command.h"
#include "cli/picture_rows.h"
#include "cli/run_data.h"
#include "ganymede/core/error.h"
#include "ganymede/core/tuning.h"
#include "ganymede/infer/directions.h"
#include "ganymede/metrics/classifier.h"
#include "ganymede/metrics/linear_probe.h"

namespace ganymede::cli {
namespace {

constexpr int64_t kShown = 8;           // pictures of a set beside its mean
constexpr double kNeighbourhood = 0.3;  // deviations: DCGAN's noise about a result
constexpr int64_t kLabelled = 2000;     // real samples that teach the classes

struct Arguments {
  std::string run, out, device = "cpu";
  std::string a, b, c, z;
  std::string seeds = "0", directions, entries, classifier, data, picture;
  int64_t label = -1, threads = 0, samples = 2000, count = 6, steps = 9, seed = 0;
  double reach = 3;
};

infer::Model open_model(const Arguments& args) {
  tune_process(static_cast<int>(args.threads));
  return infer::Model::load(args.run, args.device);
}

void done(const Context& context, const std::vector<std::string>& files,
          nlohmann::json json = nlohmann::json::object()) {
  if (context.json) {
    json["event"] = "done";
    json["files"] = files;
    return print(json.dump());
  }
  for (const std::string& file : files) print(file);
}

// A set's mean and its members: [1 + members, dim].
at::Tensor with_mean(const at::Tensor& codes) {
  return at::cat(
      {codes.mean(0, true), codes.narrow(0, 0, std::min<int64_t>(codes.size(0), kShown))});
}

at::Tensor neighbours(const infer::Model& model, const at::Tensor& z) {
  Stream random(0, "neighbours");
  const gans::Latent latent = model.gan().latent();
  const at::Tensor noise =
      random.normal({kShown, latent.dim}) * kNeighbourhood * infer::latent_deviation(latent);
  return infer::within_range(latent, at::cat({z, z + noise}));
}

void run_arithmetic(const Arguments& args, const Context& context) {
  const infer::Model model = open_model(args);
  const auto codes = [&](const std::string& seeds, const char* flag) {
    return seeds.empty() ? at::Tensor() : infer::latents_of(model, infer::parse_seeds(seeds, flag));
  };
  const at::Tensor a = codes(args.a, "--a"), b = codes(args.b, "--b"), c = codes(args.c, "--c");
  const at::Tensor z = infer::latent_arithmetic(model, a, b, c);
  std::vector<PictureRow> rows;
  const auto row = [&](const std::string& label, const at::Tensor& points) {
    if (points.defined()) rows.push_back({label, infer::samples_at(model, points, args.label)});
  };
  row("a", with_mean(a));
  row("- b", b.defined() ? with_mean(b) : b);
  row("+ c", c.defined() ? with_mean(c) : c);
  row("= result", neighbours(model, z));
  write_rows(args.out, model.spec(), "left: mean of each set, and the result; right: its members",
             rows);
  std::vector<std::string> files = {args.out};
  if (!args.z.empty()) {
    infer::save_latents(args.z, z);
    files.push_back(args.z);
  }
  done(context, files);
}

std::vector<PictureRow> walk_rows(const infer::Model& model, const std::vector<uint64_t>& seeds,
                                  const std::vector<infer::Direction>& directions,
                                  const Arguments& args) {
  const at::Tensor samples = infer::samples_at(
      model, infer::traverse(model, seeds, directions, args.reach, args.steps), args.label);
  std::vector<PictureRow> rows;
  for (const uint64_t seed : seeds) {
    for (const infer::Direction& direction : directions) {
      const auto begin = static_cast<int64_t>(rows.size()) * args.steps;
      std::string label = direction.name;
      if (seeds.size() > 1) label += fmt::format(", seed {}", seed);
      rows.push_back({label, samples.narrow(0, begin, args.steps)});
    }
  }
  return rows;
}

std::string walk_title(const Arguments& args) {
  return fmt::format("from -{0:g} to {0:g} deviations along each direction", args.reach);
}

void run_traverse(const Arguments& args, const Context& context) {
  const infer::Model model = open_model(args);
  if (args.directions.empty() == args.entries.empty()) {
    throw UsageError({.where = "gan latent traverse",
                      .found = args.entries.empty() ? "no directions" : "directions twice",
                      .allowed = "--directions FILE.npz or --entries 0-3"});
  }
  const auto directions =
      args.entries.empty()
          ? infer::load_directions(args.directions, model)
          : infer::axes(model, infer::parse_seeds(args.entries, "--entries", 10000));
  write_rows(args.out, model.spec(), walk_title(args),
             walk_rows(model, infer::parse_seeds(args.seeds), directions, args));
  done(context, {args.out});
}

// The class of each generated sample by a classifier of gan features train.
at::Tensor classified(const std::string& path, const at::Tensor& samples) {
  const metrics::TrainedNet net =
      metrics::load_trained_net(media::ByteSource(std::filesystem::path(path)));
  const std::vector<int64_t> shape(samples.sizes().begin() + 1, samples.sizes().end());
  if (!net.head || net.info.shape != shape) {
    throw UsageError({.where = path,
                      .found = net.head ? "a classifier of other shapes" : "no classifier",
                      .allowed = "gan features train on labelled data of the model's shape"});
  }
  const at::NoGradGuard no_grad;
  return net.head->forward(net.encoder->forward(samples)).argmax(1);
}

// ... or by a linear classifier of what D sees in labelled samples.
at::Tensor recognised(const infer::Model& model, const std::string& path,
                      const at::Tensor& response) {
  const auto set = open_for(model, path, "train");
  if (set->spec().classes < 2) {
    throw UsageError({.where = path, .found = "no classes", .allowed = "labelled data"});
  }
  std::vector<int64_t> ids(static_cast<size_t>(std::min(set->size(), kLabelled)));
  std::iota(ids.begin(), ids.end(), 0);
  const Batch reals = data::read_batch(*set, ids);
  const at::Tensor features = infer::responses(model, reals.samples);
  const at::Tensor middle = features.mean(0), spread = features.std(0).clamp_min(1e-6);
  const metrics::SoftmaxFit fit = metrics::fit_softmax((features - middle) / spread, reals.labels,
                                                       set->spec().classes, {.l2 = 0.1});
  return (at::matmul(((response - middle) / spread).to(at::kDouble), fit.weight.t()) + fit.bias)
      .argmax(1);
}

std::vector<infer::Direction> find_directions(const infer::Model& model, const Arguments& args) {
  std::vector<uint64_t> seeds(static_cast<size_t>(args.samples));
  std::iota(seeds.begin(), seeds.end(), static_cast<uint64_t>(args.seed));
  const at::Tensor z = infer::latents_of(model, seeds);
  const at::Tensor samples = infer::samples_at(model, z, args.label);
  const at::Tensor response = infer::responses(model, samples);
  if (args.classifier.empty() && args.data.empty()) {
    return infer::principal_directions(z, response, args.count);
  }
  const at::Tensor labels = args.classifier.empty() ? recognised(model, args.data, response)
                                                    : classified(args.classifier, samples);
  return infer::class_directions(z, labels, labels.max().item<int64_t>() + 1);
}

void run_directions(const Arguments& args, const Context& context) {
  if (args.samples < 10) {
    throw UsageError(
        {.where = "-n", .found = std::to_string(args.samples), .allowed = "10 or more"});
  }
  const infer::Model model = open_model(args);
  const auto directions = find_directions(model, args);
  infer::save_directions(args.out, directions);
  std::vector<std::string> files = {args.out};
  if (!args.picture.empty()) {
    write_rows(args.picture, model.spec(), walk_title(args),
               walk_rows(model, infer::parse_seeds(args.seeds), directions, args));
    files.push_back(args.picture);
  }
  const bool by_class = !args.classifier.empty() || !args.data.empty();
  const char* score = by_class ? "held_out_accuracy" : "share_of_variance";
  nlohmann::json json;
  std::vector<std::vector<std::string>> table = {
      {"DIRECTION", by_class ? "HELD-OUT ACCURACY" : "SHARE OF VARIANCE"}};
  for (const infer::Direction& direction : directions) {
    json["directions"].push_back({{"name", direction.name}, {score, direction.score}});
    table.push_back({direction.name, fmt::format("{:.1f} %", 100 * direction.score)});
  }
  if (!context.json) print_table(table);
  done(context, files, json);
}

std::vector<Option> with_common(Arguments& args, std::vector<Option> own) {
  std::vector<Option> options = {{"model", "a run, checkpoint or model folder", &args.run, true}};
  options.insert(options.end(), own.begin(), own.end());
  options.push_back({"--class", "class of all samples, for conditional gans", &args.label});
  options.push_back({"--device", "auto, cpu, cuda, cuda:n", &args.device});
  options.push_back({"--threads", "0: as many as this process may use", &args.threads});
  return options;
}

Command arithmetic() {
  auto args = std::make_shared<Arguments>();
  return {.name = "arithmetic",
          .help = "mean of some samples' codes minus that of others plus that of others",
          .options = with_common(
              *args, {{"--a", "seeds: 0-3,7", &args->a, true},
                      {"--b", "seeds that are taken away", &args->b},
                      {"--c", "seeds that are added", &args->c},
                      {"--out,-o", "a picture of the sets and the result", &args->out, true},
                      {"--save-z", "the result's code as .npz, for gan sample --z", &args->z}}),
          .run = [args](const Context& context) { run_arithmetic(*args, context); },
          .footer = "gan latent arithmetic last --a 3,17,40 --b 5,8 --c 12,60 -o sum.png"};
}

std::vector<Option> walk_options(Arguments& args) {
  return {{"--seeds", "where walks begin", &args.seeds},
          {"--reach", "deviations of z to either side", &args.reach},
          {"--steps", "pictures of a walk", &args.steps}};
}

Command directions() {
  auto args = std::make_shared<Arguments>();
  std::vector<Option> own = {
      {"-n,--samples", "generated samples to learn from", &args->samples},
      {"--count", "principal components", &args->count},
      {"--classifier", "boundaries of the classes of this network (gan features train)",
       &args->classifier},
      {"--data", "boundaries of the classes of these labelled data", &args->data},
      {"--seed", "first seed of the samples", &args->seed},
      {"--out,-o", "the directions, .npz", &args->out, true},
      {"--picture", "a walk along each of them", &args->picture}};
  for (const Option& option : walk_options(*args)) own.push_back(option);
  return {.name = "directions",
          .help = "what changes samples most (PCA), or towards a class (linear boundaries)",
          .options = with_common(*args, own),
          .run = [args](const Context& context) { run_directions(*args, context); },
          .footer =
              "gan latent directions last -o pca.npz --picture pca.png\n"
              "gan latent directions last --data fashion-mnist -o classes.npz"};
}

Command traverse() {
  auto args = std::make_shared<Arguments>();
  std::vector<Option> own = {
      {"--directions", "a file of gan latent directions", &args->directions},
      {"--entries", "entries of z instead: 0-3 (codes of InfoGAN)", &args->entries},
      {"--out,-o", "a picture", &args->out, true}};
  for (const Option& option : walk_options(*args)) own.push_back(option);
  return {.name = "traverse",
          .help = "walks along directions or entries of z, one in each row",
          .options = with_common(*args, own),
          .run = [args](const Context& context) { run_traverse(*args, context); },
          .footer = "gan latent traverse last --directions pca.npz --seeds 0,1 -o walk.png"};
}

}  // namespace

Command latent_command() {
  return {.name = "latent",
          .help = "arithmetic, directions and walks in latent space",
          .children = {arithmetic(), directions(), traverse()}};
}

}  // namespace ganymede::cli
