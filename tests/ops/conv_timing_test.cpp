// Every candidate computes the same; choices by timing are kept, shared, and never wrong.
#include "ganymede/ops/conv_timing.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/levers.h"
#include "ganymede/core/random.h"
#include "ganymede/ops/conv_form.h"
#include "ganymede/ops/conv_rules.h"
#include "kernel_testing.h"
#include "tests/core/fixture.h"

namespace ganymede::ops {
namespace {

constexpr std::array kParts = {ConvPart::kForward, ConvPart::kTransposed,
                               ConvPart::kWeightGradient};
constexpr std::array kGeometries = {ConvGeometry{.kernel = 3, .stride = 1, .padding = 1},
                                    ConvGeometry{.kernel = 4, .stride = 2, .padding = 1},
                                    ConvGeometry{.kernel = 5, .stride = 2, .padding = 2},
                                    ConvGeometry{.kernel = 7, .stride = 1, .padding = 3},
                                    ConvGeometry{.kernel = 1, .stride = 1, .padding = 0}};

struct Case {
  at::Tensor image, weight, map;

  at::Tensor of(ConvChoice choice, ConvPart part, const ConvGeometry& geometry) const {
    if (part == ConvPart::kForward) return form_forward(choice, geometry, image, weight, {});
    if (part == ConvPart::kTransposed) {
      return form_transposed(choice, geometry, map, weight, {}, image.size(2), image.size(3));
    }
    return form_weight_gradient(choice, geometry, image, map);
  }
};

// A folder for answers; afterwards the process chooses by rules again.
class Folder {
 public:
  ~Folder() { choose_convs_by_rules(); }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path answers() const { return conv_timing_file(path()); }

 private:
  TempFolder folder_;
};

TEST(ConvCandidates, LeaveOutWhatIsTurnedOff) {
  const ConvQuestion wide{
      ConvMode::kAuto, ConvPart::kForward, kGeometries[0], {64, 64, 64, 16, 16}};
  const ConvQuestion thin{
      ConvMode::kAuto, ConvPart::kTransposed, kGeometries[3], {8, 3, 64, 32, 32}};
  const ConvQuestion pixel{
      ConvMode::kAuto, ConvPart::kForward, kGeometries[4], {8, 64, 64, 16, 16}};
  const auto offered = [](const ConvQuestion& question, ConvChoice choice) {
    return std::ranges::count(candidates(question), choice) > 0;
  };
  for (const auto& [lever, question, choice] : {std::tuple{"large_tiles", wide, ConvChoice::kTile4},
                                                {"tiles", wide, ConvChoice::kTile2},
                                                {"thin", thin, ConvChoice::kThin},
                                                {"products", pixel, ConvChoice::kProduct},
                                                {"layouts", wide, ConvChoice::kTorchNhwc}}) {
    const bool possible = choice == ConvChoice::kTorchNhwc || winograd::is_fast_here();
    EXPECT_EQ(offered(question, choice), possible) << lever;
    turn_off(lever);
    EXPECT_FALSE(offered(question, choice)) << lever;
    EXPECT_TRUE(offered(question, ConvChoice::kTorch)) << lever;
    turn_all_on();
  }
}

TEST(ConvCandidates, ComputeTheSame) {
  Stream stream(3, "candidates");
  std::set<ConvChoice> seen;
  for (int round = 0; round < 40; ++round) {
    const ConvGeometry& geometry = kGeometries.at(static_cast<size_t>(round % 5));
    const ConvSizes sizes{pick(stream, 1, 3), pick(stream, 1, 6), pick(stream, 8, 24),
                          pick(stream, 5, 20), pick(stream, 5, 20)};
    const thin::Problem p = thin_of(geometry, sizes);
    const Case made{stream.normal({p.batch, p.channels, p.height, p.width}),
                    stream.normal({p.filters, p.channels, p.kernel, p.kernel}),
                    stream.normal({p.batch, p.filters, p.map_height(), p.map_width()})};
    const Case exact{made.image.to(at::kDouble), made.weight.to(at::kDouble),
                     made.map.to(at::kDouble)};
    for (const ConvPart part : kParts) {
      const at::Tensor expected = exact.of(ConvChoice::kTorch, part, geometry);
      const auto choices = candidates({ConvMode::kAuto, part, geometry, sizes});
      EXPECT_EQ(choices.front(), by_rule({ConvMode::kAuto, part, geometry, sizes}));
      EXPECT_EQ(std::set(choices.begin(), choices.end()).size(), choices.size());
      for (const ConvChoice choice : choices) {
        seen.insert(choice);
        const at::Tensor found = made.of(choice, part, geometry);
        EXPECT_TRUE(found.is_contiguous());
        const double error = (found.to(at::kDouble) - expected).abs().max().item<double>() /
                             expected.abs().max().item<double>();
        EXPECT_LT(error, 5e-5) << name_of(choice) << ", "
                               << text_of({ConvMode::kAuto, part, geometry, sizes});
      }
    }
  }
  EXPECT_EQ(seen.size(), winograd::is_fast_here() ? 6U : 3U);
}

TEST(ConvCandidates, KeepToTheMode) {
  const ConvGeometry& geometry = kGeometries[0];
  const ConvSizes sizes{2, 16, 16, 16, 16};
  const ConvPart part = ConvPart::kForward;
  const auto strict = candidates({ConvMode::kStrict, part, geometry, sizes});
  EXPECT_EQ(std::ranges::count(strict, ConvChoice::kTile4), 0);
  EXPECT_EQ(candidates({ConvMode::kTorch, part, geometry, sizes}), std::vector{ConvChoice::kTorch});
  EXPECT_EQ(candidates({ConvMode::kAuto, part, kSharedPhases, sizes}).size(), 1U);
}

TEST(ConvTiming, TimesEveryCandidate) {
  const ConvQuestion question{
      ConvMode::kAuto, ConvPart::kForward, kGeometries[1], {2, 8, 8, 16, 16}};
  const auto timings = time_conv(question);
  const auto expected = candidates(question);
  ASSERT_EQ(timings.size(), expected.size());
  for (size_t i = 0; i < timings.size(); ++i) {
    EXPECT_EQ(timings[i].choice, expected[i]);
    EXPECT_GT(timings[i].seconds, 0);
  }
}

TEST(ConvTiming, AnotherMustBeClearlyFaster) {
  const auto of = [](double tile, double torch) {
    return fastest_of({{ConvChoice::kTile2, tile}, {ConvChoice::kTorch, torch}});
  };
  EXPECT_EQ(of(1.0, 1.5), ConvChoice::kTile2);
  EXPECT_EQ(of(1.0, 0.9), ConvChoice::kTile2);
  EXPECT_EQ(of(1.0, 0.8), ConvChoice::kTorch);
}

// Shapes are this test's own, for the process keeps what it once chose.
TEST(ConvTiming, FirstAnswerIsKeptInTheFile) {
  const Folder folder;
  const ConvSizes sizes{5, 24, 40, 32, 32};
  const ConvQuestion question{ConvMode::kAuto, ConvPart::kForward, kGeometries[0], sizes};
  choose_convs_by_timing(folder.path());
  const ConvChoice choice = choose_conv(question.part, question.geometry, sizes);
  EXPECT_EQ(read_file(folder.answers()), text_of(question) + "\t" + name_of(choice) + "\n");
}

TEST(ConvTiming, AnswersOfOtherProcessesStand) {
  const Folder folder;
  const auto asked = [&](int64_t batch, const std::string& answer) {
    const ConvQuestion question{
        ConvMode::kAuto, ConvPart::kForward, kGeometries[0], {batch, 25, 41, 32, 32}};
    append_file(folder.answers(), text_of(question) + "\t" + answer + "\n");
    choose_convs_by_timing(folder.path());
    return choose_conv(question.part, question.geometry, question.sizes);
  };
  EXPECT_EQ(asked(5, "torch"), ConvChoice::kTorch);
  EXPECT_EQ(asked(6, "tile2"), ConvChoice::kTile2);
  const ConvChoice rule =
      by_rule({ConvMode::kAuto, ConvPart::kForward, kGeometries[0], {7, 25, 41, 32, 32}});
  EXPECT_EQ(asked(7, "magic"), rule);  // not known
  EXPECT_EQ(asked(8, "thin"), rule);   // cannot: too many channels
}

TEST(ConvTiming, SmallShapesFollowTheRules) {
  const Folder folder;
  choose_convs_by_timing(folder.path());
  const ConvSizes sizes{1, 9, 10, 8, 8};
  EXPECT_EQ(choose_conv(ConvPart::kForward, kGeometries[0], sizes),
            by_rule({ConvMode::kAuto, ConvPart::kForward, kGeometries[0], sizes}));
  EXPECT_FALSE(std::filesystem::exists(folder.answers()));
}

TEST(ConvTiming, PartsByRulesAskAndKeepNothing) {
  const ConvQuestion question{
      ConvMode::kAuto, ConvPart::kForward, kGeometries[0], {3, 26, 42, 32, 32}};
  const auto choose = [&] { return choose_conv(question.part, question.geometry, question.sizes); };
  int asked = 0;
  set_conv_judge([&](const ConvQuestion&) {
    ++asked;
    return ConvChoice::kTorch;
  });
  const ConvChoice rule = by_rule(question);
  ASSERT_NE(rule, ConvChoice::kTorch);
  begin_or_end_conv_rules(+1);
  begin_or_end_conv_rules(+1);
  EXPECT_EQ(choose(), rule);
  begin_or_end_conv_rules(-1);
  EXPECT_EQ(choose(), rule);
  begin_or_end_conv_rules(-1);
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(choose(), ConvChoice::kTorch);
  begin_or_end_conv_rules(+1);
  EXPECT_EQ(choose(), rule);
  begin_or_end_conv_rules(-1);
  EXPECT_EQ(choose(), ConvChoice::kTorch);
  EXPECT_EQ(asked, 1);
  choose_convs_by_rules();
}

// A checkpoint's line that asks for the impossible would read beyond its tensors.
TEST(ConvChoices, WhatCannotBeComputedIsRefused) {
  for (const char* line :
       {"auto forward 5x5s2p2 4 16 16 8 8 tile2", "strict forward 3x3 4 16 16 8 8 tile4",
        "auto forward 3x3 4 16 16 8 8 thin", "auto forward 4x4_shared 4 16 16 8 8 torch_nhwc"}) {
    EXPECT_THROW(load_conv_choices(line), UsageError) << line;
  }
}

}  // namespace
}  // namespace ganymede::ops
