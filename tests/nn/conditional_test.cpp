#include "ganymede/nn/conditional.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/attention.h"
#include "tests/golden/summary.h"

namespace ganymede::nn {
namespace {

using golden::wave;

at::Tensor labels(std::vector<int64_t> values) { return at::tensor(values, at::kLong); }

TEST(ClassScope, NestsAndRefusesWhatDoesNotFit) {
  EXPECT_THROW(ClassScope::labels(2), UsageError);
  const ClassScope outer(labels({0, 1}));
  EXPECT_THROW(ClassScope::labels(3), UsageError);
  {
    const ClassScope inner(labels({1, -1}));
    EXPECT_THROW(ClassScope::labels(2), UsageError);
  }
  EXPECT_EQ(ClassScope::labels(2)[1].item<int64_t>(), 1);
}

TEST(ConditionalBatchNorm, BeginsAsBatchNormAndThenFollowsTheClass) {
  const auto plain = batch_norm(3);
  const auto norm = conditional_batch_norm(3, 2);
  for (const ModulePtr& module : {plain, norm}) module->initialize(1, "test");
  const at::Tensor x = wave({4, 3, 2, 2}, 2, 0.8, 0.1).to(at::kFloat);
  const ClassScope scope(labels({0, 1, 1, 0}));
  Stream random(1, "test");
  const ForwardScope training(Mode::kTrain, &random);
  const at::Tensor normal = plain->forward(x);
  EXPECT_TRUE(at::allclose(norm->forward(x), normal, 1e-5, 1e-6));
  for (const char* mean : {"running_mean", "running_var"}) {
    EXPECT_TRUE(at::allclose(norm->state().at(mean), plain->state().at(mean)));
  }
  norm->state().at("weight")[1].fill_(3);
  norm->state().at("bias")[1].fill_(-1);
  const at::Tensor out = norm->forward(x);
  EXPECT_TRUE(at::allclose(out[0], normal[0], 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(out[1], normal[1] * 3 - 1, 1e-5, 1e-5));
}

TEST(ConditionalBatchNorm, MeansStayWhileFrozen) {
  const auto norm = conditional_batch_norm(3, 2);
  norm->initialize(1, "test");
  norm->set_frozen(true);
  const ClassScope scope(labels({0, 1}));
  Stream random(1, "test");
  const ForwardScope training(Mode::kTrain, &random);
  norm->forward(wave({2, 3, 2, 2}, 2, 0.8, 0.1).to(at::kFloat));
  EXPECT_EQ(norm->state().at("running_mean").abs().max().item<float>(), 0);
}

TEST(ProjectionHead, AddsTheProductWithTheClassRow) {
  const at::Tensor rows = at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).view({2, 2});
  const auto table = std::make_shared<Function>(
      [rows](const at::Tensor& classes) { return rows.index_select(0, classes); });
  const auto l = linear(2, 1, {.bias = false});
  l->state().at("weight").fill_(10);
  ProjectionHead head(l, table);
  const ClassScope scope(labels({1, 0}));
  const at::Tensor phi = at::tensor({1.0F, 1.0F, 5.0F, 0.0F}).view({2, 2});
  EXPECT_TRUE(
      at::allclose(head.forward(phi), at::tensor({20.0F + 7.0F, 50.0F + 5.0F}).view({2, 1})));
}

class Attention : public testing::Test {
 protected:
  Attention() { block_->initialize(2, "test"); }
  ModulePtr block_ = self_attention(8, nn::conv);
};

TEST_F(Attention, DoesNothingAtFirst) {
  const at::Tensor x = wave({2, 8, 4, 4}, 1, 0.7, 0).to(at::kFloat);
  EXPECT_TRUE(at::equal(block_->forward(x), x));
}

// Where all places look alike, every place sees o(g(x)), whatever it attends to.
TEST_F(Attention, AConstantPictureSeesItself) {
  block_->state().at("gamma").fill_(0.5);
  const at::Tensor x = wave({2, 8, 1, 1}, 1, 0.7, 0).to(at::kFloat).expand({2, 8, 4, 4});
  const at::Tensor g = block_->state().at("g.weight").flatten(1);
  const at::Tensor o = block_->state().at("o.weight").flatten(1);
  const at::Tensor seen = at::mm(x.select(3, 0).select(2, 0), at::mm(o, g).t());
  const at::Tensor expected = x + 0.5 * seen.view({2, 8, 1, 1});
  EXPECT_TRUE(at::allclose(block_->forward(x.contiguous()), expected, 1e-4, 1e-5));
}

}  // namespace
}  // namespace ganymede::nn
