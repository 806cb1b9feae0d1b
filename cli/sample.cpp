// gan sample, gan interpolate, gan traverse.
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/prompts.h"
#include "cli/run_data.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/tuning.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/given.h"
#include "ganymede/data/sample_stream.h"
#include "ganymede/gans/words.h"
#include "ganymede/infer/latent.h"
#include "ganymede/infer/model.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/gif.h"
#include "ganymede/media/webp.h"

namespace ganymede::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string model, checkpoint, out, seeds, where, device = "cpu", runs = "runs", way = "auto";
  std::string classes, codes, code, z;
  std::vector<std::string> given;
  int64_t count = 0, seed = 0;
  int64_t columns = 0, threads = 0, steps = 12, delay_ms = 80;
  double low = -2, high = 2;
};

infer::Model open_model(const Arguments& args) {
  tune_process(static_cast<int>(args.threads));
  return load_model(args.model, args.checkpoint, args.runs, args.device);
}

void report(const std::vector<fs::path>& paths, const infer::Model& model, const Context& context) {
  nlohmann::json list = nlohmann::json::array();
  for (const fs::path& path : paths) list.push_back(path.string());
  if (context.json) {
    return print(
        nlohmann::json{{"event", "done"}, {"model", model.source().string()}, {"files", list}}
            .dump());
  }
  if (paths.size() > 4) {
    return print(std::to_string(paths.size()) + " files in " +
                 paths.front().parent_path().string());
  }
  for (const fs::path& path : paths) print(path.string());
}

void write_grid(const gans::SampleGrid& grid, const Arguments& args, const infer::Model& model,
                const Context& context) {
  data::PreviewOptions options;
  options.columns = static_cast<int>(args.columns > 0 ? args.columns : grid.columns);
  if (args.columns == 0) options.row_labels = grid.row_titles;
  const std::vector<std::string> prompts = prompts_of(args.given);
  if (prompts.size() == 1) options.title = prompts.front();
  const data::Domain& domain = data::domain_of(model.spec());
  const at::Tensor samples = model.samples_of(grid);
  // A sheet shows what the samples were made from as well; other formats hold the samples alone.
  if (prompts.empty() && grid.request.given.defined() && media::has_image_extension(args.out)) {
    media::write_image(args.out,
                       data::preview_made(model.spec(), grid.request.given, samples, {}, options));
    return report({args.out}, model, context);
  }
  report(domain.write(samples, grid.names, args.out, options), model, context);
}

// The class of all samples of a walk or a stream; -1 where none is asked for.
int64_t single_class(const Arguments& args, const infer::Model& model) {
  if (args.classes.empty()) return -1;
  gans::check_takes_classes(model.gan());
  const auto wishes = gans::parse_classes(args.classes, model.classes());
  if (wishes.size() == 1 && wishes.front().label >= 0) return wishes.front().label;
  throw UsageError({.where = "--class", .found = args.classes, .allowed = "one class"});
}

// Samples at the codes of a file.
void run_codes(const Arguments& args, const Context& context) {
  const infer::Model model = open_model(args);
  const at::Tensor samples =
      infer::samples_at(model, infer::load_latents(args.z, model), single_class(args, model));
  std::vector<std::string> names;
  for (int64_t i = 0; i < samples.size(0); ++i) names.push_back("z-" + std::to_string(i));
  data::PreviewOptions options;
  options.columns = static_cast<int>(args.columns);
  report(data::domain_of(model.spec()).write(samples, names, args.out, options), model, context);
}

// The same for every seed.
Giver giver_of_prompt(const at::Tensor& prompt) {
  return [prompt](const std::vector<uint64_t>& seeds) {
    std::vector<int64_t> copies(static_cast<size_t>(prompt.dim()), 1);
    copies.front() = static_cast<int64_t>(seeds.size());
    return prompt.repeat(copies);
  };
}

// By number instead of seed by seed: in pieces, and by a condition.
void run_stream(const Arguments& args, const Context& context) {
  if (!args.seeds.empty() || args.seed < 0) {
    throw UsageError({.where = args.seeds.empty() ? "--seed" : "--seeds",
                      .found = args.seeds.empty() ? std::to_string(args.seed)
                                                  : args.seeds + " beside -n or --where",
                      .allowed = "--seeds, or -n with --seed 0 or more"});
  }
  const infer::Model model = open_model(args);
  const int64_t label = single_class(args, model);
  const std::vector<std::string> prompts = prompts_of(args.given);
  if (prompts.size() > 1)
    throw UsageError({"--given", std::to_string(prompts.size()) + " of them beside -n", "one"});
  const Giver give = prompts.empty() ? giver_of_data(model)
                                     : giver_of_prompt(parse_prompt(model, prompts.front()));
  data::PreviewOptions options;
  options.columns = static_cast<int>(args.columns);
  Progress progress(context.progress(), "sampling", "samples");
  const auto paths = data::write_samples(
      data::domain_of(model.spec()),
      [&](const std::vector<uint64_t>& seeds, const at::Tensor& condition) {
        return model.sample(seeds, label, condition, give(seeds));
      },
      {.count = args.count > 0 ? args.count : 1000,
       .seed = static_cast<uint64_t>(args.seed),
       .where = args.where},
      args.out, options, &progress);
  progress.finish("");
  report(paths, model, context);
}

void run_sample(const Arguments& args, const Context& context) {
  if (!args.z.empty()) return run_codes(args, context);
  if (args.count != 0 || !args.where.empty()) return run_stream(args, context);
  const auto seeds = infer::parse_seeds(args.seeds.empty() ? "0-63" : args.seeds);
  const infer::Model model = open_model(args);
  if (const auto prompts = prompts_of(args.given); !prompts.empty()) {
    return write_grid(prompt_grid(model, prompts, seeds), args, model, context);
  }
  gans::SampleGrid grid = model.grid(seeds, args.classes);
  grid.request.given = giver_of_data(model)(grid.request.seeds);
  if (!args.codes.empty()) {
    const gans::Gan& gan = model.gan();
    grid.request.z = gans::with_codes(gan, grid.request.latents(gan.latent()), args.codes);
  }
  write_grid(grid, args, model, context);
}

void run_traverse(const Arguments& args, const Context& context) {
  const auto seeds = infer::parse_seeds(args.seeds);
  const infer::Model model = open_model(args);
  const auto codes = model.gan().codes();
  const std::string name = args.code.empty() && !codes.empty() ? codes.front().name : args.code;
  const gans::Code code = gans::find_code(model.gan(), name, "--code");
  write_grid(gans::code_grid(model.gan(), code, seeds, args.steps, args.low, args.high), args,
             model, context);
}

infer::Interpolation way_of(const Arguments& args, const infer::Model& model) {
  if (args.way == "slerp") return infer::Interpolation::kSlerp;
  if (args.way == "lerp") return infer::Interpolation::kLerp;
  return model.gan().latent().kind == gans::Latent::Kind::kNormal ? infer::Interpolation::kSlerp
                                                                  : infer::Interpolation::kLerp;
}

// From one prompt to the other, one row for each seed.
at::Tensor between_prompts(const Arguments& args, const infer::Model& model,
                           const std::vector<uint64_t>& seeds) {
  const auto prompts = prompts_of(args.given);
  if (prompts.size() != 2) {
    throw UsageError({"--prompt", std::to_string(prompts.size()) + " of them",
                      "two: --prompt \"red heart|blue heart\""});
  }
  const gans::Request request{.seeds = seeds, .device = model.device()};
  return gans::between_captions(model.gan(), request, parse_prompt(model, prompts[0]),
                                parse_prompt(model, prompts[1]), args.steps);
}

void run_interpolate(const Arguments& args, const Context& context) {
  const auto seeds = infer::parse_seeds(args.seeds);
  const infer::Model model = open_model(args);
  const at::Tensor samples =
      args.given.empty()
          ? model.interpolate(seeds, args.steps, way_of(args, model), single_class(args, model))
          : between_prompts(args, model, seeds);
  const data::Domain& domain = data::domain_of(model.spec());
  const fs::path out = args.out;
  const std::string extension = out.extension().string();
  if (extension == ".gif" || extension == ".webp") {
    std::vector<media::Image> frames;
    for (const media::Image& picture : domain.pictures(samples)) {
      frames.push_back(media::with_channels(picture, 3));
    }
    const int delay = static_cast<int>(args.delay_ms);
    write_file_atomic(out, extension == ".gif" ? media::encode_gif(frames, delay)
                                               : media::encode_webp_animation(frames, delay));
    return report({out}, model, context);
  }
  std::vector<std::string> names;
  for (int64_t i = 0; i < samples.size(0); ++i) names.push_back("step-" + std::to_string(i));
  data::PreviewOptions options;
  options.columns = static_cast<int>(args.columns > 0 ? args.columns : args.steps + 1);
  report(domain.write(samples, names, out, options), model, context);
}

std::vector<Option> common_options(Arguments& args) {
  return {{"model", "a run, checkpoint or model folder, or 'last'", &args.model, true},
          {"--checkpoint", "of a run: best, last or its kimg; default: last", &args.checkpoint},
          {"--columns", "of the picture; 0: nearly square", &args.columns},
          {"--device", "auto, cpu, cuda, cuda:n", &args.device},
          {"--threads", "0: as many as this process may use", &args.threads},
          {"--runs", "where 'last' is looked for", &args.runs}};
}

}  // namespace

Command sample_command() {
  auto args = std::make_shared<Arguments>();
  std::vector<Option> options = common_options(*args);
  options.push_back({"--seeds", "one sample per seed: 0-63,77", &args->seeds});
  options.push_back({"--class",
                     "classes by number or name: 3, Dress, 3,7, 0-9, all; several make rows; "
                     "mixes 3:0.5,8:0.5",
                     &args->classes});
  options.push_back({"--given,--prompt",
                     "what the samples are made from: words, the path of a picture, parameters; "
                     "several, or with | between them, make rows; default: as in the run's data",
                     &args->given});
  options.push_back({"--z", "codes of an .npz file (array z) instead of seeds", &args->z});
  options.push_back({"--codes", "of infogan: category=3,code1=0.5", &args->codes});
  options.push_back({"-n", "so many samples, of seeds drawn from --seed", &args->count});
  options.push_back({"--seed", "of -n", &args->seed});
  options.push_back(
      {"--where", "of a table: only rows like \"income='>50K' and age >= 40\"", &args->where});
  options.push_back(
      {"--out,-o", "a picture, .npz, .csv (points, tables) or a folder", &args->out, true});
  return {.name = "sample",
          .help = "make samples from a trained model",
          .options = options,
          .run = [args](const Context& context) { run_sample(*args, context); },
          .footer =
              "gan sample last --seeds 0-63 --out grid.png\n"
              "gan sample last --class all --seeds 0-9 --out classes.png\n"
              "gan sample runs/00003-dcgan-digits --seeds 0-999 --out samples/\n"
              "gan sample last -n 1000 --where \"income='>50K'\" --out rows.csv"};
}

Command interpolate_command() {
  auto args = std::make_shared<Arguments>();
  args->seeds = "0-3";
  std::vector<Option> options = common_options(*args);
  options.push_back({"--seeds", "the way goes through these: 0-3", &args->seeds});
  options.push_back({"--class", "class of all samples, by number or name", &args->classes});
  options.push_back({"--prompt",
                     "from one caption to another, \"red heart|blue heart\", a row for each seed",
                     &args->given});
  options.push_back({"--out,-o", ".gif or .webp: animation; else as gan sample", &args->out, true});
  options.push_back({"--steps", "samples from one seed to the next", &args->steps});
  options.push_back({"--way",
                     "auto (slerp for normal latents), slerp, lerp",
                     &args->way,
                     false,
                     {"auto", "slerp", "lerp"}});
  options.push_back({"--delay-ms", "of an animation's frame", &args->delay_ms});
  return {.name = "interpolate",
          .help = "walk between samples",
          .options = options,
          .run = [args](const Context& context) { run_interpolate(*args, context); },
          .footer =
              "gan interpolate last --seeds 0-5 --out walk.webp\n"
              "gan interpolate last --prompt \"red heart|blue heart\" --out words.png"};
}

Command traverse_command() {
  auto args = std::make_shared<Arguments>();
  args->seeds = "0-9";
  args->steps = 10;
  std::vector<Option> options = common_options(*args);
  options.push_back({"--seeds", "rows: all else of z as each seed draws it", &args->seeds});
  options.push_back(
      {"--code", "which code changes along the rows; default: the first", &args->code});
  options.push_back({"--steps", "values of a continuous code", &args->steps});
  options.push_back({"--low", "its first value; in training -1", &args->low});
  options.push_back({"--high", "its last value; in training 1", &args->high});
  options.push_back({"--out,-o", "a picture, .npz or a folder", &args->out, true});
  return {.name = "traverse",
          .help = "what a code that infogan found does: its values along rows of samples",
          .options = options,
          .run = [args](const Context& context) { run_traverse(*args, context); },
          .footer =
              "gan traverse last --out categories.png\n"
              "gan traverse last --code code1 --out code1.png"};
}

}  // namespace ganymede::cli
