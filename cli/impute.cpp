// gan impute: gaps of a CSV file filled by a gan, trained on that file or before.
#include "ganymede/infer/impute.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/table/fill.h"
#include "ganymede/data/table/table_data.h"
#include "ganymede/train/run.h"

namespace ganymede::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string data, out, model, gan = "gain", schema, runs = "runs";
  std::vector<std::string> sets;
  int64_t count = 1, seed = 0, threads = 0;
  double kimg = 0;
};

std::shared_ptr<data::TableDataset> open_rows(const data::DataConfig& config) {
  auto rows = std::dynamic_pointer_cast<data::TableDataset>(data::open_dataset(config));
  if (rows) return rows;
  throw UsageError({.where = config.path, .found = "no table", .allowed = "a CSV file with gaps"});
}

// Trains on the file; returns the run.
fs::path train_on(const Arguments& args, const Context& context) {
  config::Recipe recipe = train::choose_recipe(args.gan, args.data);
  const auto put = [&](const char* key, config::Value value, const char* flag) {
    recipe.put(key, std::move(value), {config::Source::Kind::kFlag, flag});
  };
  for (const std::string& assignment : args.sets) recipe.set(assignment);
  put("data.path", args.data, "data");
  put("seed", args.seed, "--seed");
  if (!args.schema.empty()) put("data.schema", args.schema, "--schema");
  if (args.kimg > 0) put("train.kimg", args.kimg, "--kimg");
  if (args.threads > 0) put("train.threads", args.threads, "--threads");
  train::Session session(std::move(recipe));
  const fs::path folder = train::next_run_folder(args.runs, session.short_name());
  Progress progress(context.progress(), "training " + session.short_name(), "kimg");
  train::train_run(session, folder, progress, context.command_line);
  progress.finish("");
  return folder;
}

// "filled.csv" -> "filled-2.csv" for the second of several.
fs::path numbered(const fs::path& path, int64_t number, int64_t count) {
  if (count == 1) return path;
  fs::path name = path.stem();
  name += fmt::format("-{}{}", number, path.extension().string());
  return path.parent_path() / name;
}

void run_impute(const Arguments& args, const Context& context) {
  if (args.count < 1) {
    throw UsageError({.where = "-m", .found = std::to_string(args.count), .allowed = "1 or more"});
  }
  tune_process(static_cast<int>(args.threads));
  const std::string path = args.model.empty() ? train_on(args, context).string() : args.model;
  const infer::Model model = infer::Model::load(path);
  data::DataConfig config;
  config.path = args.data;
  const auto rows = open_rows(data::domain_of(model.spec()).fitting(config, model.spec()));
  const data::Encoder& encoder = rows->encoder();
  const at::Tensor encoded = encoder.tensor(encoder.encode(rows->table()));
  const std::string text = read_file(args.data);
  for (int64_t i = 0; i < args.count; ++i) {
    const auto seed = static_cast<uint64_t>(args.seed + i * rows->size());
    const data::Table completed = encoder.decode(infer::impute(model, encoded, seed));
    const fs::path out = numbered(args.out, i + 1, args.count);
    write_file_atomic(out, data::filled_text(text, args.data, rows->table(), completed, encoder));
    if (!context.quiet) print("filled  " + out.string());
  }
  if (context.quiet) return;
  print(fmt::format("gaps    {} cells in {} rows",
                    format_count(data::count_gaps(rows->table(), encoder)),
                    format_count(rows->size())));
  print("model   " + path);
}

}  // namespace

Command impute_command() {
  auto args = std::make_shared<Arguments>();
  return {.name = "impute",
          .help = "fill the gaps of a CSV file",
          .options = {{"data", "a CSV file with missing cells", &args->data, true},
                      {"--out,-o", "the filled file (.csv)", &args->out, true},
                      {"--model", "a run or model folder of gain; else it is trained on the file",
                       &args->model},
                      {"-m", "multiple imputation: so many files, numbered", &args->count},
                      {"--kimg", "thousand rows to train on; default: as the recipe", &args->kimg},
                      {"--schema", "of the table: a JSON file; else inferred", &args->schema},
                      {"--set,-s", "any key of the recipe: train.batch=256", &args->sets},
                      {"--seed", "of training and imputation", &args->seed},
                      {"--threads", "0: as many as this process may use", &args->threads},
                      {"--runs", "folder of the new run", &args->runs}},
          .run = [args](const Context& context) { run_impute(*args, context); },
          .footer =
              "gan impute data.csv -o filled.csv\n"
              "gan impute new.csv -o filled.csv --model runs/00001-gain-data -m 5"};
}

}  // namespace ganymede::cli
