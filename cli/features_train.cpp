// gan features train.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/data_flags.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/train/feature_training.h"

namespace ganymede::cli {
namespace {

struct TrainArguments {
  std::string data, out, split = "train", kind = "auto";
  double kimg = 0;
  int64_t seed = 0, size_px = 0, batch = 64, dim = 128, threads = 0;
  std::vector<std::string> sets;
  bool force = false;
};

data::DataConfig config_of(const TrainArguments& args) {
  return bind_data({{"data.path", args.data, "--data"},
                    {"data.split", args.split, "--split"},
                    {"data.size_px", args.size_px, "--size"}},
                   args.sets);
}

void check_destination(const TrainArguments& args) {
  const fs::path out = args.out;
  const auto refuse = [&](const std::string& found, const std::string& allowed,
                          const std::string& remedy) {
    throw UsageError(
        {.where = "--out " + args.out, .found = found, .allowed = allowed, .remedy = remedy});
  };
  if (out.extension() != ".safetensors") refuse("another kind of file", "a .safetensors file", "");
  if (fs::exists(out) && !args.force) refuse("a file that exists", "a new file", "--force");
  const fs::path folder = out.has_parent_path() ? out.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) refuse("no such folder", "a folder that exists", "mkdir it");
}

void report(const metrics::TrainedNetInfo& info, const TrainArguments& args,
            const Context& context) {
  const std::string hash = sha256_hex_file(args.out);
  const std::string kind = info.kind();
  if (context.json) {
    return print(nlohmann::json{{"event", "done"},
                                {"path", args.out},
                                {"kind", kind},
                                {"sha256", hash},
                                {"shape", info.shape},
                                {"classes", info.classes},
                                {"dim", info.dim},
                                {"kimg", info.kimg},
                                {"seed", info.seed},
                                {"held_out", info.held_out},
                                {"accuracy", info.accuracy},
                                {"data_fingerprint", info.data_fingerprint}}
                     .dump());
  }
  const char* what = info.classes > 0 ? "named rightly" : "of the variance reconstructed";
  print(fmt::format("{} with {} features in {}", kind, info.dim, args.out));
  print(fmt::format("held out   {} images, {:.2f} % {}", format_count(info.held_out),
                    100 * info.accuracy, what));
  print("sha256     " + hash);
}

void run_train(const TrainArguments& args, const Context& context) {
  tune_process(static_cast<int>(args.threads));
  check_destination(args);
  if (args.seed < 0) {
    throw UsageError(
        {.where = "--seed", .found = std::to_string(args.seed), .allowed = "0 or more"});
  }
  const data::DataConfig config = config_of(args);
  std::shared_ptr<data::Dataset> dataset;
  {
    Progress reading(context.progress(), "reading " + args.data, "samples");
    dataset = data::open_dataset(config, &reading);
  }
  Progress progress(context.progress(), "training features", "images");
  const metrics::TrainedNet net =
      train::train_feature_net(*dataset,
                               {.kind = args.kind,
                                .kimg = args.kimg,
                                .batch = args.batch,
                                .dim = args.dim,
                                .seed = static_cast<uint64_t>(args.seed),
                                .split = args.split},
                               &progress);
  progress.finish("");
  metrics::save_trained_net(args.out, net);
  report(net.info, args, context);
}

}  // namespace

Command features_train_command() {
  auto args = std::make_shared<TrainArguments>();
  return {.name = "train",
          .help = "train a feature network on your own data, for gan evaluate",
          .options = {{"--data", "built-in name, file or folder", &args->data, true},
                      {"--out,-o", "the .safetensors file to make", &args->out, true},
                      {"--kind",
                       "auto: classifier when the data have labels",
                       &args->kind,
                       false,
                       {"auto", "classifier", "autoencoder"}},
                      {"--kimg", "thousand images shown; 0: three passes", &args->kimg},
                      {"--seed", "key of all randomness", &args->seed},
                      {"--split", "train, test, all", &args->split},
                      {"--size", "resize to this many pixels a side; 0: as stored", &args->size_px},
                      {"--batch", "images a step", &args->batch},
                      {"--dim", "number of features", &args->dim},
                      {"--threads", "0: as many as this process may use", &args->threads},
                      {"--set,-s", "data.key=value: any other key of [data]", &args->sets},
                      {"--force", "replace an existing file", &args->force}},
          .run = [args](const Context& context) { run_train(*args, context); },
          .footer = "gan features train --data fashion-mnist --out fashion.safetensors"};
}

}  // namespace ganymede::cli
