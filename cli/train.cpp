// gan train, gan resume.
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ganymede/core/error.h"
#include "ganymede/core/memory.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/infer/translate.h"
#include "ganymede/train/run.h"

namespace ganymede::cli {
namespace {

namespace fs = std::filesystem;

// No recipe allows it, so that every number a person may type is used or refused.
constexpr int64_t kNotGiven = std::numeric_limits<int64_t>::min();

struct Arguments {
  std::string what;
  std::string data, schema, out, runs = "runs", device;
  std::vector<std::string> sets;
  int64_t seed = kNotGiven, batch = kNotGiven, threads = kNotGiven;
  double kimg = static_cast<double>(kNotGiven);
  bool dry_run = false;
};

// The flags that are short for a --set.
void apply_flags(const Arguments& args, config::Recipe& recipe) {
  const auto put = [&](const char* key, config::Value value, const char* flag) {
    recipe.put(key, std::move(value), {config::Source::Kind::kFlag, flag});
  };
  for (const std::string& assignment : args.sets) recipe.set(assignment);
  if (!args.data.empty()) put("data.path", args.data, "--data");
  if (!args.schema.empty()) put("data.schema", args.schema, "--schema");
  if (args.seed != kNotGiven) put("seed", args.seed, "--seed");
  if (args.kimg != static_cast<double>(kNotGiven)) put("train.kimg", args.kimg, "--kimg");
  if (args.batch != kNotGiven) put("train.batch", args.batch, "--batch");
  if (args.threads != kNotGiven) put("train.threads", args.threads, "--threads");
  if (!args.device.empty()) put("train.device", args.device, "--device");
}

fs::path make_folder(const Arguments& args, const train::Session& session) {
  if (args.out.empty()) return train::next_run_folder(args.runs, session.short_name());
  const fs::path folder = args.out;
  if (train::is_run(folder)) {
    throw UsageError({.where = "--out",
                      .found = folder.string() + " already holds a run",
                      .remedy = "gan resume " + folder.string() + ", or another folder"});
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError({.where = folder.string(), .found = error.message(), .remedy = "--out FOLDER"});
  }
  return folder;
}

// What a person would try next with a model of `spec` in `folder`.
std::string example(const SampleSpec& spec, const std::string& folder) {
  if (infer::translates_pictures(spec)) return "translate " + folder + " PICTURE --out made.png";
  if (spec.domain == "table") return "sample " + folder + " -n 1000 --out rows.csv";
  return "sample " + folder + " --seeds 0-63 --out grid.png";
}

void report(const train::RunResult& result, const SampleSpec& spec, const Context& context) {
  if (context.json) {
    print(nlohmann::json{{"event", "done"},
                         {"run", result.folder.string()},
                         {"kimg", result.kimg},
                         {"checkpoint", result.checkpoint.string()},
                         {"picture", result.picture.string()}}
              .dump());
    return;
  }
  print("samples  " + result.picture.string());
  print("model    " + (result.folder / "model").string());
  print("run      " + result.folder.string());
  print("next     " + context.command_line.front() + " " + example(spec, result.folder.string()));
}

void show_dry_run(train::Session& session, const Context& context) {
  Progress progress(context.progress(), "reading data", "files");
  const train::DryRun report = train::dry_run(session, &progress);
  progress.finish("");
  nlohmann::json json;
  std::vector<std::vector<std::string>> rows = {{"key", "value", "source"}};
  for (const config::ExplainRow& row : session.recipe().explain()) {
    rows.push_back({row.key, row.value, row.source.text});
    json["config"][row.key] = {{"value", row.value}, {"source", row.source.text}};
  }
  for (const auto& [name, count] : report.parameters) json["parameters"][name] = count;
  json["seconds_per_kimg"] = report.seconds_per_kimg;
  json["total_seconds"] = report.total_seconds;
  json["peak_bytes"] = report.peak_bytes;
  if (context.json) return print(json.dump());
  print_table(rows);
  print("");
  for (const auto& [name, count] : report.parameters) {
    print(fmt::format("{:16} {} parameters", name, format_count(count)));
  }
  print(fmt::format("{:16} {} at the peak of a step", "memory", format_bytes(report.peak_bytes)));
  print(fmt::format("{:16} {:.2f} s per kimg, {} for {} kimg (measured)", "time",
                    report.seconds_per_kimg, format_duration(report.total_seconds),
                    session.train().kimg));
}

void train_in(const fs::path& folder, train::Session& session, const Context& context) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads the progress may go; the training stays
  Progress reading(context.progress(), "reading " + session.data().path, "files");
  Progress progress(context.progress(), "train " + session.short_name(), "kimg");
  const auto result = train::train_run(session, folder, progress, context.command_line, &reading);
  progress.finish("");
  report(result, session.gan().spec(), context);
}

// Before the first tensor.
void prepare_process(const train::TrainConfig& config) {
  tune_process(static_cast<int>(config.threads));
  limit_memory(config.memory_mib << 20, "train.memory_mib");
}

void run_train(const Arguments& args, const Context& context) {
  config::Recipe recipe = train::choose_recipe(args.what, args.data);
  apply_flags(args, recipe);
  train::Session session(std::move(recipe));
  prepare_process(session.train());
  if (args.dry_run) return show_dry_run(session, context);
  const fs::path folder = make_folder(args, session);
  train_in(folder, session, context);
}

void run_resume(const Arguments& args, const Context& context) {
  const fs::path folder =
      args.what.empty() || args.what == "last" ? train::last_run(args.runs) : fs::path(args.what);
  if (!train::is_run(folder)) {
    throw UsageError({.where = folder.string(),
                      .found = "no recipe.toml is here, so it is not a run",
                      .allowed = "a folder that gan train made",
                      .remedy = "gan resume without a name takes the newest in " + args.runs});
  }
  config::Recipe recipe = config::Recipe::load((folder / "recipe.toml").string());
  apply_flags(args, recipe);
  train::Session session(std::move(recipe));
  prepare_process(session.train());
  train_in(folder, session, context);
}

std::vector<Option> common_options(Arguments& args) {
  return {{"--data,-d", "data: a built-in name, file or folder", &args.data},
          {"--schema", "of a table: JSON that corrects what is inferred", &args.schema},
          {"--set,-s", "key=value: any key of the recipe (gan schema)", &args.sets},
          {"--kimg", "length: thousand real samples shown (train.kimg)", &args.kimg},
          {"--device", "auto, cpu, cuda, cuda:n", &args.device},
          {"--threads", "0: as many as this process may use", &args.threads},
          {"--runs", "where numbered runs lie", &args.runs}};
}

}  // namespace

Command train_command() {
  auto args = std::make_shared<Arguments>();
  std::vector<Option> options = {
      {"what", "a gan (gan list), a recipe file or a built-in recipe", &args->what, true}};
  for (Option& option : common_options(*args)) options.push_back(option);
  options.push_back({"--out,-o", "folder of the run (default: runs/<number>-<name>)", &args->out});
  options.push_back({"--seed", "key of all randomness", &args->seed});
  options.push_back({"--batch", "real samples per step (train.batch)", &args->batch});
  options.push_back(
      {"--dry-run", "show config, sizes and measured time; train nothing", &args->dry_run});
  return {.name = "train",
          .help = "train a gan",
          .options = options,
          .run = [args](const Context& context) { run_train(*args, context); },
          .footer =
              "gan train dcgan --data digits\n"
              "gan train dcgan --data ~/pictures --set data.size_px=64 --kimg 500"};
}

Command resume_command() {
  auto args = std::make_shared<Arguments>();
  std::vector<Option> options = {{"run", "a run folder; default: the newest", &args->what}};
  for (Option& option : common_options(*args)) options.push_back(option);
  return {.name = "resume",
          .help = "go on with a run that was stopped, bit-exactly",
          .options = options,
          .run = [args](const Context& context) { run_resume(*args, context); },
          .footer = "gan resume\ngan resume runs/00003-dcgan-digits --kimg 2000"};
}

}  // namespace ganymede::cli
