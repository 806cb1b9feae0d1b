// Classes as people name them, grids of classes and codes, labels of fakes.
#include "ganymede/gans/classes.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/gans/conditional.h"
#include "ganymede/gans/registry.h"
#include "ganymede/gans/sample_grid.h"
#include "ganymede/gans/sampling.h"

namespace ganymede::gans {
namespace {

const Classes kWear{.count = 10,
                    .names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
                              "Shirt", "Sneaker", "Bag", "Ankle boot"}};

std::vector<int64_t> labels_in(const std::string& text, const Classes& known = kWear) {
  std::vector<int64_t> labels;
  for (const ClassWish& wish : parse_classes(text, known)) labels.push_back(wish.label);
  return labels;
}

std::string refusal(const std::string& text, const Classes& known = kWear) {
  try {
    parse_classes(text, known);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "taken";
}

using Labels = std::vector<int64_t>;

TEST(ParseClasses, NumbersNamesListsAndRanges) {
  EXPECT_EQ(labels_in("3"), Labels({3}));
  EXPECT_EQ(labels_in("dress"), Labels({3}));
  EXPECT_EQ(labels_in("T-shirt/top,9"), Labels({0, 9}));
  EXPECT_EQ(labels_in("2-4,Bag"), Labels({2, 3, 4, 8}));
  EXPECT_EQ(labels_in("Coat-Shirt"), Labels({4, 5, 6}));
  EXPECT_EQ(labels_in("all").size(), 10U);
  EXPECT_EQ(parse_classes("Ankle boot", kWear).front().title, "Ankle boot");
  EXPECT_EQ(parse_classes("7", {.count = 10}).front().title, "7");
}

TEST(ParseClasses, NamesComeBeforeNumbers) {
  const Classes folders{.count = 3, .names = {"1", "2", "3"}};
  EXPECT_EQ(labels_in("1", folders), Labels({0}));
  EXPECT_EQ(labels_in("0", folders), Labels({0}));
}

TEST(ParseClasses, MixesAreScaledAndTitled) {
  const auto wishes = parse_classes("3;3:1,Sandal:3", kWear);
  ASSERT_EQ(wishes.size(), 2U);
  EXPECT_EQ(wishes[0].label, 3);
  EXPECT_EQ(wishes[1].label, -1);
  EXPECT_DOUBLE_EQ(wishes[1].shares[3], 0.25);
  EXPECT_DOUBLE_EQ(wishes[1].shares[5], 0.75);
  EXPECT_EQ(wishes[1].title, "25 % Dress, 75 % Sandal");
}

TEST(ParseClasses, RefusalsSayWhatIsAllowed) {
  EXPECT_NE(refusal("Dres").find("Dress"), std::string::npos);
  EXPECT_NE(refusal("10").find("0..9"), std::string::npos);
  for (const char* text : {"", "-1", "4-2", "3,", "x:1", "3:-1", "3:0", "3:x", "3:nan", "3:1,4"}) {
    EXPECT_NE(refusal(text).find("--class"), std::string::npos) << text;
  }
}

std::unique_ptr<Gan> make(const std::string& name, int64_t classes) {
  auto gan = registry().find(name).builder()->build(
      {.domain = "image", .shape = {1, 8, 8}, .classes = classes});
  gan->initialize(0);
  return gan;
}

TEST(ClassGrid, RowsAreClassesAndColumnsShareTheirZ) {
  const auto gan = make("cgan", 10);
  const SampleGrid grid = class_grid(*gan, parse_classes("Bag,1", kWear), {5, 6, 7});
  EXPECT_EQ(grid.columns, 3);
  EXPECT_EQ(grid.row_titles, std::vector<std::string>({"Bag", "Trouser"}));
  EXPECT_EQ(grid.names[4], "class-1-seed-6");
  EXPECT_TRUE(at::equal(grid.request.labels, at::tensor({8, 8, 8, 1, 1, 1}, at::kLong)));
  const at::Tensor z = grid.request.latents(gan->latent());
  EXPECT_TRUE(at::equal(z.narrow(0, 0, 3), z.narrow(0, 3, 3)));
}

TEST(ClassGrid, AMixMakesAllRowsShares) {
  const auto gan = make("cgan", 10);
  const SampleGrid grid = class_grid(*gan, parse_classes("1;1:0.5,2:0.5", kWear), {0});
  EXPECT_EQ(grid.request.labels.sizes(), at::IntArrayRef({2, 10}));
  EXPECT_EQ(grid.request.labels[1][2].item<float>(), 0.5F);
  EXPECT_FALSE(at::equal(sample(*gan, grid.request)[0], sample(*gan, grid.request)[1]));
}

TEST(ClassGrid, AGanWithoutClassesRefuses) {
  const auto gan = make("dcgan", 10);
  EXPECT_THROW(class_grid(*gan, parse_classes("1", kWear), {0}), UsageError);
  EXPECT_NO_THROW(class_grid(*gan, {}, {0, 1}));
}

TEST(CodeGrid, OnlyTheCodeChangesAlongARow) {
  const auto gan = make("infogan", 0);
  const auto codes = gan->codes();
  ASSERT_EQ(codes.size(), 3U);
  const SampleGrid grid = code_grid(*gan, codes[0], {1, 2}, 0, 0, 0);
  EXPECT_EQ(grid.columns, 10);
  const at::Tensor z = grid.request.z;
  EXPECT_TRUE(at::equal(z.narrow(0, 0, 1).narrow(1, 0, 62), z.narrow(0, 9, 1).narrow(1, 0, 62)));
  for (int64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(z[i].narrow(0, codes[0].first, 10).argmax().item<int64_t>(), i);
  }
  const SampleGrid line = code_grid(*gan, codes[2], {1}, 5, -2, 2);
  EXPECT_TRUE(at::allclose(line.request.z.select(1, codes[2].first), at::linspace(-2, 2, 5)));
}

TEST(Codes, AreSetByName) {
  const auto gan = make("infogan", 0);
  const at::Tensor z = at::zeros({2, gan->latent().dim});
  const at::Tensor set = with_codes(*gan, z, "category=7,code2=-0.5");
  EXPECT_EQ(set[1].narrow(0, 62, 10).argmax().item<int64_t>(), 7);
  EXPECT_EQ(set[0][73].item<float>(), -0.5F);
  for (const char* text : {"", "category", "category=10", "category=1.5", "code3=1", "code1=x"}) {
    EXPECT_THROW(with_codes(*gan, z, text), UsageError) << text;
  }
  EXPECT_THROW(with_codes(*make("dcgan", 0), z, "category=1"), UsageError);
}

TEST(PreviewGrid, ShowsClassesOrCodesOrSeeds) {
  EXPECT_EQ(preview_grid(*make("cgan", 10), kWear, 100).row_titles.front(), "T-shirt/top");
  EXPECT_EQ(preview_grid(*make("acgan", 200), {.count = 200}, 100).row_titles.size(), 10U);
  EXPECT_EQ(preview_grid(*make("infogan", 0), {}, 100).columns, 10);
  EXPECT_TRUE(preview_grid(*make("sgan", 10), kWear, 100).row_titles.empty());
}

TEST(Conditional, DataWithoutClassesIsRefusedWithARemedy) {
  for (const char* name : {"cgan", "acgan", "sgan"}) {
    try {
      make(name, 0);
      FAIL() << name << " took samples without classes";
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find("a folder per class"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("dcgan"), std::string::npos);
    }
  }
}

TEST(Conditional, UniformLabelsAreSharedByThePhasesOfABatch) {
  const auto gan = make("cgan", 10);
  Step step(*gan, 1, 0, at::kCPU);
  const Batch reals{.samples = at::zeros({1000, 1, 8, 8}), .labels = at::zeros({1000}, at::kLong)};
  const at::Tensor drawn = fake_labels(FakeLabels::kUniform, reals, 10, step);
  EXPECT_TRUE(at::equal(drawn, fake_labels(FakeLabels::kUniform, reals, 10, step)));
  EXPECT_GT(at::bincount(drawn, {}, 10).min().item<int64_t>(), 60);
  EXPECT_TRUE(at::equal(fake_labels(FakeLabels::kData, reals, 10, step), reals.labels));
}

TEST(Conditional, ClassLossLeavesOutSamplesWithoutLabel) {
  const at::Tensor logits = at::zeros({3, 4});
  const at::Tensor labels = at::tensor({1, -1, 2}, at::kLong);
  EXPECT_NEAR(class_loss(logits, labels).item<double>(), std::log(4.0), 1e-6);
  EXPECT_EQ(class_loss(logits, at::full({3}, -1, at::kLong)).item<double>(), 0.0);
  logits[0][1] = 5;
  EXPECT_EQ(class_accuracy(logits, labels).item<double>(), 0.5);
}

TEST(Sgan, ChoosesEvenlyManyLabelsAndSaysWhenThereAreTooFew) {
  const auto builder = registry().find("sgan").builder();
  config::Recipe recipe;
  recipe.set("gan.labelled=6");
  recipe.bind(builder->section());
  const auto gan = builder->build({.domain = "image", .shape = {1, 4, 4}, .classes = 3});
  gan->initialize(0);
  Stream random(1, "reals");
  const Batch enough{.samples = random.uniform({40, 1, 4, 4}, -1, 1),
                     .labels = at::arange(40, at::kLong).remainder(3)};
  EXPECT_GE(gan->prepare_samples(), 1000);
  EXPECT_NO_THROW(gan->prepare(enough));
  const Batch lacking{.samples = enough.samples, .labels = at::zeros({40}, at::kLong)};
  EXPECT_THROW(gan->prepare(lacking), UsageError);
}

}  // namespace
}  // namespace ganymede::gans
