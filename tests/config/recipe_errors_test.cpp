// What a person reads when a recipe is wrong: the whole text, place included.
#include <gtest/gtest.h>

#include <random>

#include "example_configs.h"
#include "ganymede/config/recipe.h"

namespace ganymede::config {
namespace {

using example::Bound;

std::string error_of(const std::string& toml) {
  return example::usage_error([&] {
    Recipe recipe = Recipe::parse(toml, "fashion.toml");
    Bound bound;
    bound.bind(recipe);
  });
}

std::string error_of_set(const std::string& assignment) {
  return example::usage_error([&] {
    Recipe recipe;
    recipe.set(assignment);
    Bound bound;
    bound.bind(recipe);
  });
}

TEST(RecipeErrors, WrongType) {
  EXPECT_EQ(error_of("seed = 1\n[train]\nbatch = \"fast\""),
            "[fashion.toml:3:9] train.batch = \"fast\"; allowed: integer 1..65536 (default 64)");
  EXPECT_EQ(error_of("train = 3\n"),
            "[fashion.toml:1:1] train is a section, not a value; "
            "allowed: train.batch, train.kimg, train.mirror, train.data");
  EXPECT_EQ(error_of("[train.batch]\n"),
            "[fashion.toml:1:8] train.batch is a table; allowed: integer 1..65536");
}

TEST(RecipeErrors, OutOfRange) {
  EXPECT_EQ(error_of("train.batch = 70000"),
            "[fashion.toml:1:15] train.batch = 70000; allowed: integer 1..65536 (default 64)");
  EXPECT_EQ(error_of("optimizer.G.beta1 = 1"),
            "[fashion.toml:1:21] optimizer.G.beta1 = 1; "
            "allowed: number >= 0 and < 1 (default 0.5)");
  EXPECT_EQ(error_of("optimizer.G.lr = nan"),
            "[fashion.toml:1:18] optimizer.G.lr = nan; allowed: number 0..10 (default 0.0002)");
}

TEST(RecipeErrors, BadChoice) {
  EXPECT_EQ(error_of("optimizer.D.kind = \"adamm\""),
            "[fashion.toml:1:20] optimizer.D.kind = \"adamm\"; allowed: one of sgd, adam, rmsprop "
            "(default \"adam\"); try: optimizer.D.kind = \"adam\"");
}

TEST(RecipeErrors, UnknownKeyWithPlaceAndSuggestion) {
  EXPECT_EQ(error_of("seed = 1\n\n[train]\n  bacth = 3"),
            "[fashion.toml:4:3] unknown key train.bacth; try: train.batch (default 64)");
  EXPECT_EQ(error_of("[trian]\nbatch = 3"),
            "[fashion.toml:2:1] unknown key trian.batch; try: train.batch (default 64)");
  EXPECT_EQ(error_of("optim.g.lr = 3"),
            "[fashion.toml:1:9] unknown key optim.g.lr; try: optimizer.G.lr (default 0.0002)");
}

TEST(RecipeErrors, UnknownKeyWithoutANearName) {
  EXPECT_EQ(error_of("train.zzzzzzzz = 3"),
            "[fashion.toml:1:7] unknown key train.zzzzzzzz; "
            "allowed: train.batch, train.kimg, train.mirror, train.data");
  EXPECT_EQ(error_of("[zzzzzzzz]\nyyyyyyyy = 1"),
            "[fashion.toml:2:1] unknown key zzzzzzzz.yyyyyyyy; "
            "allowed: seed, gan, keys of the sections train, dcgan, optimizer.D, optimizer.G");
}

TEST(RecipeErrors, AllUnknownKeysAreNamed) {
  EXPECT_EQ(error_of("[train]\nbatchs = 1\nmiror = true\n"),
            "[fashion.toml:2:1] unknown key train.batchs, also train.miror at fashion.toml:3:1; "
            "try: train.batch (default 64)");
}

TEST(RecipeErrors, UnknownEmptyTablesAndQuotedDots) {
  EXPECT_EQ(error_of("[optimizer]\n[optimizer.D]\n[train]"), "(nothing thrown)");
  EXPECT_EQ(error_of("[trian]\n"), "[fashion.toml:1:2] unknown key trian; try: [train]");
  EXPECT_EQ(
      error_of("\"train.batch\" = 3").rfind("[fashion.toml:1:1] unknown key \"train.batch\";", 0),
      0u);
  EXPECT_EQ(error_of("\"größe\" = 3").rfind("[fashion.toml:1:1] unknown key größe;", 0), 0u);
}

TEST(RecipeErrors, UnsupportedKinds) {
  const std::string allowed =
      "; allowed: true, false, numbers, strings, and lists of numbers or strings; "
      "try: quote it if a string is meant";
  EXPECT_EQ(error_of("train.data = 2024-01-01"),
            "[fashion.toml:1:14] train.data is a date or time" + allowed);
  EXPECT_EQ(error_of("dcgan.widths = [1, [2]]"),
            "[fashion.toml:1:16] dcgan.widths is a list of mixed or nested values" + allowed);
  EXPECT_EQ(error_of("dcgan.names = [1, \"a\"]"),
            "[fashion.toml:1:15] dcgan.names is a list of mixed or nested values" + allowed);
}

TEST(RecipeErrors, TomlThatDoesNotParseNamesThePlace) {
  const std::string bare = error_of("seed = 1\ntrain.data = fast");
  EXPECT_EQ(bare.rfind("[fashion.toml:2:", 0), 0u) << bare;
  EXPECT_NE(bare.find("; allowed: TOML: key = value, with strings in quotes"), std::string::npos)
      << bare;
  const std::string twice = error_of("[train]\nbatch = 1\nbatch = 2");
  EXPECT_EQ(twice.rfind("[fashion.toml:3:", 0), 0u) << twice;
  EXPECT_NE(twice.find("redefine"), std::string::npos) << twice;
  EXPECT_NE(twice.find("batch"), std::string::npos) << twice;
  EXPECT_EQ(error_of("seed = 99999999999999999999").rfind("[fashion.toml:1:", 0), 0u);
  EXPECT_EQ(error_of("train.data = \"\xff\"").rfind("[fashion.toml:1:", 0), 0u);
}

// Damaged text either still reads or is a UsageError; nothing else escapes.
TEST(RecipeErrors, DamagedTextNeverEscapesAsAnotherError) {
  const std::string good =
      "seed = 3\nparent = \"x\"\n[train]\nbatch = 32\nkimg = 1e2\n[dcgan]\nwidths = [1, 2]\n"
      "names = [\"\\u00e9\", 'b']\noptimizer = {D = {lr = 0.5}, G.lr = 1}\n";
  const Catalogue builtin = {{"x", "train.mirror = true"}};
  std::mt19937 random(3);
  int read = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    for (int edit = 0; edit < 1 + i % 3; ++edit)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    try {
      Recipe recipe = Recipe::parse(text, "r", builtin);
      Bound bound;
      bound.bind(recipe);
      ++read;
    } catch (const UsageError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_EQ(read + refused, 3000);
}

TEST(RecipeErrors, SetNamesTheAssignment) {
  EXPECT_EQ(error_of_set("train.batch=fast"),
            "[--set train.batch=fast] train.batch = \"fast\"; "
            "allowed: integer 1..65536 (default 64)");
  EXPECT_EQ(error_of_set("train.batch="),
            "[--set train.batch=] train.batch = \"\"; allowed: integer 1..65536 (default 64)");
  EXPECT_EQ(error_of_set("lr=1"),
            "[--set lr=1] unknown key lr; try: optimizer.D.lr (default 0.0002)");
  EXPECT_EQ(error_of_set("gan.seed=1"),
            "[--set gan.seed=1] unknown key gan.seed; try: seed (default 0)");
}

TEST(RecipeErrors, MalformedSet) {
  const std::string tail =
      " not an assignment; allowed: key=value with a dotted key; try: --set train.batch=64";
  for (const std::string text : {"train.batch", "", "=3", "a..b=3", ".a=3", "a.=3", "a b=3", "é=3"})
    EXPECT_EQ(error_of_set(text), "[--set " + text + "]" + tail);
  for (const std::string text : {"train.data=\"open", "dcgan.names=[a, b]", "dcgan={loss=}"}) {
    const std::string error = error_of_set(text);
    EXPECT_EQ(error.rfind("[--set " + text + "] ", 0), 0u) << error;
    EXPECT_NE(error.find("allowed: a TOML value, or a bare word for a string"), std::string::npos)
        << error;
  }
  EXPECT_EQ(error_of_set("train.data=\xff"),
            "[train.data] the value of --set is not UTF-8 text; allowed: UTF-8");
}

TEST(RecipeErrors, AKeyIsBoundOnce) {
  Recipe recipe;
  example::TrainConfig train, other;
  recipe.bind("train", train);
  EXPECT_EQ(example::usage_error([&] { recipe.bind("train", other); }),
            "[train.batch] bound although train.batch is bound already; "
            "allowed: one struct for each key; try: rename the field or its section");
  example::RunConfig run;
  recipe.bind("", run);  // holds the key "gan"
  EXPECT_EQ(example::usage_error([&] { recipe.bind("gan", other); }).substr(0, 47),
            "[gan.batch] bound although gan is bound already");
}

}  // namespace
}  // namespace ganymede::config
