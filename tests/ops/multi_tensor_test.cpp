// Multi-tensor updates against the same formulas written tensor by tensor in float64.
#include "ganymede/ops/multi_tensor.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/levers.h"
#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

using Tensors = std::vector<at::Tensor>;

// Odd sizes on purpose: vector kernels have tails.
Tensors draw(const char* purpose) {
  Stream random(7, purpose);
  return {random.normal({3, 5}), random.normal({1}), random.normal({17}),
          random.normal({2, 3, 4, 5})};
}

Tensors zeros() {
  Tensors all = draw("shape");
  for (at::Tensor& tensor : all) tensor.zero_();
  return all;
}

Tensors to_double(const Tensors& tensors) {
  Tensors all;
  for (const at::Tensor& tensor : tensors) all.push_back(tensor.to(at::kDouble));
  return all;
}

void expect_close(const Tensors& found, const Tensors& expected) {
  for (size_t i = 0; i < found.size(); ++i) {
    const double error = (found[i].to(at::kDouble) - expected[i]).abs().max().item<double>();
    EXPECT_LT(error, 2e-6) << "tensor " << i;
  }
}

TEST(MultiTensor, SgdFollowsItsFormula) {
  const Tensors parameters = draw("p"), velocities = zeros();
  Tensors p = to_double(parameters), v = to_double(velocities);
  for (int step = 0; step < 3; ++step) {
    const Tensors gradients = draw(step == 1 ? "g1" : "g0");
    sgd_step(parameters, gradients, velocities, 0.1, 0.9);
    for (size_t i = 0; i < p.size(); ++i) {
      v[i] = v[i] * 0.9 + gradients[i].to(at::kDouble);
      p[i] = p[i] - 0.1 * v[i];
    }
  }
  expect_close(parameters, p);
  expect_close(velocities, v);
}

void expect_adam_follows_its_formula() {
  const Tensors parameters = draw("p"), first = zeros(), second = zeros();
  Tensors counts;
  for (size_t i = 0; i < parameters.size(); ++i) counts.push_back(at::zeros({}));
  Tensors p = to_double(parameters), m = to_double(first), v = to_double(second);
  const AdamRates rates{.rate = 0.01, .beta1 = 0.5, .beta2 = 0.99, .eps = 1e-6};
  for (int step = 1; step <= 4; ++step) {
    const Tensors gradients = draw(step % 2 == 0 ? "g1" : "g0");
    for (at::Tensor& count : counts) count.add_(1);
    adam_step(parameters, gradients, first, second, counts, rates);
    for (size_t i = 0; i < p.size(); ++i) {
      const at::Tensor g = gradients[i].to(at::kDouble);
      m[i] = m[i] * 0.5 + g * 0.5;
      v[i] = v[i] * 0.99 + g * g * 0.01;
      const double debias1 = 1 - std::pow(0.5, step), debias2 = 1 - std::pow(0.99, step);
      p[i] = p[i] - 0.01 * (m[i] / debias1) / ((v[i] / debias2).sqrt() + 1e-6);
    }
  }
  expect_close(parameters, p);
  expect_close(first, m);
  expect_close(second, v);
}

TEST(MultiTensor, AdamFollowsItsFormula) {
  expect_adam_follows_its_formula();
  turn_off("fused_adam");
  expect_adam_follows_its_formula();
  turn_all_on();
}

TEST(MultiTensor, RmspropFollowsItsFormula) {
  const Tensors parameters = draw("p"), squares = zeros();
  Tensors p = to_double(parameters), s = to_double(squares);
  for (int step = 0; step < 3; ++step) {
    const Tensors gradients = draw(step == 1 ? "g1" : "g0");
    rmsprop_step(parameters, gradients, squares, 0.01, 0.9, 1e-3);
    for (size_t i = 0; i < p.size(); ++i) {
      const at::Tensor g = gradients[i].to(at::kDouble);
      s[i] = s[i] * 0.9 + g * g * 0.1;
      p[i] = p[i] - 0.01 * g / (s[i].sqrt() + 1e-3);
    }
  }
  expect_close(parameters, p);
  expect_close(squares, s);
}

TEST(MultiTensor, AverageMovesTowardTheValues) {
  const Tensors averages = draw("a"), values = draw("x");
  Tensors expected;
  for (size_t i = 0; i < averages.size(); ++i) {
    expected.push_back(averages[i].to(at::kDouble) * 0.75 + values[i].to(at::kDouble) * 0.25);
  }
  average_toward(averages, values, 0.25);
  expect_close(averages, expected);
}

TEST(MultiTensor, AverageMovesAllTheWayOrNotAtAll) {
  const Tensors averages = draw("a"), values = draw("x");
  Tensors before;
  for (const at::Tensor& average : averages) before.push_back(average.clone());
  average_toward(averages, values, 0);
  for (size_t i = 0; i < averages.size(); ++i) EXPECT_TRUE(at::equal(averages[i], before[i]));
  average_toward(averages, values, 1);
  for (size_t i = 0; i < averages.size(); ++i) EXPECT_TRUE(at::equal(averages[i], values[i]));
}

TEST(MultiTensor, AverageTakesWhatLiesDifferently) {
  const at::Tensor average = at::zeros({3, 4, 5}), values = at::ones({5, 4, 3}).permute({2, 1, 0});
  const at::Tensor whole = at::zeros({2}, at::kDouble);
  average_toward({average, whole}, {values, at::ones({2}, at::kDouble)}, 0.25);
  EXPECT_TRUE(at::equal(average, at::full({3, 4, 5}, 0.25)));
  EXPECT_TRUE(at::equal(whole, at::full({2}, 0.25, at::kDouble)));
}

TEST(MultiTensor, CountsEachByOne) {
  const Tensors counts = {at::zeros({}), at::full({}, 7.0F)};
  count_up(counts);
  EXPECT_EQ(counts[0].item<float>(), 1);
  EXPECT_EQ(counts[1].item<float>(), 8);
}

TEST(MultiTensor, ClipKeepsWhatLiesWithin) {
  const Tensors parameters = {at::tensor({-2.0F, -0.5F, 0.25F, 3.0F})};
  clip_values(parameters, 0.5);
  EXPECT_TRUE(at::equal(parameters[0], at::tensor({-0.5F, -0.5F, 0.25F, 0.5F})));
}

TEST(MultiTensor, NormIsOverAllTensors) {
  EXPECT_DOUBLE_EQ(norm({at::full({1}, 3.0), at::full({1, 1}, 4.0)}).item<double>(), 5.0);
  EXPECT_EQ(norm({}).item<double>(), 0.0);
}

TEST(MultiTensor, NormOfManyPiecesIsThatOfDoubles) {
  Stream stream(5, "norm");
  const Tensors tensors = {stream.normal({70001}), stream.normal({3, 5, 7}) * 1000,
                           stream.normal({64, 129}).t(), at::zeros({0}), stream.normal({1})};
  double sum = 0;
  for (const at::Tensor& t : tensors) sum += t.to(at::kDouble).square().sum().item<double>();
  const at::Tensor whole = norm(tensors);
  EXPECT_NEAR(whole.item<double>() / std::sqrt(sum), 1, 1e-6);
  EXPECT_EQ(whole.scalar_type(), at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(threads == 1 ? 2 : 1);
  EXPECT_TRUE(at::equal(norm(tensors), whole));
  at::set_num_threads(threads);
  EXPECT_TRUE(std::isnan(norm({at::full({40}, NAN), at::ones({3})}).item<double>()));
  EXPECT_TRUE(std::isinf(norm({at::full({40}, INFINITY)}).item<double>()));
}

TEST(MultiTensor, UpdatesAreNotRecorded) {
  const Tensors parameters = {at::ones({2}).set_requires_grad(true)};
  clip_values(parameters, 0.5);
  EXPECT_FALSE(parameters[0].grad_fn() != nullptr);
}

}  // namespace
}  // namespace ganymede::ops
