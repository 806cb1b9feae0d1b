// Arithmetic, directions and projection in latent space, against what is known in closed form.
#include "ganymede/infer/latent.h"

#include <ATen/ATen.h>

#include <cmath>

#include "../core/fixture.h"
#include "ganymede/core/error.h"
#include "ganymede/infer/directions.h"
#include "ganymede/infer/labelled_samples.h"
#include "ganymede/infer/projection.h"
#include "made_models.h"

namespace ganymede::infer {
namespace {

class Latents : public ::testing::Test {
 protected:
  Latents() { write(make(kinds()[2]), folder_.path() / "dcgan"); }
  // With weights so large that samples differ as those of a trained gan do.
  Model lively() const {
    Made made = make(kinds()[1]);
    for (auto& [network, tensors] : made.gan->state()) {
      for (auto& [path, tensor] : tensors) {
        if (network.starts_with("generator")) at::Tensor(tensor).mul_(3);
      }
    }
    write(made, folder_.path() / "lively");
    return Model::load(folder_.path() / "lively");
  }
  Model model() const { return Model::load(folder_.path() / "dcgan"); }
  TempFolder folder_;
};

double cosine(const at::Tensor& a, const at::Tensor& b) {
  return (a.dot(b) / (a.norm() * b.norm())).item<double>();
}

TEST_F(Latents, CodesOfSeedsGiveTheSamplesOfSeeds) {
  const Model dcgan = model();
  EXPECT_TRUE(at::equal(samples_at(dcgan, latents_of(dcgan, {3, 9})), dcgan.sample({3, 9})));
  EXPECT_THROW(samples_at(dcgan, at::zeros({1, 7})), UsageError);
  EXPECT_THROW(samples_at(dcgan, latents_of(dcgan, {3}), 1), UsageError);
}

TEST_F(Latents, ArithmeticIsThatOfMeans) {
  const Model dcgan = model();
  const at::Tensor a = latents_of(dcgan, {1, 2}), b = latents_of(dcgan, {3}),
                   c = latents_of(dcgan, {4, 5, 6});
  const at::Tensor wanted = (a[0] + a[1]) / 2 - b[0] + (c[0] + c[1] + c[2]) / 3;
  EXPECT_LT((latent_arithmetic(dcgan, a, b, c)[0] - wanted).abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(at::equal(latent_arithmetic(dcgan, b, {}, {}), b));
  EXPECT_TRUE(at::allclose(latent_arithmetic(dcgan, b, b, a.narrow(0, 0, 1)), a.narrow(0, 0, 1)));
}

TEST(LatentRange, UniformCodesStayInTheirRange) {
  const gans::Latent uniform{.dim = 2, .kind = gans::Latent::Kind::kUniform, .low = -1, .high = 1};
  const at::Tensor z = at::tensor({-3.0F, 0.5F});
  EXPECT_TRUE(at::equal(within_range(uniform, z), at::tensor({-1.0F, 0.5F})));
  EXPECT_TRUE(at::equal(within_range({.dim = 2}, z), z));
  EXPECT_NEAR(latent_deviation(uniform), 0.57735, 1e-5);
}

TEST_F(Latents, CodesGoToAFileAndBack) {
  const Model dcgan = model();
  const auto file = folder_.path() / "z.npz";
  const at::Tensor z = latents_of(dcgan, {1, 2, 3});
  save_latents(file, z);
  EXPECT_TRUE(at::equal(load_latents(file, dcgan), z));
  save_latents(file, at::zeros({2, 7}));
  EXPECT_THROW(load_latents(file, dcgan), UsageError);
  save_latents(file, z * NAN);
  EXPECT_THROW(load_latents(file, dcgan), UsageError);
  EXPECT_THROW(load_directions(file, dcgan), UsageError);
}

// The response stretches three known directions by 5, 3 and 1.
TEST(Directions, PrincipalOnesAreThoseThatMoveTheResponseMost) {
  Stream random(1, "test");
  const at::Tensor z = random.normal({4000, 8});
  const at::Tensor basis = std::get<0>(at::linalg_qr(random.normal({8, 8})));
  const at::Tensor response = at::matmul(z, basis.narrow(1, 0, 3) * at::tensor({5.0F, 3.0F, 1.0F}));
  const auto found = principal_directions(z, response, 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_GT(std::abs(cosine(found[0].vector, basis.select(1, 0))), 0.99);
  EXPECT_GT(std::abs(cosine(found[1].vector, basis.select(1, 1))), 0.99);
  EXPECT_NEAR(found[0].score, 25.0 / 35, 0.03);
  EXPECT_NEAR(found[1].score, 9.0 / 35, 0.03);
  EXPECT_NEAR(found[0].vector.norm().item<double>(), 1, 1e-5);
  EXPECT_THROW(principal_directions(z, response, 9), UsageError);
  EXPECT_THROW(principal_directions(z, response, 0), UsageError);
}

TEST(Directions, BoundariesOfClassesArePerpendicularToThem) {
  Stream random(1, "test");
  const at::Tensor z = random.normal({4000, 8});
  const at::Tensor normal = random.normal({8});
  const auto found = class_directions(z, at::matmul(z, normal).gt(0).to(at::kLong), 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].name, "class 1");
  EXPECT_GT(cosine(found[1].vector, normal), 0.98);
  EXPECT_LT(cosine(found[0].vector, normal), -0.98);
  EXPECT_GT(found[0].score, 0.95);
  // Labels by chance have no boundary.
  const auto chance = class_directions(z, random.integers({4000}, 0, 2), 2);
  EXPECT_NEAR(chance[0].score, 0.5, 0.05);
  EXPECT_THROW(class_directions(z, at::zeros({4000}, at::kLong), 2), UsageError);
}

TEST_F(Latents, WalksPassThroughTheirSeed) {
  const Model dcgan = model();
  const auto directions = axes(dcgan, {0, 5});
  const at::Tensor walk = traverse(dcgan, {7, 8}, directions, 2.0, 5);
  ASSERT_EQ(walk.size(0), 2 * 2 * 5);
  const at::Tensor z = latents_of(dcgan, {7, 8});
  EXPECT_TRUE(at::equal(walk[2], z[0]));
  EXPECT_TRUE(at::equal(walk[12], z[1]));
  EXPECT_NEAR((walk[9][5] - z[0][5]).item<double>(), 2.0, 1e-6);
  EXPECT_NEAR((walk[5][5] - z[0][5]).item<double>(), -2.0, 1e-6);
  EXPECT_EQ((walk[9][0] - z[0][0]).item<double>(), 0);
  EXPECT_THROW(traverse(dcgan, {7}, directions, 2.0, 1), UsageError);
  EXPECT_THROW(axes(dcgan, {100}), UsageError);
  const auto file = folder_.path() / "directions.npz";
  save_directions(file, directions);
  const auto read = load_directions(file, dcgan);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[1].name, "z 5");
  EXPECT_TRUE(at::equal(read[1].vector, directions[1].vector));
}

TEST_F(Latents, ProjectionFindsWhatTheGanCanMake) {
  const Model gan = lively();
  const auto before = gan.gan().state().at("generator_ema").begin()->second.clone();
  const at::Tensor target = gan.sample({77})[0];
  const ProjectionOptions options{.steps = 60, .starts = 2, .candidates = 16, .shown = 3};
  const Projection found = project(gan, target, options);
  EXPECT_LT(found.mse, found.start_mse * 0.3);
  EXPECT_NEAR(found.psnr_db, 10 * std::log10(4 / found.mse), 1e-9);
  EXPECT_LT((samples_at(gan, found.z)[0] - found.sample).abs().max().item<double>(), 1e-4);
  EXPECT_NEAR((found.sample - target).square().mean().item<double>(), found.mse, 1e-6);
  ASSERT_EQ(found.way.size(), 3u);
  EXPECT_EQ(found.way[0].first, 0);
  EXPECT_EQ(found.way[1].first, 2);  // 60 / 27
  EXPECT_EQ(found.way[2].first, 18);
  EXPECT_TRUE(at::equal(found.z, project(gan, target, options).z)) << "a pure function";
  EXPECT_TRUE(at::equal(before, gan.gan().state().at("generator_ema").begin()->second));
  EXPECT_THROW(project(gan, at::zeros({1, 8, 8}), options), UsageError);
  EXPECT_THROW(project(gan, target, {.steps = 0}), UsageError);
}

TEST_F(Latents, AnotherDistanceCountsInTheLoss) {
  const Model gan = lively();
  const at::Tensor target = gan.sample({77})[0];
  ProjectionOptions options{.steps = 5, .starts = 1, .candidates = 8};
  options.perceptual = [](const at::Tensor& a, const at::Tensor& b) {
    return (a.mean({1, 2, 3}) - b.mean({1, 2, 3})).square();
  };
  const Projection found = project(gan, target, options);
  EXPECT_NEAR(found.perceptual_distance,
              (found.sample.mean() - target.mean()).square().item<double>(), 1e-6);
}

TEST_F(Latents, OneGanForEachClassMakesLabelledSamples) {
  write(make(kinds()[2], 5), folder_.path() / "other");
  const std::string first = "2=" + (folder_.path() / "dcgan").string();
  const std::string second = "0=" + (folder_.path() / "other").string();
  const auto models = load_class_models({first, second});
  const Batch made = labelled_samples(models, 5, 10);
  EXPECT_TRUE(at::equal(made.labels, at::tensor({2, 2, 2, 0, 0}, at::kLong)));
  EXPECT_TRUE(at::equal(made.samples.narrow(0, 0, 3), model().sample({10, 11, 12})));
  EXPECT_TRUE(at::equal(made.samples.narrow(0, 3, 2), models[1].model->sample({13, 14})));
  EXPECT_THROW(labelled_samples(models, 1, 0), UsageError);
  EXPECT_THROW(load_class_models({first, first}), UsageError);
  EXPECT_THROW(load_class_models({(folder_.path() / "dcgan").string()}), UsageError);
}

}  // namespace
}  // namespace ganymede::infer
