// gan bench.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ganymede/core/progress.h"
#include "ganymede/core/tuning.h"
#include "ganymede/core/version.h"
#include "ganymede/train/quick_figures.h"

namespace ganymede::cli {
namespace {

std::string value_text(double value) {
  return value < 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

void run_bench(int64_t threads, const Context& context) {
  const TuningReport tuning = tune_process(static_cast<int>(threads));
  // JSON is one object, so that it can be kept as it is.
  Progress progress(context.json ? ProgressMode::kQuiet : context.progress(), "measure", "figures");
  double done = 0;
  const auto figures = train::quick_figures([&](const std::string& name) {
    progress.update(
        {.done = done++, .total = train::kQuickMeasurements, .fields = {{"now", name}}});
  });
  progress.finish("");
  std::vector<std::vector<std::string>> rows = {{"FIGURE", "VALUE", "UNIT", "OF PEAK"}};
  nlohmann::json list = nlohmann::json::array();
  for (const train::Figure& figure : figures) {
    const std::string share =
        figure.of_peak > 0 ? fmt::format("{:.0f} %", 100 * figure.of_peak) : "";
    rows.push_back({figure.name, value_text(figure.value), figure.unit, share});
    list.push_back({{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}});
    if (figure.of_peak > 0) list.back()["of_peak"] = figure.of_peak;
  }
  if (context.json) {
    return print(nlohmann::json{
        {"threads", tuning.threads},
        {"version", kVersion},
        {"commit", version_commit()},
        {"figures",
         list}}.dump());
  }
  print_table(rows);
  print(
      fmt::format("\n{} thread(s). Best of several calls; other programs on this machine take "
                  "their share of it.",
                  tuning.threads));
}

}  // namespace

Command bench_command() {
  auto threads = std::make_shared<int64_t>(0);
  return {.name = "bench",
          .help = "quick figures of this machine: roofs, operators, training steps",
          .options = {{"--threads", "0: as many as this process may use", threads.get()}},
          .run = [threads](const Context& context) { run_bench(*threads, context); },
          .footer = "gan bench --json\nSide by side with PyTorch: bench/compare in the sources."};
}

}  // namespace ganymede::cli
