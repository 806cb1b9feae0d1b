// The engine against direct convolutions in float64, over random shapes.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "ganymede/ops/winograd/engine.h"
#include "kernel_testing.h"

namespace ganymede::ops::winograd {
namespace {

struct Case {
  Problem problem;
  at::Tensor image, weight, map, bias_of_map, bias_of_image;
};

at::Tensor normal(at::IntArrayRef shape, Stream& stream) { return stream.normal(shape); }

Case make_case(const Problem& p, Stream& stream) {
  return {p,
          normal({p.batch, p.channels, p.height, p.width}, stream),
          normal({p.filters, p.channels, p.kernel(), p.kernel()}, stream),
          normal({p.batch, p.filters, p.map_height(), p.map_width()}, stream),
          normal({p.filters}, stream),
          normal({p.channels}, stream)};
}

const float* data(const at::Tensor& tensor) { return tensor.const_data_ptr<float>(); }

std::vector<float> transformed(const Case& c, WeightUse use, const Executor& executor) {
  std::vector<float> result(transformed_size(c.problem, use));
  transform_weights(c.problem, use, data(c.weight), result.data(), executor);
  return result;
}

// With weights transformed before, or during the operators.
std::array<at::Tensor, 3> engine(const Case& c, const Executor& executor, bool kept = true,
                                 const at::Tensor& scale = {}, float slope = 1) {
  at::Tensor map = at::full_like(c.map, 77);
  at::Tensor image = at::full_like(c.image, 77);
  at::Tensor weight = at::full_like(c.weight, 77);
  const auto for_forward = transformed(c, WeightUse::kForward, executor);
  const auto for_transposed = transformed(c, WeightUse::kTransposed, executor);
  const Weights plain{data(c.weight), nullptr};
  const auto finish = [&](const at::Tensor& bias) {
    return Finish{scale.defined() ? data(scale) : nullptr, data(bias), slope};
  };
  forward(c.problem, data(c.image), kept ? Weights{nullptr, for_forward.data()} : plain,
          finish(c.bias_of_map), map.data_ptr<float>(), executor);
  transposed(c.problem, data(c.map), kept ? Weights{nullptr, for_transposed.data()} : plain,
             finish(c.bias_of_image), image.data_ptr<float>(), executor);
  weight_gradient(c.problem, data(c.image), data(c.map), weight.data_ptr<float>(), executor);
  return {map, image, weight};
}

// The same by LibTorch's direct convolutions in `type`.
std::array<at::Tensor, 3> direct(const Case& c, at::ScalarType type) {
  const int64_t stride = c.problem.strided() ? 2 : 1;
  const auto gradients = at::convolution_backward(
      c.map.to(type), c.image.to(type), c.weight.to(type), c10::nullopt, {stride, stride}, {1, 1},
      {1, 1}, false, {0, 0}, 1, {true, true, false});
  return {at::conv2d(c.image.to(type), c.weight.to(type), c.bias_of_map.to(type), stride, 1),
          std::get<0>(gradients) + c.bias_of_image.to(type).view({1, -1, 1, 1}),
          std::get<1>(gradients)};
}

// Largest error divided by the largest value.
double error(const at::Tensor& found, const at::Tensor& expected) {
  const double scale = expected.abs().max().item<double>();
  return (found.to(at::kDouble) - expected).abs().max().item<double>() / scale;
}

std::string text(const Problem& p) {
  const char* family = p.strided() ? "4x4" : "3x3";
  return std::string(family) + " F(" + std::to_string(p.tile) + ") n" + std::to_string(p.batch) +
         " c" + std::to_string(p.channels) + " k" + std::to_string(p.filters) + " " +
         std::to_string(p.height) + "x" + std::to_string(p.width);
}

Problem random_problem(Stream& stream, int index) {
  const auto pick = [&](int64_t low, int64_t high) {
    return stream.integers({1}, low, high + 1).item<int64_t>();
  };
  const bool large = index % 8 == 0;
  return {.family = index % 2 == 0 ? Family::k3x3 : Family::k4x4,
          .tile = index / 2 % 2 == 0 ? 2 : 4,
          .batch = pick(1, 3),
          .channels = pick(1, 70),
          .filters = pick(1, 70),
          .height = pick(2, large ? 40 : 13),
          .width = pick(2, large ? 40 : 13)};
}

class WinogradTarget : public VectorTarget {};
INSTANTIATE_TEST_SUITE_P(All, WinogradTarget, vector_targets(), VectorTarget::name);

void expect_agreement(const Case& c) {
  const auto expected = direct(c, at::kDouble);
  const auto found = engine(c, inline_executor());
  const double bound = c.problem.tile == 2 ? 4e-6 : 3e-5;
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(error(found.at(i), expected.at(i)), bound) << text(c.problem) << " operator " << i;
  }
}

// Batches so large that chunks end inside pictures, whose seams are added later.
TEST_P(WinogradTarget, FinishesWithScaleShiftAndSlope) {
  for (int index = 0; index < 24; ++index) {
    Stream stream(8, "ops.winograd.finish", index);
    Problem problem = random_problem(stream, index);
    if (index % 3 == 0) problem.channels = problem.filters = 64, problem.height = 70;
    Case c = make_case(problem, stream);
    const int64_t most = std::max(problem.channels, problem.filters);
    const at::Tensor scale = stream.uniform({most}, -2, 2);
    const auto plain = direct(c, at::kDouble);
    const auto found = engine(c, inline_executor(), true, scale, 0.2F);
    const double bound = problem.tile == 2 ? 4e-6 : 3e-5;
    const std::array biases = {c.bias_of_map, c.bias_of_image};
    for (size_t i = 0; i < 2; ++i) {
      const int64_t channels = biases.at(i).size(0);
      const auto line = [&](const at::Tensor& values) {
        return values.narrow(0, 0, channels).to(at::kDouble).view({1, channels, 1, 1});
      };
      const at::Tensor sums = plain.at(i) - line(biases.at(i));
      const at::Tensor expected = at::leaky_relu(sums * line(scale) + line(biases.at(i)), 0.2);
      EXPECT_LT(error(found.at(i), expected), 2 * bound) << text(problem) << " operator " << i;
    }
  }
}

TEST_P(WinogradTarget, AgreesWithDirectConvolutionForRandomShapes) {
  for (int index = 0; index < 160; ++index) {
    Stream stream(1, "ops.winograd", index);
    expect_agreement(make_case(random_problem(stream, index), stream));
  }
}

TEST(WinogradLong, AgreesWithDirectConvolutionForManyLargerShapes) {
  for (int index = 0; index < 1500; ++index) {
    Stream stream(9, "ops.winograd", index);
    Problem problem = random_problem(stream, index);
    problem.batch += static_cast<int64_t>(stream.below(8));
    problem.channels += static_cast<int64_t>(stream.below(100));
    problem.width += static_cast<int64_t>(stream.below(60));
    expect_agreement(make_case(problem, stream));
  }
}

TEST(Winograd, BitsDoNotDependOnThreads) {
  for (int index = 0; index < 24; ++index) {
    Stream stream(2, "ops.winograd", index);
    const Case c = make_case(random_problem(stream, index), stream);
    const auto one = engine(c, inline_executor());
    for (const int threads : {2, 4, 64}) {
      const auto many = engine(c, {run_backwards, threads});
      for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(at::equal(one.at(i), many.at(i))) << text(c.problem) << " operator " << i;
      }
    }
  }
}

TEST(Winograd, BitsDoNotDependOnWhenWeightsAreTransformed) {
  for (int index = 0; index < 24; ++index) {
    Stream stream(8, "ops.winograd", index);
    Problem problem = random_problem(stream, index);
    problem.channels *= 5;
    if (problem.strided() && index % 3 == 0) problem.family = Family::k4x4Shared;
    const Case c = make_case(problem, stream);
    const auto before = engine(c, inline_executor());
    const auto during = engine(c, {run_backwards, 3}, /*kept=*/false);
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(at::equal(before.at(i), during.at(i))) << text(problem) << " operator " << i;
    }
  }
}

// Largest errors over some middling shapes; `change` makes the tensors hostile.
template <typename F>
std::array<double, 3> errors(int tile, bool use_engine, const F& change) {
  std::array<double, 3> largest{};
  for (int index = 0; index < 6; ++index) {
    Stream stream(3, "ops.winograd", index);
    Problem problem = random_problem(stream, index);
    problem.tile = tile;
    problem.channels += 32;
    problem.filters += 32;
    Case c = make_case(problem, stream);
    change(c);
    const auto expected = direct(c, at::kDouble);
    const auto found = use_engine ? engine(c, inline_executor()) : direct(c, at::kFloat);
    for (size_t i = 0; i < 3; ++i) {
      largest.at(i) = std::max(largest.at(i), error(found.at(i), expected.at(i)));
    }
  }
  return largest;
}

TEST(Winograd, TileOfTwoIsAsAccurateAsDirectConvolution) {
  const auto nothing = [](Case&) {};
  const auto means = [](Case& c) {
    c.image.add_(100);
    c.map.add_(100);
  };
  const auto tails = [](Case& c) {
    c.image.pow_(5);
    c.weight.pow_(3);
  };
  const auto ours = errors(2, true, nothing);
  const auto theirs = errors(2, false, nothing);
  const auto ours_means = errors(2, true, means);
  const auto ours_tails = errors(2, true, tails);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_LT(ours.at(i), 4 * theirs.at(i)) << i;
    EXPECT_LT(ours_means.at(i), 4e-6) << i;
    EXPECT_LT(ours_tails.at(i), 4e-6) << i;
  }
}

TEST(Winograd, TileOfFourStaysNearOneInAHundredThousand) {
  const auto means = [](Case& c) {
    c.image.add_(100);
    c.map.add_(100);
  };
  for (const double largest : errors(4, true, [](Case&) {})) EXPECT_LT(largest, 2e-5);
  for (const double largest : errors(4, true, means)) EXPECT_LT(largest, 4e-5);
}

TEST(Winograd, ZerosGiveZerosAndDenormalsStaySmall) {
  for (const int tile : {2, 4}) {
    Stream stream(5, "ops.winograd", tile);
    Case c = make_case({Family::k4x4, tile, 2, 20, 20, 10, 10}, stream);
    c.bias_of_map.zero_();
    c.bias_of_image.zero_();
    c.image.zero_();
    c.map.zero_();
    for (const at::Tensor& result : engine(c, inline_executor())) {
      EXPECT_EQ(result.abs().max().item<float>(), 0.0F);
    }
    c.image.fill_(1e-40F);
    c.map.fill_(1e-40F);
    for (const at::Tensor& result : engine(c, inline_executor())) {
      EXPECT_LT(result.abs().max().item<float>(), 1e-35F);
    }
  }
}

// A value that is not finite shows in every output that depends on it, and nowhere beyond the
// tiles that read it.
TEST(Winograd, NotFiniteValuesSpreadOverTheirTilesOnly) {
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    for (const int tile : {2, 4}) {
      Stream stream(6, "ops.winograd", tile);
      Case c = make_case({Family::k3x3, tile, 2, 20, 20, 24, 24}, stream);
      c.image[0][3][12][12] = bad;
      const at::Tensor map = engine(c, inline_executor())[0];
      const at::Tensor finite = map.isfinite().all(1);
      EXPECT_FALSE(finite[0].slice(0, 11, 14).slice(1, 11, 14).any().item<bool>());
      EXPECT_TRUE(finite[1].all().item<bool>()) << "the other image";
      EXPECT_TRUE(finite[0].slice(0, 0, 12 - tile - 1).all().item<bool>());
      EXPECT_TRUE(finite[0].slice(0, 12 + tile + 2).all().item<bool>());
    }
  }
}

// The shared family is a trilinear form of its own; for weights spread from 3x3 it is the
// convolution.
TEST(Winograd, SharedPhasesAreTheConvolutionForSpreadWeights) {
  for (int index = 0; index < 24; ++index) {
    Stream stream(7, "ops.winograd", index);
    Problem problem = random_problem(stream, index);
    problem.family = Family::k4x4Shared;
    Case c = make_case(problem, stream);
    const at::Tensor wide = at::constant_pad_nd(
        normal({problem.filters, problem.channels, 3, 3}, stream), {1, 1, 1, 1});
    const at::Tensor columns = wide.slice(3, 0, 4) + wide.slice(3, 1, 5);
    c.weight = (columns.slice(2, 0, 4) + columns.slice(2, 1, 5)).contiguous();
    const auto expected = direct(c, at::kDouble);
    const auto found = engine(c, inline_executor());
    EXPECT_LT(error(found[0], expected[0]), 3e-5) << text(problem);
    EXPECT_LT(error(found[1], expected[1]), 3e-5) << text(problem);
    // Of the weight gradient only the part along spread weights is defined.
    const auto narrow = [](const at::Tensor& w) {
      const at::Tensor rows = w.slice(2, 0, 3) + w.slice(2, 1, 4);
      return rows.slice(3, 0, 3) + rows.slice(3, 1, 4);
    };
    EXPECT_LT(error(narrow(found[2]), narrow(expected[2])), 3e-5) << text(problem);
  }
}

}  // namespace
}  // namespace ganymede::ops::winograd
