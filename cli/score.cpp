// gan score: the discriminator's opinion of pictures.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/command.h"
#include "cli/run_data.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/data/domain.h"
#include "ganymede/infer/critic.h"
#include "ganymede/metrics/threshold.h"
#include "ganymede/train/run_folder.h"

namespace ganymede::cli {
namespace {

constexpr double kAutoQuantile = 0.05;

struct Arguments {
  std::string run, images, threshold = "auto", out, best, worst, device = "cpu", split = "all",
                           runs = "runs";
  int64_t count = 0, reals = 2000, show = 64, threads = 0;
};

struct Scored {
  std::shared_ptr<data::Dataset> set;
  std::vector<double> scores;
};

struct Verdict {
  double threshold = 0;
  bool automatic = false;
  bool unseen = false;        // the reals were not trained on
  std::vector<size_t> order;  // positions by falling score
};

Scored score(const infer::Critic& critic, std::shared_ptr<data::Dataset> set, int64_t limit,
             Progress* progress) {
  const int64_t count = limit > 0 ? std::min(limit, set->size()) : set->size();
  const at::Tensor scores = judged(
      *set, count, [&](const Batch& batch) { return critic.score(batch.samples, batch.labels); },
      progress);
  const float* data = scores.data_ptr<float>();
  return {std::move(set), std::vector<double>(data, data + scores.numel())};
}

double probability(double score) { return 1 / (1 + std::exp(-score)); }

double parse_threshold(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(value)) return value;
  throw UsageError({.where = "--threshold",
                    .found = "\"" + text + "\"",
                    .allowed = "a score, or auto: the 5 % quantile of held-out reals"});
}

Verdict judge(const Arguments& args, const Scored& images, const Scored& reals, bool unseen) {
  Verdict verdict;
  verdict.automatic = args.threshold == "auto";
  verdict.unseen = unseen;
  verdict.threshold = verdict.automatic ? metrics::quantile(reals.scores, kAutoQuantile)
                                        : parse_threshold(args.threshold);
  verdict.order.resize(images.scores.size());
  std::iota(verdict.order.begin(), verdict.order.end(), size_t{0});
  std::ranges::stable_sort(verdict.order,
                           [&](size_t a, size_t b) { return images.scores[a] > images.scores[b]; });
  return verdict;
}

// Names come from files; quotes keep whatever they hold in one cell.
std::string csv_cell(const std::string& text) {
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

std::string csv_of(const infer::Critic& critic, const Scored& images, const Verdict& verdict) {
  std::string text = "rank,name,label,score,probability,keep\n";
  for (size_t rank = 0; rank < verdict.order.size(); ++rank) {
    const size_t at = verdict.order[rank];
    const double score = images.scores[at];
    const auto index = static_cast<int64_t>(at);
    const int64_t label = images.set->label(index);
    text += fmt::format(
        "{},{},{},{:.9g},{},{}\n", rank + 1, csv_cell(images.set->name(index)),
        label < 0 ? "" : std::to_string(label), score,
        critic.has_probability() ? fmt::format("{:.9g}", probability(score)) : std::string(),
        score >= verdict.threshold ? 1 : 0);
  }
  return text;
}

void write_grid(const Scored& images, const std::vector<size_t>& order, bool best, int64_t show,
                const std::string& path) {
  std::vector<int64_t> ids;
  const size_t count = std::min(order.size(), static_cast<size_t>(std::max<int64_t>(show, 1)));
  for (size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<int64_t>(best ? order[i] : order[order.size() - 1 - i]));
  }
  const at::Tensor samples = data::read_batch(*images.set, ids).samples;
  data::domain_of(images.set->spec()).write(samples, {}, path, {});
}

nlohmann::json part_json(const Scored& part, double threshold) {
  const double sum = std::accumulate(part.scores.begin(), part.scores.end(), 0.0);
  return {{"count", part.scores.size()},
          {"mean", sum / static_cast<double>(part.scores.size())},
          {"median", metrics::quantile(part.scores, 0.5)},
          {"pass", metrics::share_at_least(part.scores, threshold)}};
}

std::vector<std::string> part_row(const std::string& name, const nlohmann::json& part) {
  return {name, format_count(part["count"]), fmt::format("{:.3f}", part["mean"].get<double>()),
          fmt::format("{:.3f}", part["median"].get<double>()),
          fmt::format("{:.1f} %", 100 * part["pass"].get<double>())};
}

void report(const infer::Critic& critic, const Scored& images, const Scored& reals,
            const Verdict& verdict, const Context& context) {
  const nlohmann::json images_part = part_json(images, verdict.threshold);
  const nlohmann::json reals_part = part_json(reals, verdict.threshold);
  if (context.json) {
    return print(nlohmann::json{{"event", "done"},
                                {"model", critic.model().source().string()},
                                {"threshold", verdict.threshold},
                                {"probability", critic.has_probability()},
                                {"reals_unseen", verdict.unseen},
                                {"reals", reals_part},
                                {"images", images_part}}
                     .dump());
  }
  print_table({{"", "COUNT", "MEAN", "MEDIAN", "PASS"},
               part_row(verdict.unseen ? "held-out reals" : "reals (trained on)", reals_part),
               part_row("images", images_part)});
  std::string line = fmt::format("\nthreshold {:.4f}", verdict.threshold);
  if (critic.has_probability()) line += fmt::format(" (p {:.3f})", probability(verdict.threshold));
  if (verdict.automatic) line += ": the 5 % quantile of those reals";
  print(line);
}

void run_score(const Arguments& args, const Context& context) {
  if (args.threshold != "auto") parse_threshold(args.threshold);
  tune_process(static_cast<int>(args.threads));
  const std::string run = args.run == "last" ? train::last_run(args.runs).string() : args.run;
  const infer::Critic critic = infer::Critic::load(run, args.device);
  Progress progress(context.progress(), "scoring", "images");
  const HeldOut held = held_out_reals(critic.model());
  const Scored reals = score(critic, held.set, args.reals, nullptr);
  const Scored images =
      score(critic, open_for(critic.model(), args.images, args.split), args.count, &progress);
  progress.finish("");
  const Verdict verdict = judge(args, images, reals, held.unseen);
  if (!args.out.empty()) write_file_atomic(args.out, csv_of(critic, images, verdict));
  if (!args.best.empty()) write_grid(images, verdict.order, true, args.show, args.best);
  if (!args.worst.empty()) write_grid(images, verdict.order, false, args.show, args.worst);
  report(critic, images, reals, verdict, context);
}

}  // namespace

Command score_command() {
  auto args = std::make_shared<Arguments>();
  return {.name = "score",
          .help = "rank pictures by how real they look to a run's discriminator",
          .options = {{"run", "a run, checkpoint or model folder, or 'last'", &args->run, true},
                      {"images", "a folder, archive or array of pictures, or a data set",
                       &args->images, true},
                      {"--threshold",
                       "keep from this score on; auto: the 5 % quantile of held-out reals",
                       &args->threshold},
                      {"--out,-o", "CSV: rank, name, label, score, probability, keep", &args->out},
                      {"--best", "picture of the highest scores", &args->best},
                      {"--worst", "picture of the lowest scores", &args->worst},
                      {"--show", "samples on these pictures", &args->show},
                      {"--count,-n", "only the first n; 0: all", &args->count},
                      {"--reals", "reals of the run's data for calibration; 0: all", &args->reals},
                      {"--split", "of the pictures", &args->split, false, {"train", "test", "all"}},
                      {"--device", "auto, cpu, cuda, cuda:n", &args->device},
                      {"--threads", "0: as many as this process may use", &args->threads},
                      {"--runs", "where 'last' is looked for", &args->runs}},
          .run = [args](const Context& context) { run_score(*args, context); },
          .footer = "gan score last samples/ --out scores.csv --best best.png --worst worst.png"};
}

}  // namespace ganymede::cli
