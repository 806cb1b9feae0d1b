// Convolutions of images with few channels, against LibTorch's direct ones in float64.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "ganymede/ops/thin/convolution.h"
#include "kernel_testing.h"

namespace ganymede::ops::thin {
namespace {

struct Case {
  Problem problem;
  at::Tensor image, weight, map, bias_of_map, bias_of_image;
};

Case make_case(int index) {
  Stream stream(1, "ops.thin", index);
  Problem p{
      .batch = pick(stream, 1, 3), .channels = pick(stream, 1, 5), .filters = pick(stream, 1, 40)};
  p.kernel = pick(stream, 1, 9);
  p.stride = pick(stream, 1, 3);
  p.padding = pick(stream, 0, p.kernel - 1);
  const int64_t most = index % 8 == 0 ? 70 : 20;  // the large ones have several strips
  p.height = pick(stream, p.kernel, p.kernel + most);
  p.width = pick(stream, p.kernel, p.kernel + most);
  return {.problem = p,
          .image = stream.normal({p.batch, p.channels, p.height, p.width}),
          .weight = stream.normal({p.filters, p.channels, p.kernel, p.kernel}),
          .map = stream.normal({p.batch, p.filters, p.map_height(), p.map_width()}),
          .bias_of_map = stream.normal({p.filters}),
          .bias_of_image = stream.normal({p.channels})};
}

std::array<at::Tensor, 3> direct(const Case& c) {
  const int64_t stride = c.problem.stride, padding = c.problem.padding;
  const at::Tensor image = c.image.to(at::kDouble), weight = c.weight.to(at::kDouble);
  const auto gradients =
      at::convolution_backward(c.map.to(at::kDouble), image, weight, c10::nullopt, {stride, stride},
                               {padding, padding}, {1, 1}, false, {0, 0}, 1, {true, true, false});
  return {at::conv2d(image, weight, c.bias_of_map.to(at::kDouble), stride, padding),
          std::get<0>(gradients) + c.bias_of_image.to(at::kDouble).view({1, -1, 1, 1}),
          std::get<1>(gradients)};
}

std::array<at::Tensor, 3> ours(const Case& c, const Executor& executor) {
  const auto data = [](const at::Tensor& t) { return t.const_data_ptr<float>(); };
  at::Tensor map = at::empty_like(c.map), image = at::empty_like(c.image);
  at::Tensor weight = at::empty_like(c.weight);
  forward(c.problem, data(c.image), data(c.weight), data(c.bias_of_map), map.data_ptr<float>(),
          executor);
  transposed(c.problem, data(c.map), data(c.weight), data(c.bias_of_image), image.data_ptr<float>(),
             executor);
  weight_gradient(c.problem, data(c.image), data(c.map), weight.data_ptr<float>(), executor);
  return {map, image, weight};
}

std::string text(const Problem& p) {
  std::string all;
  for (const int64_t size :
       {p.batch, p.channels, p.filters, p.height, p.width, p.kernel, p.stride, p.padding}) {
    all += std::to_string(size) + " ";
  }
  return all;
}

class ThinTarget : public VectorTarget {};
INSTANTIATE_TEST_SUITE_P(All, ThinTarget, vector_targets(), VectorTarget::name);

TEST_P(ThinTarget, AgreesWithDirectConvolutionForRandomShapes) {
  for (int index = 0; index < 120; ++index) {
    const Case c = make_case(index);
    const auto expected = direct(c), found = ours(c, inline_executor());
    for (size_t i = 0; i < found.size(); ++i) {
      const double scale = expected.at(i).abs().max().item<double>();
      const at::Tensor off = found.at(i).to(at::kDouble) - expected.at(i);
      EXPECT_LT(off.abs().max().item<double>(), 3e-6 * scale) << text(c.problem) << "part " << i;
    }
  }
}

TEST(Thin, BitsDoNotDependOnThreads) {
  for (int index = 0; index < 40; ++index) {
    const Case c = make_case(index);
    const auto one = ours(c, inline_executor()), many = ours(c, {run_backwards, 64});
    for (size_t i = 0; i < one.size(); ++i) {
      EXPECT_TRUE(at::equal(one.at(i), many.at(i))) << text(c.problem) << "part " << i;
    }
  }
}

}  // namespace
}  // namespace ganymede::ops::thin
