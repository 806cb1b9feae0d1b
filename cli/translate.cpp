// gan translate: pictures made from pictures, one file or a folder of them.
#include "ganymede/infer/translate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/run_data.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/data/listing.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/infer/model.h"
#include "ganymede/infer/translate_files.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::string model, in, out, checkpoint, direction, format, device = "cpu", runs = "runs";
  int64_t tile = 0, overlap = 32, seed = 0, threads = 0;
  bool strip = false, force = false, opaque = false;
};

infer::Model open_model(const Arguments& args) {
  tune_process(static_cast<int>(args.threads));
  return load_model(args.model, args.checkpoint, args.runs, args.device);
}

// Where `out` lies below `folder`, as names there begin; empty where it does not.
std::string part_below(const fs::path& folder, const fs::path& out) {
  const fs::path relative =
      fs::weakly_canonical(out).lexically_relative(fs::weakly_canonical(folder));
  const bool below = !relative.empty() && relative != "." && relative.begin()->string() != "..";
  return below ? relative.generic_string() + "/" : std::string();
}

// Pictures of the folder; what an earlier call wrote below it is none of them.
std::vector<std::string> pictures_in(const fs::path& folder, const fs::path& out) {
  const std::string own = part_below(folder, out);
  std::vector<std::string> names;
  for (const std::string& name : data::list_folder(folder).names) {
    const bool made = !own.empty() && name.starts_with(own);
    if (data::is_picture_name(name) && !data::lies_hidden(name) && !made) names.push_back(name);
  }
  if (names.empty()) {
    throw DataError({.where = folder.string(),
                     .found = "no pictures",
                     .allowed = std::string(data::kPictureKinds) + " files"});
  }
  std::ranges::sort(names);
  return names;
}

std::vector<infer::TranslateFile> files_of(const Arguments& args) {
  const fs::path in = args.in, out = args.out;
  if (!fs::exists(in)) {
    throw DataError({.where = in.string(),
                     .found = "no such file or folder",
                     .allowed = "a picture, or a folder of pictures"});
  }
  if (!fs::is_directory(in)) return {infer::single_file(in, out, args.format)};
  if (fs::exists(out) && !fs::is_directory(out)) {
    throw UsageError({.where = out.string(),
                      .found = "a file, for pictures of the folder " + in.string(),
                      .allowed = "a folder"});
  }
  std::error_code error;
  fs::create_directories(out, error);
  if (error) {
    throw FileError({.where = out.string(),
                     .found = "cannot be made: " + error.message(),
                     .allowed = "a writable folder"});
  }
  return infer::files_of_folder(in, pictures_in(in, out), out, args.format);
}

void print_json(const infer::TranslateOutcome& outcome) {
  nlohmann::json line = {{"event", outcome.problem.empty() ? "translated" : "failed"},
                         {"in", outcome.file.in.string()},
                         {"out", outcome.file.out.string()}};
  if (!outcome.problem.empty()) line["problem"] = outcome.problem;
  print(line.dump());
}

// One line for each file that failed, beside the live line.
void warn(const infer::TranslateOutcome& outcome) {
  write_beside_progress(2,
                        fmt::format("skipped {}: {}\n", outcome.file.in.string(), outcome.problem));
}

void conclude(const std::vector<infer::TranslateOutcome>& outcomes, const Arguments& args,
              const Context& context) {
  const auto failed = std::ranges::count_if(
      outcomes, [](const infer::TranslateOutcome& outcome) { return !outcome.problem.empty(); });
  const auto count = static_cast<int64_t>(outcomes.size());
  if (!context.json && !context.quiet && failed < count) {
    print(count == 1 ? outcomes.front().file.out.string()
                     : fmt::format("{} of {} pictures in {}", format_count(count - failed),
                                   format_count(count), args.out));
  }
  if (failed == 0) return;
  throw DataError({.where = args.in,
                   .found = count == 1 ? "it was not translated"
                                       : fmt::format("{} of {} pictures were not translated, named "
                                                     "above",
                                                     format_count(failed), format_count(count))});
}

void run_translate(const Arguments& args, const Context& context) {
  const auto files = files_of(args);
  const infer::Model model = open_model(args);
  const infer::Translator translator(model.gan(), model.device(),
                                     {.tile_px = args.tile,
                                      .overlap_px = args.overlap,
                                      .direction = args.direction,
                                      .seed = static_cast<uint64_t>(args.seed),
                                      .opaque = args.opaque});
  Progress progress(context.progress(), "translating", "pictures");
  const auto total = static_cast<double>(files.size());
  double done = 0;
  infer::FileFunctions functions;
  functions.read = [](const fs::path& path) {
    return data::decode_picture(read_file(path, size_t{1} << 30), path.string(),
                                media::Channels::kAsStored);
  };
  functions.translate = [&](const media::Image& picture) {
    return translator(picture, [&](int64_t part, int64_t parts) {
      const double share = static_cast<double>(part) / static_cast<double>(parts);
      progress.update({done + share, total, {{"part", fmt::format("{}/{}", part, parts)}}});
    });
  };
  functions.report = [&](const infer::TranslateOutcome& outcome) {
    progress.update({++done, total, {}});
    if (context.json) print_json(outcome);
    if (!context.json && !outcome.problem.empty()) warn(outcome);
  };
  const auto outcomes = infer::translate_files(files, functions, {args.force, args.strip});
  progress.finish("");
  conclude(outcomes, args, context);
}

}  // namespace

Command translate_command() {
  auto args = std::make_shared<Arguments>();
  return {
      .name = "translate",
      .help = "make pictures from pictures: of any size, files or folders",
      .options = {{"model", "a run, checkpoint or model folder, or 'last'", &args->model, true},
                  {"in", "a picture, or a folder of them", &args->in, true},
                  {"--out,-o", "a picture, or a folder in which names are kept", &args->out, true},
                  {"--direction", "of models that know several: \"B to A\"", &args->direction},
                  {"--tile",
                   "most sides of a part, in px of the picture given; 0: chosen by its size, "
                   "-1: whole pictures",
                   &args->tile},
                  {"--overlap", "of neighbouring parts, in px", &args->overlap},
                  {"--strip", "beside each result NAME-strip.png: before and after", &args->strip},
                  {"--format",
                   "of all results; default: that of each picture",
                   &args->format,
                   false,
                   {"png", "jpg", "webp"}},
                  {"--opaque",
                   "leave out the transparency of what is given: for drawings that are filled",
                   &args->opaque},
                  {"--force", "replace existing files", &args->force},
                  {"--seed", "of what the model draws", &args->seed},
                  {"--checkpoint", "of a run: best, last or its kimg; default: last",
                   &args->checkpoint},
                  {"--device", "auto, cpu, cuda, cuda:n", &args->device},
                  {"--threads", "0: as many as this process may use", &args->threads},
                  {"--runs", "where 'last' is looked for", &args->runs}},
      .run = [args](const Context& context) { run_translate(*args, context); },
      .footer =
          "gan translate last sketch.png -o painted.png\n"
          "gan translate runs/00003-cyclegan-animals photos/ -o dogs/ --strip\n"
          "gan translate last painted/ -o sketches/ --direction \"B to A\" --tile 512"};
}

}  // namespace ganymede::cli
