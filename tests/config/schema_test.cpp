#include "ganymede/config/schema.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "example_configs.h"

namespace ganymede::config {
namespace {

using example::DcganConfig;
using example::OptimizerConfig;
using example::TrainConfig;
using example::usage_error;

TEST(Section, ReadsAndWritesTheStructByName) {
  DcganConfig config;
  Section section = Section::of("dcgan", config);
  EXPECT_EQ(section.get("latent_dim"), Value(int64_t{100}));
  EXPECT_EQ(section.get("loss"), Value(std::string("non_saturating")));
  section.set("latent_dim", int64_t{7});
  section.set("loss", std::string("hinge"));
  section.set("scales", std::vector<int64_t>{1, 2});
  section.set("size", int64_t{64});
  EXPECT_EQ(config.latent_dim, 7);
  EXPECT_EQ(config.loss, example::Adversarial::kHinge);
  EXPECT_EQ(config.scales, (std::vector<double>{1, 2}));
  EXPECT_EQ(config.size, 64);
}

TEST(Section, DefaultsAreThoseOfTheBoundInstance) {
  OptimizerConfig config;
  config.lr = 0.1;
  EXPECT_EQ(Section::of("o", config).find("lr")->info.default_value, Value(0.1));
  EXPECT_EQ(Section::defaults<OptimizerConfig>("o").get("lr"), Value(0.0002));
}

TEST(Section, CopiesOfAnOwningSectionStayValid) {
  const Section copy = [] { return Section(Section::defaults<TrainConfig>("train")); }();
  EXPECT_EQ(copy.get("batch"), Value(int64_t{64}));
}

TEST(Section, UnknownFieldNamesTheNearest) {
  const Section section = Section::defaults<TrainConfig>("train");
  EXPECT_EQ(usage_error([&] { section.get("bacth"); }),
            "[train] no field \"bacth\"; allowed: batch, kimg, mirror, data; try: batch");
}

struct Inherited : OptimizerConfig {
  int64_t steps = 1;
  static void describe(Schema<Inherited>& s) {
    s.field("lr", &Inherited::lr, "member of the base");
    s.field("steps", &Inherited::steps, "own member");
  }
};

TEST(Section, DescribesMembersOfABase) {
  Inherited config;
  Section::of("x", config).set("lr", 0.5);
  EXPECT_EQ(config.lr, 0.5);
}

TEST(Checked, LimitsIncludeOrExcludeTheirEnds) {
  Section section = Section::defaults<OptimizerConfig>("o");
  EXPECT_NO_THROW(section.set("lr", 0.0));
  EXPECT_NO_THROW(section.set("lr", int64_t{10}));
  EXPECT_NO_THROW(section.set("beta1", 0.0));
  EXPECT_THROW(section.set("lr", std::nextafter(10.0, 11.0)), UsageError);
  EXPECT_THROW(section.set("lr", -1e-300), UsageError);
  EXPECT_THROW(section.set("beta1", 1.0), UsageError);
}

TEST(Checked, SaysPlaceKeyFoundAllowedAndDefault) {
  Section section = Section::defaults<TrainConfig>("train");
  EXPECT_EQ(usage_error([&] { section.set("batch", int64_t{0}, "--batch 0"); }),
            "[--batch 0] train.batch = 0; allowed: integer 1..65536 (default 64)");
  EXPECT_EQ(usage_error([&] { section.set("kimg", 0.0); }),
            "[train.kimg] train.kimg = 0.0; allowed: number > 0 (default 600.0)");
  EXPECT_EQ(usage_error([&] { section.set("mirror", int64_t{1}); }),
            "[train.mirror] train.mirror = 1; allowed: true or false (default false)");
}

TEST(Checked, GuessesWhatWasMeant) {
  Section train = Section::defaults<TrainConfig>("train");
  EXPECT_EQ(usage_error([&] { train.set("batch", 32.0); }),
            "[train.batch] train.batch = 32.0; allowed: integer 1..65536 (default 64); "
            "try: train.batch = 32");
  EXPECT_EQ(usage_error([&] { train.set("kimg", std::string("12.5")); }),
            "[train.kimg] train.kimg = \"12.5\"; allowed: number > 0 (default 600.0); "
            "try: train.kimg = 12.5");
  Section gan = Section::defaults<DcganConfig>("dcgan");
  EXPECT_EQ(usage_error([&] { gan.set("loss", std::string("hing")); }),
            "[dcgan.loss] dcgan.loss = \"hing\"; allowed: one of minimax, non_saturating, hinge "
            "(default \"non_saturating\"); try: dcgan.loss = \"hinge\"");
}

TEST(Checked, DoesNotSuggestWhatIsNotAllowedEither) {
  Section train = Section::defaults<TrainConfig>("train");
  const std::string text = usage_error([&] { train.set("batch", 65537.0); });
  EXPECT_EQ(text.find("try:"), std::string::npos) << text;
}

TEST(Checked, ElementsOfListsAndIntegerChoices) {
  Section gan = Section::defaults<DcganConfig>("dcgan");
  EXPECT_EQ(usage_error([&] { gan.set("widths", std::vector<int64_t>{8, 0}); }),
            "[dcgan.widths] dcgan.widths = [8, 0]; allowed: list of integers, each >= 1 "
            "(default [64, 128])");
  EXPECT_EQ(usage_error([&] { gan.set("size", int64_t{30}); }),
            "[dcgan.size] dcgan.size = 30; allowed: one of 28, 32, 64 (default 28)");
}

TEST(Checked, NanIsNeverAllowedAndInfinityOnlyWithoutALimit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  Section train = Section::defaults<TrainConfig>("train");
  Section optimizer = Section::defaults<OptimizerConfig>("o");
  Section gan = Section::defaults<DcganConfig>("dcgan");
  EXPECT_THROW(train.set("kimg", nan), UsageError);
  EXPECT_THROW(gan.set("scales", std::vector<double>{1, nan}), UsageError);
  EXPECT_NO_THROW(train.set("kimg", inf));
  EXPECT_THROW(train.set("kimg", -inf), UsageError);
  EXPECT_THROW(optimizer.set("lr", inf), UsageError);
}

TEST(Checked, NegativeZeroKeepsItsSign) {
  Section optimizer = Section::defaults<OptimizerConfig>("o");
  optimizer.set("lr", -0.0);
  EXPECT_TRUE(std::signbit(std::get<double>(optimizer.get("lr"))));
}

TEST(Checked, NarrowAndUnsignedMembersCannotOverflow) {
  example::RunConfig run;
  Section section = Section::of("", run);
  EXPECT_THROW(section.set("seed", int64_t{-1}), UsageError);
  section.set("seed", std::numeric_limits<int64_t>::max());
  EXPECT_EQ(run.seed, 9223372036854775807u);

  struct Narrow {
    int32_t count = 0;
    static void describe(Schema<Narrow>& s) { s.field("count", &Narrow::count, ""); }
  };
  EXPECT_THROW(Section::defaults<Narrow>("n").set("count", int64_t{1} << 31), UsageError);
}

TEST(Checked, TextMustBeUtf8) {
  Section train = Section::defaults<TrainConfig>("train");
  EXPECT_NO_THROW(train.set("data", std::string("bücher/画")));
  EXPECT_EQ(
      usage_error([&] { train.set("data", std::string("\xff")); }),
      "[train.data] train.data holds bytes that are not UTF-8; allowed: string (default \"\")");
}

struct BadDefault {
  int64_t size = 0;
  static void describe(Schema<BadDefault>& s) {
    s.field("size", &BadDefault::size, "").range(1, 9);
  }
};
struct Twice {
  int64_t a = 0;
  static void describe(Schema<Twice>& s) {
    s.field("a", &Twice::a, "");
    s.field("a", &Twice::a, "");
  }
};
struct BadName {
  int64_t a = 0;
  static void describe(Schema<BadName>& s) { s.field("a.b", &BadName::a, ""); }
};

TEST(Section, MistakesOfADescriptionAreFoundWhenItIsBound) {
  EXPECT_EQ(usage_error([] { Section::defaults<BadDefault>("x"); }),
            "[default of x.size] x.size = 0; allowed: integer 1..9 (default 0)");
  EXPECT_EQ(usage_error([] { Section::defaults<Twice>("x"); }),
            "[x.a] described twice; allowed: one description; try: remove one of them");
  EXPECT_THROW(Section::defaults<BadName>("x"), UsageError);
}

}  // namespace
}  // namespace ganymede::config
