// Networks that write and judge tokens, and roll-outs, by what they must keep.
#include "ganymede/nn/token_networks.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "ganymede/core/draw.h"
#include "ganymede/core/error.h"
#include "ganymede/nn/rollouts.h"

namespace ganymede::nn {
namespace {

constexpr TokenSpec kSpec = {.length = 8, .vocabulary = 30, .ends = true};

TokenWriter& writer() {
  static TokenWriter& made = []() -> TokenWriter& {
    static TokenWriter writer(kSpec, {.embedding = 6, .hidden = 9, .deviation = 1});
    writer.initialize(3, "test");
    return writer;
  }();
  return made;
}

TEST(Draw, ChoosesByCumulativeShares) {
  const at::Tensor logits = at::log(at::tensor({0.1F, 0.2F, 0.3F, 0.4F})).unsqueeze(0);
  const at::Tensor uniform =
      at::tensor({0.0F, 0.05F, 0.15F, 0.29F, 0.31F, 0.59F, 0.61F, 0.9999999F});
  const at::Tensor drawn = draw_from_logits(logits.expand({8, 4}), uniform);
  EXPECT_TRUE(at::equal(drawn, at::tensor({0, 0, 1, 1, 2, 2, 3, 3}, at::kLong))) << drawn;
}

TEST(Draw, KeepsToSharesOverManyAndSkipsTheImpossible) {
  constexpr int64_t kDraws = 20'000, kChoices = 500;
  at::Tensor logits = Stream(1, "logits").normal({1, kChoices}) * 2;
  logits.slice(1, 64, 200).fill_(-INFINITY);
  const at::Tensor drawn =
      draw_from_logits(logits.expand({kDraws, kChoices}), (at::arange(kDraws) + 0.5) / kDraws);
  const at::Tensor shares = at::bincount(drawn, {}, kChoices).to(at::kFloat) / kDraws;
  EXPECT_LT((shares - at::softmax(logits[0], 0)).abs().max().item<float>(), 1.5e-4);
  EXPECT_EQ(shares.slice(0, 64, 200).sum().item<float>(), 0);
}

TEST(TokenWriter, WhatItWritesStepByStepIsWhatItPredictsAtOnce) {
  const at::NoGradGuard no_grad;
  const at::Tensor tokens = writer().write(Stream(4, "uniform").uniform({50, 8}), 1);
  const at::Tensor counts = token_counts(tokens);
  for (int64_t row = 0; row < tokens.size(0); ++row) {
    const int64_t count = counts[row].item<int64_t>();
    EXPECT_EQ(tokens[row].slice(0, count).abs().sum().item<float>(), 0);
    EXPECT_EQ(tokens[row].slice(0, 0, count - 1).eq(kEndToken).sum().item<int64_t>(), 0);
    if (count < 8) {
      EXPECT_EQ(tokens[row][count - 1].item<float>(), kEndToken);
    }
  }
  const at::Tensor logits = writer().forward(tokens);
  Lstm::State state = writer().begin(50);
  for (int64_t t = 0; t < 8; ++t) {
    EXPECT_TRUE(at::allclose(writer().logits(state), logits.select(1, t), 1e-4, 1e-5));
    state = writer().read(tokens.select(1, t).to(at::kLong), state);
  }
  const at::Tensor log_p =
      at::log_softmax(logits, 2)
          .gather(2, (tokens.to(at::kLong) - kEndToken).clamp_min(0).unsqueeze(2))
          .squeeze(2) *
      tokens.ne(kPadToken);
  EXPECT_TRUE(at::allclose(writer().log_probabilities(tokens), log_p, 1e-4, 1e-5));
}

TEST(TokenWriter, UnknownWordsAndPaddingAreNotPredicted) {
  const at::NoGradGuard no_grad;
  const at::Tensor tokens =
      at::tensor({5.0F, 2.0F, 6.0F, 3.0F, 0.0F, 0.0F, 0.0F, 0.0F}).view({1, 8});
  const at::Tensor log_p = writer().log_probabilities(tokens)[0];
  for (const int64_t place : {1, 4, 5, 6, 7}) EXPECT_EQ(log_p[place].item<float>(), 0);
  for (const int64_t place : {0, 2, 3}) EXPECT_LT(log_p[place].item<float>(), 0);
}

TEST(RollOut, FinishesEveryBeginningAndChangesNone) {
  Stream random(5, "rollouts");
  const at::Tensor tokens = writer().write(Stream(6, "uniform").uniform({12, 8}), 1);
  const at::Tensor counts = token_counts(tokens);
  const auto groups = roll_out(writer(), tokens, 3, [&](int64_t n) { return random.uniform({n}); });
  ASSERT_EQ(static_cast<int64_t>(groups.size()), counts.max().item<int64_t>() - 1);
  for (size_t i = 0; i < groups.size(); ++i) {
    const RolloutGroup& group = groups[i];
    EXPECT_EQ(group.kept, static_cast<int64_t>(i) + 1);
    EXPECT_TRUE(at::equal(group.rows, counts.gt(group.kept).nonzero().squeeze(1)));
    const at::Tensor begun = tokens.index_select(0, group.rows).repeat_interleave(3, 0);
    EXPECT_TRUE(at::equal(group.completed.slice(1, 0, group.kept), begun.slice(1, 0, group.kept)));
    EXPECT_FALSE(at::equal(group.completed, begun));
    for (int64_t row = 0; row < group.completed.size(0); ++row) {
      const int64_t count = token_counts(group.completed.narrow(0, row, 1)).item<int64_t>();
      const bool whole = count == 8 || group.completed[row][count - 1].item<float>() == kEndToken;
      EXPECT_TRUE(whole) << group.completed[row];
    }
  }
}

// With one certain choice after another every way to finish a row is the same.
TEST(RollOut, FollowsThePolicy) {
  TokenWriter sure({.length = 6, .vocabulary = 9, .ends = false}, {.embedding = 4, .hidden = 5});
  sure.initialize(1, "test");
  sure.each_parameter([](const std::string& path, at::Tensor& tensor) {
    const at::NoGradGuard no_grad;
    if (path == "output.bias") tensor.copy_(at::tensor({0.0F, 90.0F, 0.0F, 0.0F, 0.0F}));
  });
  const at::Tensor tokens = at::full({2, 6}, 7.0F);
  Stream random(5, "rollouts");
  for (const RolloutGroup& group :
       roll_out(sure, tokens, 2, [&](int64_t n) { return random.uniform({n}); })) {
    EXPECT_TRUE(group.completed.slice(1, group.kept).eq(5).all().item<bool>());
  }
}

TEST(TokenCritic, WindowsThatAreLongerThanATextAreLeftOut) {
  TokenCritic critic({.length = 3, .vocabulary = 9},
                     {.embedding = 4, .widths = {2, 5}, .maps = {3, 7}});
  critic.initialize(1, "test");
  EXPECT_EQ(critic.forward(at::full({2, 3}, 4.0F)).sizes(), (at::IntArrayRef{2, 1}));
  EXPECT_EQ(critic.features(at::full({2, 3}, 4.0F)).sizes(), (at::IntArrayRef{2, 3}));
  EXPECT_THROW(TokenCritic({.length = 3, .vocabulary = 9}, {.widths = {4}, .maps = {3}}),
               UsageError);
  EXPECT_THROW(TokenCritic({.length = 3, .vocabulary = 9}, {.widths = {2, 3}, .maps = {3}}),
               UsageError);
}

}  // namespace
}  // namespace ganymede::nn
