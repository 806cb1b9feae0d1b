#include "ganymede/nn/networks.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"

namespace ganymede::nn {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

class PyramidSize : public testing::TestWithParam<int64_t> {};

TEST_P(PyramidSize, MakesImagesAndJudgesThem) {
  const ImageShape image{3, GetParam(), GetParam()};
  const auto up = conv_pyramid_up(10, 2, image);
  const auto down = conv_pyramid_down(image, 2);
  up->initialize(1, "up");
  down->initialize(1, "down");
  const ForwardScope scope(Mode::kTrain, nullptr);
  const at::Tensor fakes = up->forward(Stream(1, "z").normal({2, 10}));
  EXPECT_EQ(fakes.sizes(), (std::vector<int64_t>{2, 3, GetParam(), GetParam()}));
  EXPECT_LE(fakes.abs().max().item<float>(), 1);
  EXPECT_EQ(down->forward(fakes).sizes(), (std::vector<int64_t>{2, 1}));
}

INSTANTIATE_TEST_SUITE_P(All, PyramidSize, testing::ValuesIn(pyramid_sizes()));

class ResidualSize : public testing::TestWithParam<int64_t> {};

TEST_P(ResidualSize, MakesImagesAndJudgesThem) {
  const ImageShape image{1, GetParam(), GetParam()};
  const auto up = residual_up(10, 2, image);
  const auto down = residual_down(image, 2, {.sum_pool = true});
  up->initialize(1, "up");
  down->initialize(1, "down");
  const ForwardScope scope(Mode::kTrain, nullptr);
  const at::Tensor fakes = up->forward(Stream(1, "z").normal({2, 10}));
  EXPECT_EQ(fakes.sizes(), (std::vector<int64_t>{2, 1, GetParam(), GetParam()}));
  EXPECT_EQ(down->forward(fakes).sizes(), (std::vector<int64_t>{2, 1}));
}

INSTANTIATE_TEST_SUITE_P(All, ResidualSize, testing::ValuesIn(residual_sizes()));

// The counts that pytorch/examples/dcgan prints for nz 100, ngf = ndf = 64, nc 3.
TEST(Networks, Dcgan64HasThePublishedParameterCounts) {
  EXPECT_EQ(conv_pyramid_up(100, 64, {3, 64, 64})->parameter_count(), 3'576'704);
  EXPECT_EQ(conv_pyramid_down({3, 64, 64}, 64)->parameter_count(), 2'765'568);
}

// The PyTorch C++ tutorial's nets, layer by layer.
TEST(Networks, Dcgan28IsTheTutorials) {
  const auto up = conv_pyramid_up(100, 64, {1, 28, 28});
  EXPECT_EQ(up->parameter_count(),
            100 * 256 * 16 + 2 * 256 + 256 * 128 * 9 + 2 * 128 + 128 * 64 * 16 + 2 * 64 + 64 * 16);
  const auto down = conv_pyramid_down({1, 28, 28}, 64);
  EXPECT_EQ(down->parameter_count(),
            64 * 16 + 64 * 128 * 16 + 2 * 128 + 128 * 256 * 16 + 2 * 256 + 256 * 9);
}

// WGAN-GP's CIFAR-10 generator and critic of width 128 (counted by hand from its blocks).
TEST(Networks, Residual32HasWganGpsLayers) {
  const int64_t conv3 = 128 * 128 * 9 + 128;
  const int64_t conv1 = 128 * 128 + 128;
  EXPECT_EQ(residual_up(128, 128, {3, 32, 32})->parameter_count(),
            (128 * 2048 + 2048) + 3 * (2 * 256 + 2 * conv3 + conv1) + 256 + 128 * 3 * 9 + 3);
  EXPECT_EQ(
      residual_down({3, 32, 32}, 128)->parameter_count(),
      (3 * 128 * 9 + 128 + conv3 + 3 * 128 + 128) + (2 * conv3 + conv1) + 2 * 2 * conv3 + 128 + 1);
}

TEST(Networks, NormOptionsAreObeyed) {
  const auto count_buffers = [](const ModulePtr& module) {
    int count = 0;
    module->each_buffer([&](const std::string&, at::Tensor&) { ++count; });
    return count;
  };
  EXPECT_EQ(count_buffers(conv_pyramid_down({1, 32, 32}, 4)), 4);
  EXPECT_EQ(count_buffers(conv_pyramid_down({1, 32, 32}, 4, {.norm = Norm::kNone})), 0);
  EXPECT_EQ(count_buffers(conv_pyramid_down({1, 32, 32}, 4, {.norm = Norm::kLayer})), 0);
  EXPECT_GT(conv_pyramid_down({1, 32, 32}, 4, {.norm = Norm::kLayer})->parameter_count(),
            conv_pyramid_down({1, 32, 32}, 4, {.norm = Norm::kNone})->parameter_count());
}

TEST(Networks, ImpossibleSizesSayWhatIsAllowed) {
  const auto message = message_of([] { conv_pyramid_up(10, 4, {1, 30, 30}); });
  EXPECT_NE(message.find("30 x 30 px"), std::string::npos) << message;
  EXPECT_NE(message.find("8, 16, 28, 32, 64, 128, 256"), std::string::npos) << message;
  EXPECT_NE(message_of([] { conv_pyramid_down({1, 32, 64}, 4); }).find("32 x 64"),
            std::string::npos);
  EXPECT_NE(message_of([] { residual_up(8, 4, {1, 28, 28}); }).find("28 x 28"), std::string::npos);
  EXPECT_NE(message_of([] { residual_down({1, 4, 4}, 4); }).find("4 x 4"), std::string::npos);
}

TEST(ImageShape, RefusesOtherSamples) {
  const SampleSpec points{.domain = "points", .shape = {2}};
  const auto message = message_of([&] { ImageShape::of(points); });
  EXPECT_NE(message.find("points samples of shape [2]"), std::string::npos) << message;
  const SampleSpec odd{.domain = "image", .shape = {3, 20, 20}};
  EXPECT_NE(message_of([&] { ImageShape::of(odd, pyramid_sizes()); }).find("20 x 20"),
            std::string::npos);
  const SampleSpec oblong{.domain = "image", .shape = {3, 20, 30}};
  EXPECT_NE(message_of([&] { ImageShape::of(oblong); }).find("20 x 30"), std::string::npos);
  const ImageShape any = ImageShape::of(odd);
  EXPECT_EQ(any.channels, 3);
  EXPECT_EQ(any.height, 20);
}

}  // namespace
}  // namespace ganymede::nn
