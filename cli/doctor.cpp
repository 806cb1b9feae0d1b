// gan doctor.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ganymede/core/answers.h"
#include "ganymede/core/machine.h"
#include "ganymede/core/progress.h"
#include "ganymede/core/speed.h"
#include "ganymede/core/tuning.h"
#include "ganymede/ops/conv_rules.h"
#include "ganymede/ops/conv_timing.h"

namespace ganymede::cli {
namespace {

using ops::ConvChoice;
using ops::ConvPart;

struct Shape {
  const char* name;
  ops::ConvGeometry geometry;
  ops::ConvSizes sizes;  // batch, channels, filters, height, width
};

// Layers of the common networks; batches of training, and of samples.
const std::vector<Shape>& shapes() {
  constexpr ops::ConvGeometry k1{.kernel = 1, .stride = 1, .padding = 0};
  constexpr ops::ConvGeometry k3{.kernel = 3, .stride = 1, .padding = 1};
  constexpr ops::ConvGeometry k4{.kernel = 4, .stride = 2, .padding = 1};
  constexpr ops::ConvGeometry k5{.kernel = 5, .stride = 2, .padding = 2};
  constexpr ops::ConvGeometry k7{.kernel = 7, .stride = 1, .padding = 3};
  constexpr ops::ConvGeometry k9{.kernel = 9, .stride = 1, .padding = 4};
  static const std::vector<Shape> list = {
      {"DCGAN 28 px, picture", k4, {64, 1, 64, 28, 28}},
      {"DCGAN 28 px, middle", k4, {64, 64, 128, 14, 14}},
      {"DCGAN 64 px, picture", k4, {64, 3, 64, 64, 64}},
      {"DCGAN 64 px, middle", k4, {64, 64, 128, 32, 32}},
      {"DCGAN 64 px, middle, batch 8", k4, {8, 64, 128, 32, 32}},
      {"DCGAN 64 px, middle, one sample", k4, {1, 64, 128, 32, 32}},
      {"DCGAN 64 px, deep", k4, {64, 256, 512, 8, 8}},
      {"DCGAN 64 px, deep, one sample", k4, {1, 256, 512, 8, 8}},
      {"ResNet 32 px, widest maps", k3, {64, 128, 128, 32, 32}},
      {"ResNet 32 px, widest, batch 8", k3, {8, 128, 128, 32, 32}},
      {"ResNet 32 px, smallest maps", k3, {64, 128, 128, 8, 8}},
      {"ResNet 32 px, one sample", k3, {1, 128, 128, 32, 32}},
      {"ResNet 32 px, shortcut", k1, {64, 128, 128, 32, 32}},
      {"infogan, acgan", k5, {64, 64, 128, 14, 14}},
      {"SRGAN, picture", k9, {4, 3, 64, 96, 96}},
      {"CycleGAN, picture", k7, {1, 3, 64, 256, 256}},
  };
  return list;
}

constexpr std::array kAll = {ConvChoice::kTorch, ConvChoice::kTorchNhwc, ConvChoice::kTile2,
                             ConvChoice::kTile4, ConvChoice::kThin,      ConvChoice::kProduct};
constexpr std::array<std::pair<ConvPart, const char*>, 3> kParts = {
    {{ConvPart::kForward, "forward"},
     {ConvPart::kTransposed, "data gradient"},
     {ConvPart::kWeightGradient, "weight gradient"}}};

std::string milliseconds(double seconds) { return fmt::format("{:.2f}", 1e3 * seconds); }

void show_convolutions(const Context& context) {
  const double peak = peak_gflops(at::get_num_threads());
  Progress progress(context.json ? ProgressMode::kQuiet : context.progress(), "time", "shapes");
  std::vector<std::vector<std::string>> rows = {{"CONVOLUTION", "CHANNELS, PIXELS, BATCH", "PART"}};
  for (const ConvChoice choice : kAll) rows[0].emplace_back(ops::name_of(choice));
  for (const char* title : {"CHOSEN", "GFLOP/S", "OF PEAK"}) rows[0].emplace_back(title);
  nlohmann::json list = nlohmann::json::array();
  double done = 0;
  for (const Shape& shape : shapes()) {
    progress.update({.done = done++,
                     .total = static_cast<double>(shapes().size()),
                     .fields = {{"now", shape.name}}});
    const ops::ConvSizes& s = shape.sizes;
    for (const auto& [part, part_name] : kParts) {
      const auto timings = ops::time_conv({ops::conv_mode(), part, shape.geometry, s});
      const ConvChoice chosen = ops::fastest_of(timings);
      const bool first = part == ConvPart::kForward;
      const std::string sizes =
          fmt::format("{} to {}, {} px, {}", s.channels, s.filters, s.height, s.batch);
      rows.push_back({first ? shape.name : "", first ? sizes : "", part_name});
      nlohmann::json entry = {{"convolution", shape.name},
                              {"part", part_name},
                              {"chosen", ops::name_of(chosen)},
                              {"ms", nlohmann::json::object()}};
      double best = 0;
      for (const ConvChoice choice : kAll) {
        const auto found = std::ranges::find(timings, choice, &ops::ConvTiming::choice);
        rows.back().push_back(found == timings.end() ? "" : milliseconds(found->seconds));
        if (found == timings.end()) continue;
        entry["ms"][ops::name_of(choice)] = 1e3 * found->seconds;
        if (choice == chosen) best = found->seconds;
      }
      const double rate = 1e-9 * ops::direct_flop(shape.geometry, s) / best;
      rows.back().emplace_back(ops::name_of(chosen));
      rows.back().push_back(fmt::format("{:.0f}", rate));
      rows.back().push_back(fmt::format("{:.0f} %", 100 * rate / peak));
      entry["gflops"] = rate;
      list.push_back(entry);
    }
  }
  progress.finish("");
  const std::string file = ops::conv_timing_file(cache_folder("convolutions")).string();
  if (context.json) {
    return print(
        nlohmann::json{{"peak_gflops", peak}, {"kept", file}, {"convolutions", list}}.dump());
  }
  print_table(rows);
  print(fmt::format(
      "\nMilliseconds of one call on {} thread(s), the best of a few. GFLOP/s of the direct "
      "convolution, which tiles\nundercut; peak: {:.0f}. Choices of trainings are kept in {}",
      at::get_num_threads(), peak, file.empty() ? "memory only: no cache folder" : file));
}

void run_doctor(bool bench, int64_t threads, const Context& context) {
  const TuningReport tuning = tune_process(static_cast<int>(threads));
  if (bench) return show_convolutions(context);
  std::vector<std::vector<std::string>> rows;
  nlohmann::json json = nlohmann::json::array();
  for (const MachineFact& fact : examine_machine(std::filesystem::current_path())) {
    rows.push_back({fact.name, fact.value, fact.fix.empty() ? "" : "fix: " + fact.fix});
    json.push_back({{"name", fact.name}, {"value", fact.value}, {"fix", fact.fix}});
  }
  const std::string notes = fmt::format("{}", fmt::join(tuning.notes, "; "));
  rows.push_back({"tuning", notes, ""});
  json.push_back({{"name", "tuning"}, {"value", notes}, {"fix", ""}});
  if (context.json) return print(json.dump());
  print_table(rows);
}

}  // namespace

Command doctor_command() {
  auto bench = std::make_shared<bool>(false);
  auto threads = std::make_shared<int64_t>(0);
  return {
      .name = "doctor",
      .help = "engine, threads, memory, disk, GPU, a one-second speed check, and fixes",
      .options = {{"--bench", "what can compute convolutions here, and how fast", bench.get()},
                  {"--threads", "0: as many as this process may use", threads.get()}},
      .run = [bench, threads](const Context& context) { run_doctor(*bench, *threads, context); }};
}

}  // namespace ganymede::cli
