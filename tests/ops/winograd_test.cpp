// The engine against direct convolutions in float64, over random shapes.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "ganymede/core/random.h"
#include "ganymede/ops/winograd/engine.h"

namespace ganymede::ops::winograd {
namespace {

void run_serial(int64_t count, Executor::Body body, void* context) { body(context, 0, count); }

// Pieces in reverse order, as another thread pool might run them.
void run_backwards(int64_t count, Executor::Body body, void* context) {
  for (int64_t index = count; index > 0; --index) body(context, index - 1, index);
}

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

std::array<at::Tensor, 3> engine(const Case& c, const Executor& executor) {
  at::Tensor map = at::full_like(c.map, 77);
  at::Tensor image = at::full_like(c.image, 77);
  at::Tensor weight = at::full_like(c.weight, 77);
  forward(c.problem, data(c.image), transformed(c, WeightUse::kForward, executor).data(),
          data(c.bias_of_map), map.data_ptr<float>(), executor);
  transposed(c.problem, data(c.map), transformed(c, WeightUse::kTransposed, executor).data(),
             data(c.bias_of_image), image.data_ptr<float>(), executor);
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

TEST(Winograd, AgreesWithDirectConvolutionForRandomShapes) {
  for (int index = 0; index < 160; ++index) {
    Stream stream(1, "ops.winograd", index);
    const Case c = make_case(random_problem(stream, index), stream);
    const auto expected = direct(c, at::kDouble);
    const auto found = engine(c, {run_serial, 1});
    const double bound = c.problem.tile == 2 ? 2e-6 : 3e-5;
    for (int i = 0; i < 3; ++i) {
      EXPECT_LT(error(found.at(i), expected.at(i)), bound) << text(c.problem) << " operator " << i;
    }
  }
}

TEST(Winograd, BitsDoNotDependOnThreads) {
  for (int index = 0; index < 24; ++index) {
    Stream stream(2, "ops.winograd", index);
    const Case c = make_case(random_problem(stream, index), stream);
    const auto one = engine(c, {run_serial, 1});
    for (const int threads : {2, 4, 64}) {
      const auto many = engine(c, {run_backwards, threads});
      for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(at::equal(one.at(i), many.at(i))) << text(c.problem) << " operator " << i;
      }
    }
  }
}

}  // namespace
}  // namespace ganymede::ops::winograd
