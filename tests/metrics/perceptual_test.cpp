#include "ganymede/metrics/perceptual.h"

#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "tests/golden/formula_weights.h"
#include "tests/golden/summary.h"

namespace ganymede::metrics {
namespace {

const nlohmann::json& table() {
  static const nlohmann::json json = golden::load("perceptual.json");
  return json;
}

nn::TensorMap vgg_tensors(const std::string& plan) {
  nn::TensorMap tensors;
  for (const auto& [name, shape] : table()[plan]["tensors"].items()) {
    tensors[name] = golden::formula_weights(name, shape.get<std::vector<int64_t>>());
  }
  return tensors;
}

nn::TensorMap make_lpips_tensors() {
  nn::TensorMap tensors = vgg_tensors("vgg16");
  const int64_t widths[] = {64, 128, 256, 512, 512};
  for (size_t k = 0; k < 5; ++k) {
    const std::string name = "lin" + std::to_string(k) + ".model.1.weight";
    tensors[name] = golden::formula_weights(name, {1, widths[k], 1, 1});
  }
  return tensors;
}

const nn::TensorMap& lpips_tensors() {
  static const nn::TensorMap tensors = make_lpips_tensors();
  return tensors;
}

class VggTest : public ::testing::TestWithParam<std::string> {};

TEST_P(VggTest, EqualsPytorch) {
  const nn::TensorMap tensors = vgg_tensors(GetParam());
  const auto& golden = table()[GetParam()];
  WeightReader reader(tensors, "formula");
  const Vgg vgg(reader, Vgg::is_vgg19(tensors), false);
  reader.finish("VGG");
  EXPECT_EQ(vgg.vgg19(), GetParam() == "vgg19");
  const auto maps = vgg.blocks(golden::formula_images(1, 40, 48));
  ASSERT_EQ(maps.size(), 5U);
  for (size_t k = 0; k < maps.size(); ++k) {
    EXPECT_EQ(maps[k].sizes().vec(), golden["shapes"][k].get<std::vector<int64_t>>());
    const double norm = golden["norms"][k];
    EXPECT_NEAR(maps[k].norm().item<double>(), norm, 1e-5 * norm) << "block " << k;
  }
  const auto last = golden["last"].get<std::vector<double>>();
  const at::Tensor found = maps.back().flatten();
  const double scale = found.abs().max().item<double>();
  for (size_t i = 0; i < last.size(); ++i) {
    EXPECT_NEAR(found[static_cast<int64_t>(i)].item<double>(), last[i], 1e-4 * scale);
  }
}

INSTANTIATE_TEST_SUITE_P(Plans, VggTest, ::testing::Values("vgg16", "vgg19"),
                         [](const auto& info) { return info.param; });

void expect_distances(const at::Tensor& found, const nlohmann::json& golden, double tolerance) {
  const auto wanted = golden.get<std::vector<double>>();
  ASSERT_EQ(found.sizes(), at::IntArrayRef({static_cast<int64_t>(wanted.size())}));
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(found[static_cast<int64_t>(i)].item<double>(), wanted[i], tolerance * wanted[i]);
  }
}

TEST(Lpips, EqualsPytorch) {
  const at::Tensor a = golden::formula_images(3, 40, 48);
  const at::Tensor b = golden::formula_images(3, 40, 48, 0.4);
  const Lpips single(lpips_tensors(), "formula");
  expect_distances(single.distance(a, b), table()["lpips"], 1e-4);
  expect_distances(single.distance(a.slice(1, 0, 1), b.slice(1, 0, 1)), table()["lpips_grey"],
                   1e-4);
  const Lpips wide(lpips_tensors(), "formula", at::kDouble);
  expect_distances(wide.distance(a, b), table()["lpips"], 1e-10);
}

TEST(Lpips, IsZeroForEqualImagesAndSymmetric) {
  const Lpips lpips(lpips_tensors(), "formula");
  const at::Tensor a = golden::formula_images(2, 16, 20);
  const at::Tensor b = golden::formula_images(2, 16, 20, 1.0);
  EXPECT_EQ(lpips.distance(a, a).abs().max().item<double>(), 0);
  EXPECT_TRUE(lpips.distance(a, b).allclose(lpips.distance(b, a)));
  EXPECT_GT(lpips.distance(a, b).min().item<double>(), 0.01);
}

TEST(Lpips, RefusesOtherShapesAndWeights) {
  const Lpips lpips(lpips_tensors(), "formula");
  const at::Tensor image = golden::formula_images(1, 16, 16);
  EXPECT_THROW(lpips.distance(image, golden::formula_images(1, 16, 17)), UsageError);
  EXPECT_THROW(lpips.distance(image.slice(2, 0, 15), image.slice(2, 0, 15)), UsageError);
  nn::TensorMap tensors = lpips_tensors();
  tensors.erase("lin3.model.1.weight");
  EXPECT_THROW(Lpips(tensors, "formula"), ModelError);
  EXPECT_THROW(Lpips({{"features.0.weight", image}}, "formula"), ModelError);
}

}  // namespace
}  // namespace ganymede::metrics
