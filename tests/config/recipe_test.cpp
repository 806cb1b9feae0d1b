#include "ganymede/config/recipe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include "example_configs.h"

namespace ganymede::config {
namespace {

namespace fs = std::filesystem;
using example::Bound;

constexpr const char* kFashion = R"(
seed = 3
[train]
batch = 32
kimg = 100          # an integer where a number is wanted
data = "bücher/画"
[dcgan]
loss = "hinge"
widths = []
scales = [1, 0.25]
[optimizer]
D.lr = 1e-4
G = {lr = 2e-4, kind = "sgd"}
)";

TEST(Recipe, WritesGivenValuesAndKeepsDefaults) {
  Recipe recipe = Recipe::parse(kFashion, "fashion.toml");
  Bound bound;
  bound.bind(recipe);
  EXPECT_EQ(bound.run.seed, 3u);
  EXPECT_EQ(bound.run.gan, "dcgan");
  EXPECT_EQ(bound.train.batch, 32);
  EXPECT_EQ(bound.train.kimg, 100.0);
  EXPECT_EQ(bound.train.data, "bücher/画");
  EXPECT_EQ(bound.gan.loss, example::Adversarial::kHinge);
  EXPECT_TRUE(bound.gan.widths.empty());
  EXPECT_EQ(bound.gan.scales, (std::vector<double>{1, 0.25}));
  EXPECT_EQ(bound.d.lr, 1e-4);
  EXPECT_EQ(bound.d.kind, "adam");
  EXPECT_EQ(bound.g.lr, 2e-4);
  EXPECT_EQ(bound.g.kind, "sgd");
}

TEST(Recipe, FindsRawValuesBeforeBinding) {
  const Recipe recipe = Recipe::parse(kFashion, "fashion.toml");
  EXPECT_EQ(recipe.find("train.batch"), Value(int64_t{32}));
  EXPECT_EQ(recipe.source_of("train.batch")->text, "fashion.toml:4:9");
  EXPECT_EQ(recipe.find("train.mirror"), std::nullopt);
}

TEST(Recipe, SetTakesTomlValuesAndBareWords) {
  Recipe recipe;
  recipe.set("train.batch=16");
  recipe.set("train.mirror = true");
  recipe.set("train.kimg=1e2");
  recipe.set("dcgan.loss=minimax");
  recipe.set("dcgan.names=[\"x\", \"y\"]");
  recipe.set("dcgan.widths=[1,2]");
  recipe.set("train.data=/data/a#b=c.zip");
  recipe.set("optimizer.D={lr=0.5, kind='sgd'}");
  Bound bound;
  bound.bind(recipe);
  EXPECT_EQ(bound.train.batch, 16);
  EXPECT_TRUE(bound.train.mirror);
  EXPECT_EQ(bound.train.kimg, 100);
  EXPECT_EQ(bound.gan.loss, example::Adversarial::kMinimax);
  EXPECT_EQ(bound.gan.names, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(bound.gan.widths, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(bound.train.data, "/data/a#b=c.zip");
  EXPECT_EQ(bound.d.lr, 0.5);
  EXPECT_EQ(bound.d.kind, "sgd");
}

TEST(Recipe, SetGivesAStringFieldTheTextAsTyped) {
  for (const std::string text : {"2024", "007", "1.50", "true", "2024-01-02", "nan", "it's", ""}) {
    Recipe recipe;
    recipe.set("train.data=" + text);
    Bound bound;
    bound.bind(recipe);
    EXPECT_EQ(bound.train.data, text);
  }
  Recipe quoted;
  quoted.set("train.data=\"7 # 8\"");
  Bound bound;
  bound.bind(quoted);
  EXPECT_EQ(bound.train.data, "7 # 8");
}

TEST(Recipe, SetCannotSmuggleInASecondKey) {
  Recipe recipe;
  recipe.set("train.data=1\nseed = 9");
  Bound bound;
  bound.bind(recipe);
  EXPECT_EQ(bound.run.seed, 0u);
  EXPECT_EQ(bound.train.data, "1\nseed = 9");
  EXPECT_THROW(recipe.set("train.data=\"1\"\nseed = 9"), UsageError);
}

TEST(Recipe, LaterLayersWin) {
  Recipe recipe = Recipe::parse("train.batch = 1\ntrain.kimg = 1\nseed = 1", "r");
  recipe.set("train.batch=2");
  recipe.set("train.batch=3");
  recipe.set("train.kimg=2");
  recipe.put("train.kimg", 5.0, {Source::Kind::kFlag, "--kimg 5"});
  Bound bound;
  bound.bind(recipe);
  EXPECT_EQ(bound.run.seed, 1u);
  EXPECT_EQ(bound.train.batch, 3);
  EXPECT_EQ(bound.train.kimg, 5.0);
}

TEST(Recipe, ExplainsEachValueWithItsSource) {
  Recipe recipe = Recipe::parse("[train]\nbatch = 8", "r.toml");
  recipe.set("dcgan.loss=hinge");
  recipe.put("seed", int64_t{4}, {Source::Kind::kFlag, "--seed 4"});
  Bound bound;
  bound.bind(recipe);
  bound.d.lr = 0.5;
  std::vector<std::string> lines;
  for (const ExplainRow& row : recipe.explain())
    lines.push_back(row.key + "|" + row.value + "|" + row.source.text + "|" + row.help);
  ASSERT_EQ(lines.size(), 18u);
  EXPECT_EQ(lines[0], "seed|4|--seed 4|seed of everything random");
  EXPECT_EQ(lines[1], "gan|\"dcgan\"|default|which gan");
  EXPECT_EQ(lines[2], "train.batch|8|r.toml:2:9|samples per step");
  EXPECT_EQ(lines[7], "dcgan.loss|\"hinge\"|--set dcgan.loss=hinge|adversarial loss");
  EXPECT_EQ(lines[12], "optimizer.D.lr|0.5|computed|learning rate");
}

TEST(Recipe, StructsMayShareASection) {
  struct Extra {
    int64_t extra = 1;
    static void describe(Schema<Extra>& s) { s.field("extra", &Extra::extra, ""); }
  } extra;
  example::TrainConfig train;
  example::RunConfig run;
  Recipe recipe = Recipe::parse("[train]\nbatch = 2\nextra = 5", "r");
  recipe.bind("train", train);
  recipe.bind("", run);
  recipe.bind("train", extra);
  recipe.check_unknown();
  EXPECT_EQ(extra.extra, 5);
  const std::string text = recipe.to_toml();
  EXPECT_EQ(text.find("[train]"), text.rfind("[train]")) << text;
  EXPECT_LT(text.find("seed = "), text.find("[train]")) << text;
  EXPECT_EQ(Recipe::parse(text, "again").find("train.extra"), Value(int64_t{5}));
}

// Compares every field of two sets of structs by their exact literals.
void expect_same(Bound& a, Bound& b) {
  Recipe first, second;
  a.bind(first);
  b.bind(second);
  const auto left = first.explain(), right = second.explain();
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].key, right[i].key);
    EXPECT_EQ(left[i].value, right[i].value) << left[i].key;
  }
}

TEST(ResolvedRecipe, LoadsToIdenticalStructs) {
  Recipe recipe = Recipe::parse(kFashion, "fashion.toml");
  recipe.set("train.data=\"quote \\\" back \\\\ tab \\t new\\nline\"");
  Bound bound;
  bound.bind(recipe);
  Recipe again = Recipe::parse(recipe.to_toml(), "recipe.toml");
  Bound copy;
  bound.gan.names = {};  // changed after writing: must not matter to the copy
  copy.bind(again);
  EXPECT_EQ(copy.gan.names, std::vector<std::string>{"a"});
  bound.gan.names = {"a"};
  expect_same(bound, copy);
  EXPECT_EQ(again.to_toml(), recipe.to_toml());
}

TEST(ResolvedRecipe, IsReadableAndStable) {
  Recipe recipe = Recipe::parse("train.batch = 8", "r.toml");
  Bound bound;
  bound.bind(recipe);
  const std::string text = recipe.to_toml();
  EXPECT_EQ(text.rfind("# Resolved recipe of Ganymede ", 0), 0u);
  const std::string body = text.substr(text.find('\n') + 1);
  EXPECT_EQ(body.substr(0, body.find("\n\n[dcgan]")),
            "seed = 0  # seed of everything random\n"
            "gan = \"dcgan\"  # which gan\n"
            "\n"
            "[train]\n"
            "batch = 8  # samples per step\n"
            "kimg = 600.0  # length of the run [thousand images]\n"
            "mirror = false  # flip half of the images\n"
            "data = \"\"  # name or path of the data set");
}

TEST(ResolvedRecipe, DoublesKeepEveryBit) {
  std::mt19937_64 bits(2);
  Bound bound;
  bound.gan.scales = {-0.0,
                      std::numeric_limits<double>::denorm_min(),
                      std::numeric_limits<double>::max(),
                      std::numeric_limits<double>::infinity(),
                      -std::numeric_limits<double>::infinity(),
                      0.1 + 0.2,
                      9007199254740993.0,
                      1e16,
                      1e-5};
  while (bound.gan.scales.size() < 3000) {
    const double number = std::bit_cast<double>(bits());
    if (!std::isnan(number)) bound.gan.scales.push_back(number);
  }
  bound.d.lr = std::nextafter(0.0002, 1.0);
  Recipe recipe;
  bound.bind(recipe);
  Recipe again = Recipe::parse(recipe.to_toml(), "recipe.toml");
  Bound copy;
  copy.bind(again);
  ASSERT_EQ(copy.gan.scales.size(), bound.gan.scales.size());
  for (size_t i = 0; i < copy.gan.scales.size(); ++i)
    ASSERT_EQ(std::bit_cast<uint64_t>(copy.gan.scales[i]),
              std::bit_cast<uint64_t>(bound.gan.scales[i]))
        << exact_number(bound.gan.scales[i]);
  EXPECT_EQ(copy.d.lr, bound.d.lr);
}

class RecipeFiles : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) /
              ("recipe_" + std::string(test->name()) + "_" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "sub");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  fs::path folder_;
  Catalogue builtin_ = {
      {"dcgan/default", "train.batch = 10\ntrain.kimg = 10.0\nseed = 10\n"},
      {"dcgan/fashion-mnist", "parent = \"dcgan/default\"\nseed = 11\n"},
      {"dcgan/loop", "parent = \"dcgan/pool\""},
      {"dcgan/pool", "parent = \"dcgan/loop\""},
  };
};

TEST_F(RecipeFiles, ParentsComeFirstAndChildrenOverride) {
  write("base.toml", "parent = \"dcgan/fashion-mnist\"\ntrain.kimg = 20.0");
  const std::string child =
      write("sub/child.toml", "parent = \"../base.toml\"\ntrain.mirror = true");
  Recipe recipe = Recipe::load(child, builtin_);
  Bound bound;
  bound.bind(recipe);
  EXPECT_EQ(bound.train.batch, 10);  // dcgan/default
  EXPECT_EQ(bound.run.seed, 11u);    // dcgan/fashion-mnist
  EXPECT_EQ(bound.train.kimg, 20);   // base.toml
  EXPECT_TRUE(bound.train.mirror);   // child.toml
  EXPECT_EQ(recipe.source_of("train.batch")->text, "dcgan/default:1:15");
  EXPECT_EQ(recipe.source_of("train.kimg")->text, (folder_ / "base.toml").string() + ":2:14");
  EXPECT_EQ(recipe.find("parent"), std::nullopt);
}

TEST_F(RecipeFiles, AResolvedRecipeNeedsNoParent) {
  const std::string child = write("child.toml", "parent = \"dcgan/default\"\n");
  Recipe recipe = Recipe::load(child, builtin_);
  Bound bound, copy;
  bound.bind(recipe);
  Recipe again = Recipe::load(write("recipe.toml", recipe.to_toml()), Catalogue{});
  copy.bind(again);
  EXPECT_EQ(copy.train.batch, 10);
  expect_same(bound, copy);
}

TEST_F(RecipeFiles, LoadsBuiltInRecipesByName) {
  EXPECT_EQ(Recipe::load("dcgan/fashion-mnist", builtin_).find("seed"), Value(int64_t{11}));
}

TEST_F(RecipeFiles, MissingRecipesSayWhatWasMeant) {
  EXPECT_EQ(example::usage_error([&] { Recipe::load("dcgan/fashon-mnist", builtin_); }),
            "[dcgan/fashon-mnist] no such recipe; allowed: the path of a recipe file, or the name "
            "of a built-in recipe; try: dcgan/fashion-mnist");
  EXPECT_EQ(example::usage_error([&] { Recipe::load("nothing.toml", Catalogue{}); }),
            "[nothing.toml] no such recipe; allowed: the path of a recipe file, or the name of a "
            "built-in recipe; try: `gan list` shows the built-in recipes");
  EXPECT_EQ(example::usage_error([&] { Recipe::load(folder_.string(), builtin_); }),
            "[" + folder_.string() +
                "] a folder, not a recipe; allowed: the path of a recipe "
                "file, or the name of a built-in recipe");
}

TEST_F(RecipeFiles, MissingParentsNameTheirPlace) {
  const std::string file = write("a.toml", "seed = 1\nparent = \"dcgan/defualt\"");
  EXPECT_EQ(example::usage_error([&] { Recipe::load(file, builtin_); }),
            "[" + file +
                ":2:10] parent \"dcgan/defualt\" does not exist; allowed: the name of a "
                "built-in recipe, or the path of a recipe file from here; "
                "try: parent = \"dcgan/default\"");
  const std::string number = write("b.toml", "parent = 3");
  EXPECT_EQ(example::usage_error([&] { Recipe::load(number, builtin_); }),
            "[" + number +
                ":1:10] parent is not a name; allowed: the name of a built-in recipe, "
                "or the path of a recipe file from here");
}

TEST_F(RecipeFiles, CyclesOfParentsAreErrors) {
  const std::string a = write("a.toml", "parent = \"sub/b.toml\"");
  const std::string b = write("sub/b.toml", "\nparent = \"../sub/../a.toml\"");
  EXPECT_EQ(example::usage_error([&] { Recipe::load(a, builtin_); }),
            "[" + b + ":2:10] parents form a cycle: " + a + " -> " + b + " -> " + a +
                "; allowed: a chain of parents that ends; try: remove one of these parent lines");
  const std::string self = write("self.toml", "parent = \"self.toml\"");
  EXPECT_THROW(Recipe::load(self, builtin_), UsageError);
  EXPECT_THROW(Recipe::load("dcgan/loop", builtin_), UsageError);
}

TEST(EmbeddedRecipes, AllParse) {
  for (const auto& entry : embedded_recipes())
    EXPECT_NO_THROW(Recipe::load(std::string(entry.first))) << entry.first;
}

}  // namespace
}  // namespace ganymede::config
