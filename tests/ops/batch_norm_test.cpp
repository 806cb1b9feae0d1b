#include "ganymede/ops/batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

struct Case {
  std::vector<int64_t> shape;
  double slope;
  double mean = 0;
};

// Reference: LibTorch's operators in double precision.
at::Tensor reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     double slope) {
  const at::Tensor z = at::batch_norm(x, weight, bias, {}, {}, /*training=*/true, 0.1, 1e-5,
                                      /*cudnn_enabled=*/false);
  return slope == 1 ? z : at::leaky_relu(z, slope);
}

struct Tensors {
  at::Tensor x, weight, bias, gradient;

  explicit Tensors(const Case& c) {
    Stream random(5, "batch norm");
    const int64_t channels = c.shape[1];
    x = random.normal(c.shape) * 2 + c.mean;
    weight = random.uniform({channels}, 0.5, 1.5);
    bias = random.normal({channels});
    gradient = random.normal(c.shape);
  }
  Tensors to_double() const {
    Tensors other = *this;
    for (at::Tensor* t : {&other.x, &other.weight, &other.bias, &other.gradient}) {
      *t = t->to(at::kDouble);
    }
    return other;
  }
  void require() {
    for (at::Tensor* t : {&x, &weight, &bias, &gradient}) t->set_requires_grad(true);
  }
};

double error(const at::Tensor& found, const at::Tensor& expected) {
  const double largest = expected.abs().max().item<double>();
  return (found.to(at::kDouble) - expected).abs().max().item<double>() / std::max(largest, 1e-3);
}

class BatchNormActTest : public ::testing::TestWithParam<Case> {};

TEST_P(BatchNormActTest, ValuesAndBothGradientsEqualDoublePrecision) {
  const Case& c = GetParam();
  Tensors single(c);
  Tensors exact = single.to_double();
  single.require();
  exact.require();
  const double tolerance = c.mean == 0 ? 2e-6 : 2e-4;  // x itself is rounded near its mean
  const at::Tensor y =
      batch_norm_act(single.x, single.weight, single.bias, {.train = true}, c.slope);
  const at::Tensor expected = reference(exact.x, exact.weight, exact.bias, c.slope);
  EXPECT_LT(error(y.detach(), expected.detach()), tolerance);

  const auto gradients = [](const at::Tensor& out, const Tensors& t, bool create_graph) {
    return torch::autograd::grad({out}, {t.x, t.weight, t.bias}, {t.gradient},
                                 /*retain_graph=*/true, create_graph);
  };
  const auto found = gradients(y, single, false);
  const auto composed = gradients(y, single, true);
  const auto wanted = gradients(expected, exact, true);
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_LT(error(found[i], wanted[i].detach()), 10 * tolerance) << i;
    EXPECT_LT(error(composed[i].detach(), wanted[i].detach()), 10 * tolerance) << i;
  }

  const auto second = [](const at::Tensor& of_x, const Tensors& t) {
    return torch::autograd::grad({of_x.square().sum()}, {t.x, t.weight, t.gradient});
  };
  const auto found_second = second(composed[0], single);
  const auto wanted_second = second(wanted[0], exact);
  for (size_t i = 0; i < wanted_second.size(); ++i) {
    EXPECT_LT(error(found_second[i], wanted_second[i]), 50 * tolerance) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BatchNormActTest,
                         ::testing::Values(Case{{4, 3, 8, 8}, 0.2}, Case{{2, 5, 7, 7}, 0},
                                           Case{{3, 70, 2, 2}, 1}, Case{{1, 2, 1, 9}, 0.2},
                                           Case{{5, 1, 33, 5}, 0}, Case{{64, 130, 4, 4}, 0.2},
                                           Case{{4, 6, 14, 14}, 0.2, 100},
                                           Case{{2, 3, 4, 5, 6}, 0.2}, Case{{3, 2, 1, 1, 4}, 0}));

TEST(BatchNormAct, ThreadsDoNotChangeABit) {
  const Tensors t({{16, 37, 14, 14}, 0.2});
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    results.push_back(batch_norm_act(t.x, t.weight, t.bias, {.train = true}, 0.2));
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(results[0], results[1]));
  EXPECT_TRUE(at::equal(results[0], results[2]));
}

TEST(BatchNormAct, RunningStatisticsAndEvaluationAreLibTorchs) {
  const Tensors t({{8, 6, 5, 5}, 0});
  const at::Tensor mean = at::zeros({6}), variance = at::ones({6});
  BatchNormBuffers buffers{.mean = mean, .variance = variance, .train = true};
  batch_norm_act(t.x, t.weight, t.bias, buffers, 0);
  buffers.train = false;
  const at::Tensor y = batch_norm_act(t.x + 1, t.weight, t.bias, buffers, 0);

  const at::Tensor wanted_mean = at::zeros({6}), wanted_variance = at::ones({6});
  const auto by_libtorch = [&](const at::Tensor& x, bool train) {
    return at::batch_norm(x, t.weight, t.bias, wanted_mean, wanted_variance, train, 0.1, 1e-5,
                          /*cudnn_enabled=*/false);
  };
  by_libtorch(t.x, true);
  const at::Tensor wanted = at::relu(by_libtorch(t.x + 1, false));
  EXPECT_TRUE(at::allclose(mean, wanted_mean, 1e-5, 1e-7));
  EXPECT_TRUE(at::allclose(variance, wanted_variance, 1e-5, 1e-7));
  EXPECT_TRUE(at::allclose(y, wanted, 1e-5, 1e-6));
}

TEST(BatchNormAct, ANanStaysInItsChannel) {
  Tensors t({{2, 3, 4, 4}, 0.2});
  t.x[1][1][2][3] = std::nan("");
  const at::Tensor y = batch_norm_act(t.x, t.weight, t.bias, {.train = true}, 0.2);
  EXPECT_TRUE(y.select(1, 1).isnan().all().item<bool>());
  EXPECT_TRUE(y.select(1, 0).isfinite().all().item<bool>());
  EXPECT_TRUE(y.select(1, 2).isfinite().all().item<bool>());
}

}  // namespace
}  // namespace ganymede::ops
