// Every built-in recipe must bind, and say whole runs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ganymede/config/recipe.h"
#include "ganymede/data/dataset.h"
#include "ganymede/gans/registry.h"
#include "ganymede/train/session.h"

namespace ganymede {
namespace {

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const auto& recipe : config::embedded_recipes()) names.emplace_back(recipe.first);
  return names;
}

class Recipes : public ::testing::TestWithParam<std::string> {};

TEST_P(Recipes, BindsAndPrintsAnEqualRecipe) {
  const std::string& name = GetParam();
  const train::Session session(config::Recipe::load(name));
  const std::string gan = std::get<std::string>(*session.recipe().find("gan.name"));
  const train::System& system = train::find_system(name.substr(0, name.find('/')));
  EXPECT_EQ(system.gan, gan) << "the folder is the system's name";
  const std::string resolved = session.recipe().to_toml();
  const train::Session again(config::Recipe::parse(resolved, "resolved"));
  EXPECT_EQ(again.recipe().to_toml(), resolved);
}

TEST_P(Recipes, FitsItsBuiltInData) {
  config::Recipe recipe = config::Recipe::load(GetParam());
  const auto path = recipe.find("data.path");
  if (!path) GTEST_SKIP() << "the data is the user's";
  data::DataConfig config;
  config.path = std::get<std::string>(*path);
  if (const auto size = recipe.find("data.size_px")) config.size_px = std::get<int64_t>(*size);
  const auto builder =
      gans::registry().find(std::get<std::string>(*recipe.find("gan.name"))).builder();
  recipe.bind(builder->section());
  EXPECT_NO_THROW(builder->build(data::open_dataset(config)->spec()));
}

INSTANTIATE_TEST_SUITE_P(All, Recipes, ::testing::ValuesIn(recipe_names()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(RecipesOfGans, EverySystemSaysWhoseItIs) {
  for (const train::System& system : train::systems()) {
    EXPECT_FALSE(system.info.title.empty()) << system.info.name;
    EXPECT_FALSE(system.info.paper.empty()) << system.info.name;
  }
}

TEST(RecipesOfGans, ASystemIsFoundByItsName) {
  EXPECT_EQ(train::find_system("lsgan").gan, "dcgan");
  EXPECT_EQ(train::find_system("dcgan").gan, "dcgan");
  const train::Session session(train::choose_recipe("lsgan", "digits"));
  EXPECT_EQ(session.gan_name(), "dcgan");
  EXPECT_TRUE(session.short_name().starts_with("lsgan-")) << session.short_name();
}

TEST(RecipesOfGans, EveryGanHasADefault) {
  const std::vector<std::string> names = recipe_names();
  for (const auto& entry : gans::registry().entries()) {
    EXPECT_EQ(std::ranges::count(names, entry.info.name + "/default"), 1) << entry.info.name;
  }
}

}  // namespace
}  // namespace ganymede
