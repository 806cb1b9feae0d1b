#include "ganymede/nn/rect_conv.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace ganymede::nn {
namespace {

at::Tensor drawn(at::IntArrayRef shape, uint64_t seed) {
  return Stream(seed, "rect").normal(shape);
}

// Output and gradients of a module beside those of `expected` (of input, weight, bias).
template <typename Expected>
void expect_same(Module& module, const at::Tensor& values, const Expected& expected) {
  module.initialize(1, "test");
  at::Tensor weight, bias;
  module.each_parameter([&](const std::string& path, at::Tensor& parameter) {
    parameter.requires_grad_(true);
    (path == "weight" ? weight : bias) = parameter;
  });
  const at::Tensor input = values.clone().requires_grad_(true);
  const at::Tensor wanted = expected(input, weight, bias);
  const at::Tensor found = module(input);
  ASSERT_EQ(found.sizes(), wanted.sizes());
  EXPECT_TRUE(at::allclose(found, wanted, 1e-4, 1e-5));
  const at::Tensor upstream = drawn(wanted.sizes(), 7);
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& output : {wanted, found}) {
    (output * upstream).sum().backward();
    for (const at::Tensor& tensor : {input, weight, bias}) {
      gradients.push_back(tensor.grad().clone());
      tensor.mutable_grad().reset();
    }
  }
  for (size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(at::allclose(gradients[i], gradients[i + 3], 1e-3, 1e-4)) << i;
}

TEST(RectConv, IsTheConvolutionWhateverTheWidth) {
  struct Shape {
    std::array<int64_t, 2> kernel, stride;
    int64_t height, width;
  };
  for (const Shape& s : {Shape{{2, 9}, {2, 1}, 8, 9}, Shape{{4, 1}, {2, 1}, 9, 1},
                         Shape{{2, 3}, {1, 2}, 6, 9}, Shape{{1, 9}, {1, 1}, 5, 9}}) {
    RectConv module(3, 4, {.kernel = s.kernel, .stride = s.stride});
    expect_same(module, drawn({2, 3, s.height, s.width}, 3),
                [&](const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
                  return at::conv2d(x, w, b, s.stride);
                });
  }
}

TEST(RectConv, ConstantPlanesNeedNotBeMade) {
  RectConv module(5, 4, {.kernel = {2, 9}, .stride = {2, 1}});
  module.initialize(1, "test");
  const at::Tensor x = drawn({2, 3, 8, 9}, 3), values = drawn({2, 2}, 4);
  const at::Tensor planes = values.unsqueeze(2).unsqueeze(3).expand({2, 2, 8, 9});
  EXPECT_TRUE(
      at::allclose(module.forward(x, values), module.forward(at::cat({x, planes}, 1)), 1e-4, 1e-5));
  RectConv plain(3, 4, {.kernel = {2, 9}, .stride = {2, 1}});
  plain.initialize(1, "test");
  EXPECT_TRUE(at::equal(plain.forward(x, at::empty({2, 0})), plain.forward(x)));
}

TEST(RectConvTranspose, IsTheTransposedConvolution) {
  struct Shape {
    std::array<int64_t, 2> kernel, stride;
    int64_t height, width;
  };
  for (const Shape& s : {Shape{{2, 1}, {2, 1}, 5, 1}, Shape{{1, 9}, {1, 1}, 5, 1},
                         Shape{{3, 2}, {2, 1}, 4, 1}, Shape{{2, 2}, {2, 2}, 4, 3}}) {
    RectConvTranspose module(3, 4, {.kernel = s.kernel, .stride = s.stride});
    expect_same(module, drawn({2, 3, s.height, s.width}, 3),
                [&](const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
                  return at::conv_transpose2d(x, w, b, s.stride);
                });
  }
}

}  // namespace
}  // namespace ganymede::nn
