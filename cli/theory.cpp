// gan theory.
#include "ganymede/train/theory.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ganymede/core/error.h"
#include "ganymede/core/tuning.h"
#include "ganymede/media/codec.h"

namespace ganymede::cli {
namespace {

namespace theory = train::theory;

struct Arguments {
  std::string name, out;
  int64_t seed = 0, steps = 0;
};

void show_list(const Context& context) {
  nlohmann::json json = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows = {{"NAME", "WHAT IT SHOWS", "SOURCE"}};
  for (const theory::TheoryInfo& info : theory::list()) {
    rows.push_back({info.name, info.summary, info.source});
    json.push_back({{"name", info.name}, {"summary", info.summary}, {"source", info.source}});
  }
  if (context.json) return print(json.dump());
  print_table(rows);
}

void show_result(const theory::TheoryResult& result, const std::string& out,
                 const Context& context) {
  nlohmann::json json = {{"name", result.name}, {"holds", result.holds()}, {"picture", out}};
  std::vector<std::vector<std::string>> rows = {{"NUMBER", "VALUE", "EXPECTED", ""}};
  for (const theory::Number& number : result.numbers) {
    rows.push_back(
        {number.name, fmt::format("{:.6g}", number.value),
         number.expected ? fmt::format("{:.6g} +- {:.2g}", *number.expected, number.tolerance) : "",
         !number.expected ? ""
         : number.holds() ? "ok"
                          : "FAILS"});
    json["numbers"][number.name] = {{"value", number.value}};
    if (number.expected) {
      json["numbers"][number.name]["expected"] = *number.expected;
      json["numbers"][number.name]["tolerance"] = number.tolerance;
    }
  }
  if (context.json) return print(json.dump());
  print(result.explanation + "\n");
  print_table(rows);
  if (!out.empty()) print("\npicture  " + out);
}

void run(const Arguments& args, const Context& context) {
  if (args.name.empty()) return show_list(context);
  tune_process(1);  // networks this small are fastest on one thread
  const theory::TheoryResult result =
      theory::run(args.name, static_cast<uint64_t>(args.seed), {.steps = args.steps});
  if (!args.out.empty()) media::write_image(args.out, result.picture);
  show_result(result, args.out, context);
  if (!result.holds()) {
    throw NumericError({.where = "theory " + args.name,
                        .found = "a number lies outside its tolerance",
                        .remedy = "more --steps, another --seed"});
  }
}

}  // namespace

Command theory_command() {
  auto args = std::make_shared<Arguments>();
  return {.name = "theory",
          .help = "the 2014 paper's theorems as experiments: numbers and a picture",
          .options = {{"name", "which; without it: the list", &args->name},
                      {"--out,-o", "picture to write", &args->out},
                      {"--seed", "key of all randomness", &args->seed},
                      {"--steps", "training steps; 0: the experiment's own", &args->steps}},
          .run = [args](const Context& context) { run(*args, context); },
          .footer = "gan theory\ngan theory optimal-d --out optimal-d.png"};
}

}  // namespace ganymede::cli
