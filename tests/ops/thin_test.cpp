// Convolutions of images with few channels, against LibTorch's direct ones in float64.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <array>
#include <string>

#include "ganymede/core/random.h"
#include "ganymede/ops/thin/convolution.h"

namespace ganymede::ops::thin {
namespace {

struct Case {
  Problem problem;
  at::Tensor image, weight, map, bias_of_map, bias_of_image;
};

Case make_case(int index) {
  Stream stream(1, "ops.thin", index);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(stream.below(static_cast<uint64_t>(high - low + 1)));
  };
  Problem p{.batch = pick(1, 3), .channels = pick(1, 5), .filters = pick(1, 40)};
  p.kernel = pick(1, 9);
  p.stride = pick(1, 3);
  p.padding = pick(0, p.kernel - 1);
  const int64_t most = index % 8 == 0 ? 70 : 20;  // the large ones have several strips
  p.height = pick(p.kernel, p.kernel + most);
  p.width = pick(p.kernel, p.kernel + most);
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

void run_serial(int64_t count, Executor::Body body, void* context) { body(context, 0, count); }

// In single pieces, the last one first.
void run_backwards(int64_t count, Executor::Body body, void* context) {
  for (int64_t i = count; i > 0; --i) body(context, i - 1, i);
}

std::string text(const Problem& p) {
  std::string all;
  for (const int64_t size :
       {p.batch, p.channels, p.filters, p.height, p.width, p.kernel, p.stride, p.padding}) {
    all += std::to_string(size) + " ";
  }
  return all;
}

// Every vector target that this machine has, the scalar one included.
class ThinTarget : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    if ((hwy::SupportedTargets() & GetParam()) == 0) GTEST_SKIP() << "not on this machine";
    hwy::SetSupportedTargetsForTest(GetParam());
  }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

#if HWY_ARCH_X86
const auto vectors = ::testing::Values(HWY_AVX3, HWY_AVX2, HWY_SCALAR);
#else
const auto vectors = ::testing::Values(HWY_NEON, HWY_SCALAR);
#endif
INSTANTIATE_TEST_SUITE_P(All, ThinTarget, vectors,
                         [](const auto& target) { return hwy::TargetName(target.param); });

TEST_P(ThinTarget, AgreesWithDirectConvolutionForRandomShapes) {
  for (int index = 0; index < 120; ++index) {
    const Case c = make_case(index);
    const auto expected = direct(c), found = ours(c, {run_serial, 1});
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
    const auto one = ours(c, {run_serial, 1}), many = ours(c, {run_backwards, 64});
    for (size_t i = 0; i < one.size(); ++i) {
      EXPECT_TRUE(at::equal(one.at(i), many.at(i))) << text(c.problem) << "part " << i;
    }
  }
}

}  // namespace
}  // namespace ganymede::ops::thin
