// gan list, gan schema.
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ganymede/config/embedded.h"
#include "ganymede/config/help.h"
#include "ganymede/core/text.h"
#include "ganymede/data/dataset.h"
#include "ganymede/train/session.h"

namespace ganymede::cli {
namespace {

void list_json() {
  nlohmann::json json = {{"gans", nlohmann::json::array()},
                         {"recipes", nlohmann::json::array()},
                         {"data", nlohmann::json::array()}};
  for (const train::System& system : train::systems()) {
    const gans::GanInfo& info = system.info;
    json["gans"].push_back({{"name", info.name},
                            {"gan", system.gan},
                            {"title", info.title},
                            {"paper", info.paper},
                            {"task", info.task},
                            {"domains", info.domains},
                            {"sizes", info.sizes}});
  }
  for (const auto& recipe : config::embedded_recipes()) json["recipes"].push_back(recipe.first);
  for (const auto& [name, help] : data::builtin_datasets()) {
    json["data"].push_back({{"name", name}, {"description", help}});
  }
  print(json.dump());
}

void run_list(const Context& context) {
  if (context.json) return list_json();
  std::vector<std::vector<std::string>> rows = {{"GAN", "TASK", "DOMAINS", "SIZES", "PAPER"}};
  for (const auto& [info, gan] : train::systems()) {
    rows.push_back({info.name, info.task, join(info.domains), info.sizes, info.paper});
  }
  print_table(rows);
  print("");
  rows = {{"DATA", "WHAT IT IS"}};
  for (const auto& [name, help] : data::builtin_datasets()) rows.push_back({name, help});
  rows.push_back(
      {"a path", "IDX, CIFAR binary, image folder, zip, tar, npy, npz: gan data info PATH"});
  print_table(rows);
  print("\nRECIPES");
  for (const auto& recipe : config::embedded_recipes()) print(std::string(recipe.first));
}

}  // namespace

Command list_command() {
  return {.name = "list", .help = "gans, built-in data sets and recipes", .run = run_list};
}

Command schema_command() {
  auto gan = std::make_shared<std::string>();
  return {.name = "schema",
          .help = "every key of a recipe: type, default, range, meaning (--json: JSON Schema)",
          .options = {{"gan", "a gan (gan list)", gan.get(), true}},
          .run =
              [gan](const Context& context) {
                const auto sections = train::recipe_sections(*gan);
                print(context.json ? config::schema_json(sections, *gan + " recipe").dump(2)
                                   : config::help_text(sections));
              },
          .footer = "gan schema dcgan\ngan schema dcgan --json > dcgan.schema.json"};
}

}  // namespace ganymede::cli
