// gan evaluate, gan compare.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/critic_features.h"
#include "cli/judged.h"
#include "cli/restoration.h"
#include "cli/torch_features.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/dist/group.h"
#include "ganymede/metrics/report.h"
#include "ganymede/train/run_folder.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::vector<std::string> what;
  DataFlags data;
  std::string metrics, features, resize = "clean", digits, lpips, statistics, report, out,
                                 checkpoint, target, holdout, degrade;
  std::string device = "cpu", runs = "runs";
  int64_t samples = 5000, repeats = 3, seed = 0, threads = 0;
  bool allow_small = false, floats = false, no_floor = false, no_cache = false;
};

// A rank waits this long for the samples of the slowest other.
constexpr std::chrono::minutes kPatience{30};

// Started as torchrun does, processes share the samples; the first of them speaks.
Context voice_of(const dist::Group& group, Context context) {
  if (group.is_first()) return context;
  context.json = false;
  context.quiet = true;
  return context;
}

// "fd,kid prdc" -> names.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + ",") {
    if (c != ',' && c != ' ') {
      word.push_back(c);
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

metrics::EvaluationOptions options_of(const Arguments& args, const ReferenceData& reference,
                                      dist::Group& group) {
  metrics::EvaluationOptions options;
  options.group = &group;
  options.metrics = words_of(args.metrics);
  options.samples = args.samples;
  options.repeats = args.repeats;
  if (args.seed < 0) {
    throw UsageError(
        {.where = "--seed", .found = std::to_string(args.seed), .allowed = "0 or more"});
  }
  options.seed = static_cast<uint64_t>(args.seed);
  options.features = args.features;
  options.net = torch_feature_net(args.features, args.resize);
  if (!options.net) options.net = critic_feature_net(args.features, args.device);
  options.resize = args.resize;
  options.digits = args.digits;
  options.lpips = args.lpips;
  options.allow_small = args.allow_small;
  options.quantise = !args.floats;
  options.floor = !args.no_floor;
  options.cache = !args.no_cache;
  options.data = reference.config;
  options.training = reference.training;
  options.training_name = reference.training_name;
  options.reference_seen = reference.seen;
  options.target = args.target;
  options.holdout = open_beside(args.holdout, reference);
  options.statistics = args.statistics;
  return options;
}

struct Judgement {
  std::vector<metrics::Record> records;
  std::vector<std::string> heads;
  std::vector<metrics::ReportPicture> pictures;
};

void write_report(const Arguments& args, const std::string& title, Judgement judgement) {
  if (args.report.empty()) return;
  metrics::Report report{.title = title,
                         .records = std::move(judgement.records),
                         .heads = std::move(judgement.heads),
                         .pictures = std::move(judgement.pictures)};
  write_file_atomic(args.report, metrics::report_html(report));
}

void print_records(const Judgement& judgement) {
  const auto& records = judgement.records;
  print_table(records.size() == 1 ? metrics::score_table(records.front())
                                  : metrics::comparison_table(records, judgement.heads));
  print("");
  for (size_t i = 0; i < records.size(); ++i) {
    const auto classes = metrics::class_table(records[i]);
    if (classes.size() < 2) continue;
    if (records.size() > 1) print(judgement.heads[i]);
    print_table(classes);
    print("");
  }
  for (const std::string& line : metrics::warning_lines(records, judgement.heads)) {
    print("warning: " + line);
  }
  print(metrics::settings_line(records.front()));
}

void print_json(const Judgement& judgement) {
  for (const metrics::Record& record : judgement.records) {
    nlohmann::json line = metrics::to_json(record);
    line["event"] = "record";
    print(line.dump());
  }
}

void show(const Arguments& args, const std::string& title, const std::string& note,
          const Judgement& judgement, const Context& context) {
  if (!args.out.empty()) write_file_atomic(args.out, metrics::records_text(judgement.records));
  write_report(args, title, judgement);
  if (context.json) return print_json(judgement);
  print_records(judgement);
  if (!note.empty()) print(note);
  if (!args.out.empty()) print("record  " + args.out);
  if (!args.report.empty()) print("report  " + args.report);
}

// A progress line over everything that is judged.
metrics::Record judge(metrics::Evaluator& evaluator, const metrics::Subject& subject,
                      const Context& context, metrics::Exhibits* exhibits) {
  Progress progress(context.progress(), "evaluate " + subject.name, "samples");
  metrics::Record record = evaluator.evaluate(subject, &progress, exhibits);
  progress.finish("");
  return record;
}

void add_pictures(const metrics::Exhibits& exhibits, const metrics::Subject& subject,
                  const std::string& head, Judgement& judgement) {
  for (metrics::ReportPicture& picture : metrics::exhibit_pictures(exhibits, subject.spec)) {
    if (!head.empty()) picture.title += ": " + head;
    judgement.pictures.push_back(std::move(picture));
  }
}

std::string kimg_head(const metrics::Record& record) {
  return std::isfinite(record.kimg) ? format_number(record.kimg) + " kimg" : record.subject;
}

// Whole pictures through each of the checkpoints.
void run_restoration(const Arguments& args, const std::string& what,
                     const std::vector<std::string>& paths, const Context& context) {
  Judgement judgement;
  for (const std::string& path : paths) {
    const Judged judged = open_judged(path, args.data, args.device, nullptr);
    Progress progress(context.progress(), "restore " + path, "pictures");
    metrics::Restoration found = judge_pictures(
        judged, args.data, {args.degrade, words_of(args.metrics), args.seed}, &progress);
    progress.finish("");
    if (!context.json) {
      print_table(metrics::picture_table(found));
      print("");
    }
    const std::string head = paths.size() > 1 ? kimg_head(found.records[0]) : found.heads[0];
    const bool last = path == paths.back();
    for (size_t i = 0; i < (last ? found.records.size() : 1); ++i) {
      judgement.records.push_back(found.records[i]);
      judgement.heads.push_back(i == 0 ? head : found.heads[i]);
    }
    if (last) judgement.pictures = std::move(found.pictures);
  }
  if (!args.out.empty()) write_file_atomic(args.out, metrics::records_text(judgement.records));
  write_report(args, "Pictures restored by " + what, judgement);
  if (context.json) return print_json(judgement);
  print_table(metrics::comparison_table(judgement.records, judgement.heads));
  const metrics::Settings& settings = judgement.records.front().settings;
  print(fmt::format("{} whole pictures of {} [{}], {}; {}", settings.real_samples, settings.data,
                    settings.split, settings.crop, judgement.records[0].scores[0].note));
  if (!args.out.empty()) print("record  " + args.out);
  if (!args.report.empty()) print("report  " + args.report);
}

void run_evaluate(const Arguments& args, const Context& own_context) {
  tune_process(static_cast<int>(args.threads));
  dist::Group group = dist::Group::from_environment(kPatience);
  const Context context = voice_of(group, own_context);
  const std::string what =
      args.what.front() == "last" ? train::last_run(args.runs).string() : args.what.front();
  Progress reading(context.progress(), "reading data", "files");
  const auto paths = checkpoints_of(what, args.checkpoint);
  Judged judged = open_judged(paths.front(), args.data, args.device, &reading);
  if (restores(judged, words_of(args.metrics))) {
    reading.finish("");
    if (group.is_first()) run_restoration(args, what, paths, context);
    return;
  }
  const ReferenceData reference = open_reference(judged, args.data, &reading);
  metrics::Evaluator evaluator(reference.dataset, options_of(args, reference, group), &reading);
  reading.finish("");
  Judgement judgement;
  metrics::Exhibits exhibits;
  const bool pictured = group.is_first() && !args.report.empty();
  for (size_t i = 0; i < paths.size(); ++i) {
    if (i > 0) judged = open_judged(paths[i], args.data, args.device, nullptr);
    const bool last = i + 1 == paths.size();  // whose pictures are shown
    judgement.records.push_back(
        judge(evaluator, judged.subject, context, last && pictured ? &exhibits : nullptr));
    judgement.heads.push_back(kimg_head(judgement.records.back()));
  }
  if (!group.is_first()) return;
  judgement.pictures = metrics::checkpoint_curves(judgement.records);
  add_pictures(exhibits, judged.subject, paths.size() > 1 ? judgement.heads.back() : "", judgement);
  show(args, "Evaluation of " + what, reference.note, judgement, context);
}

bool is_record(const std::string& path) {
  return std::filesystem::path(path).extension() == ".json";
}

void check_comparable(const Judgement& judgement) {
  for (size_t i = 1; i < judgement.records.size(); ++i) {
    const auto difference =
        metrics::not_comparable(judgement.records.front(), judgement.records[i]);
    if (!difference) continue;
    throw UsageError(
        {.where = judgement.heads[i],
         .found = fmt::format("{}: {}, but {} in {}", difference->setting, difference->second,
                              difference->first, judgement.heads.front()),
         .allowed = "records of equal settings",
         .remedy = "gan compare on the models themselves, with --data"});
  }
}

void add_records(const std::string& path, Judgement& judgement) {
  const auto records = metrics::parse_records(read_file(path), path);
  for (const metrics::Record& record : records) {
    judgement.records.push_back(record);
    judgement.heads.push_back(records.size() > 1 ? path + " " + kimg_head(record) : path);
  }
}

bool learned_alike(const std::vector<Judged>& all) {
  const auto& first = all.front().learned_from;
  return std::all_of(all.begin(), all.end(), [&](const Judged& judged) {
    const auto& own = judged.learned_from;
    return own && first && own->path == first->path && own->split == first->split &&
           own->limit == first->limit;
  });
}

// All with the same number of samples and repeats: those that the poorest of them allows.
void judge_equally(const std::vector<Judged>& all, Arguments args, const Context& context,
                   dist::Group& group, Judgement& judgement, std::string& note) {
  for (const Judged& judged : all) {
    if (judged.subject.size > 0) args.samples = std::min(args.samples, judged.subject.size);
  }
  for (const Judged& judged : all) {
    if (judged.subject.size > 0)
      args.repeats =
          std::min(args.repeats, judged.subject.size / std::max<int64_t>(args.samples, 1));
  }
  Progress reading(context.progress(), "reading data", "files");
  ReferenceData reference = open_reference(all.front(), args.data, &reading);
  note = reference.note;
  if (!learned_alike(all)) {
    reference.training = nullptr;
    note =
        "not all are known to have learned from the same data: copies of the reference are "
        "looked for";
  }
  metrics::EvaluationOptions options = options_of(args, reference, group);
  metrics::Evaluator evaluator(reference.dataset, options, &reading);
  reading.finish("");
  for (const Judged& judged : all) {
    metrics::Exhibits exhibits;
    judgement.records.push_back(
        judge(evaluator, judged.subject, context, args.report.empty() ? nullptr : &exhibits));
    judgement.heads.push_back(judged.subject.name);
    add_pictures(exhibits, judged.subject, judged.subject.name, judgement);
  }
}

void run_compare(const Arguments& args, const Context& own_context) {
  if (args.what.size() < 2) {
    throw UsageError({.where = "gan compare",
                      .found = "only " + join(args.what),
                      .allowed = "two or more to compare"});
  }
  tune_process(static_cast<int>(args.threads));
  dist::Group group = dist::Group::from_environment(kPatience);
  const Context context = voice_of(group, own_context);
  Judgement judgement;
  std::vector<Judged> all;
  for (const std::string& what : args.what) {
    if (is_record(what))
      add_records(what, judgement);
    else
      all.push_back(open_judged(what, args.data, args.device, nullptr));
  }
  std::string note;
  if (!all.empty()) judge_equally(all, args, context, group, judgement, note);
  check_comparable(judgement);
  if (group.is_first()) show(args, "Comparison", note, judgement, context);
}

std::vector<Option> common_options(Arguments& args) {
  return {
      {"--data,-d", "reference: a built-in name, file or folder", &args.data.path},
      {"--split", "of the reference: train, test, all", &args.data.split},
      {"--size", "resize pictures to this many pixels a side", &args.data.size_px},
      {"--crop", "before resizing: center, none", &args.data.crop},
      {"--channels", "auto, grey, rgb", &args.data.channels},
      {"--direction", "of a model that translates several ways: \"B to A\"", &args.data.direction},
      {"--metrics,-m", "fd,kid,prdc,...: see docs/evaluation.md", &args.metrics},
      {"-n", "samples on each side, in each repeat", &args.samples},
      {"--seeds", "repeats with other seeds", &args.repeats},
      {"--seed", "seed of the first sample", &args.seed},
      {"--features",
       "pca, random, identity (points), discriminator:RUN, or a .safetensors or .pth file",
       &args.features},
      {"--resize",
       "how pictures reach the network",
       &args.resize,
       false,
       {"none", "clean", "legacy-pytorch", "legacy-tensorflow"}},
      {"--digits", "a classifier of digits, for stacked_modes", &args.digits},
      {"--lpips", "weights of LPIPS, for lpips and ppl", &args.lpips},
      {"--degrade",
       "of models that restore pictures: the damage, instead of the run's data.degrade",
       &args.degrade},
      {"--holdout", "reals that the model did not learn from, beside --data", &args.holdout},
      {"--target", "of a table: the column that learners predict", &args.target},
      {"--statistics", "features of the reference: read when there, else written",
       &args.statistics},
      {"--report", "write a page with pictures here (.html)", &args.report},
      {"--out,-o", "write the record here (.json)", &args.out},
      {"--allow-small", "Frechet distances over too few samples", &args.allow_small},
      {"--float", "do not round pictures to 8 bits", &args.floats},
      {"--no-floor", "leave out reals against reals", &args.no_floor},
      {"--no-cache", "do not keep the reference's features", &args.no_cache},
      {"--device", "auto, cpu, cuda, cuda:n", &args.device},
      {"--threads", "0: as many as this process may use", &args.threads},
      {"--runs", "where 'last' is looked for", &args.runs}};
}

}  // namespace

Command evaluate_command() {
  auto args = std::make_shared<Arguments>();
  args->what.resize(1);
  std::vector<Option> options = common_options(*args);
  options.insert(options.begin(),
                 {"what", "a run, checkpoint or model, or a folder or file of samples; 'last'",
                  &args->what.front(), true});
  options.push_back({"--checkpoint", "of a run, by kimg; all: each of them", &args->checkpoint});
  return {.name = "evaluate",
          .help = "judge samples against data: scores with intervals and floors",
          .options = options,
          .run = [args](const Context& context) { run_evaluate(*args, context); },
          .footer =
              "gan evaluate runs/00003-dcgan-fashion-mnist --metrics fd,kid,prdc --report r.html\n"
              "gan evaluate last --checkpoint all\n"
              "gan evaluate samples.npz --data digits --split test"};
}

Command compare_command() {
  auto args = std::make_shared<Arguments>();
  std::vector<Option> options = common_options(*args);
  options.insert(options.begin(),
                 {"what", "runs, models, sets of samples, or records (.json)", &args->what, true});
  return {.name = "compare",
          .help = "several models side by side, with equal settings",
          .options = options,
          .run = [args](const Context& context) { run_compare(*args, context); },
          .footer =
              "gan compare runs/00001-dcgan runs/00002-wgan-gp --data digits --split test\n"
              "gan compare a.json b.json"};
}

}  // namespace ganymede::cli
