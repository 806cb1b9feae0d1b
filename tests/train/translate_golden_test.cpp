// pix2pix and cyclegan against an independent PyTorch script (tests/golden/translate.py): networks
// and their published sizes, what they make, losses, gradients, five steps in the published order;
// dropout and the image pool included.
#include <algorithm>
#include <set>

#include "../golden/gans_golden.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/nn/translation_networks.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

const json& translations() {
  static const json all =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/translate.json"));
  return all;
}

std::vector<std::string> translation_names() {
  std::vector<std::string> names;
  for (const json& golden : translations()["cases"]) names.push_back(golden["name"]);
  return names;
}

nn::ModulePtr published_network(const json& golden) {
  const std::vector<int64_t> channels = golden["channels"];
  if (golden["net"] == "unet")
    return nn::unet(channels[0], channels[1], {.depth = golden["depth"]});
  if (golden["net"] == "resnet") {
    return nn::resnet_translator(channels[0], channels[1], {.blocks = golden["blocks"]});
  }
  const bool instance = golden.value("norm", "batch") == "instance";
  return nn::patch_discriminator(
      channels[0], {.layers = golden.value("discriminator_layers", int64_t{3}),
                    .norm = instance ? nn::PictureNorm::kInstance : nn::PictureNorm::kBatch});
}

TEST(TranslationNetworks, HaveThePublishedNumbersOfParameters) {
  for (const json& golden : translations()["counts"]) {
    EXPECT_EQ(published_network(golden)->parameter_count(), golden["parameters"].get<int64_t>())
        << golden.dump();
  }
  // As the authors state them, in millions.
  EXPECT_NEAR(nn::unet(3, 3, {})->parameter_count() * 1e-6, 54.414, 5e-4);
  EXPECT_NEAR(nn::resnet_translator(3, 3, {})->parameter_count() * 1e-6, 11.378, 5e-4);
  EXPECT_NEAR(nn::patch_discriminator(6, {})->parameter_count() * 1e-6, 2.769, 5e-4);
  EXPECT_NEAR(
      nn::patch_discriminator(3, {.norm = nn::PictureNorm::kInstance})->parameter_count() * 1e-6,
      2.765, 5e-4);
}

class TranslateGolden : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = *std::ranges::find_if(
      translations()["cases"], [](const json& golden) { return golden["name"] == GetParam(); });
  std::unique_ptr<gans::Gan> gan_ = build();

  std::unique_ptr<gans::Gan> build() const {
    const auto builder = gans::registry().find(golden_["gan"]).builder();
    config::Recipe recipe;
    for (const auto& [key, literal] : golden_["config"].items()) {
      recipe.set("gan." + key + "=" + literal.get<std::string>());
    }
    recipe.bind(builder->section());
    SampleSpec spec{.domain = golden_["domain"], .shape = golden_["shape"]};
    spec.given = {{.domain = golden_["domain"], .shape = golden_["given"]}};
    auto gan = builder->build(spec);
    gan->initialize(0);
    for (const auto& network : gan->networks()) fill_weights(*network->module);
    gan->reset_averages();
    return gan;
  }

  Batch batch(int64_t key) const {
    Batch reals = real_batch(golden_, key);
    std::vector<int64_t> shape = golden_["given"];
    shape.insert(shape.begin(), reals.size());
    reals.given = by_formula(shape, [&](double i) {
      return 0.9 * std::cos(0.37 * i + 1.1 * static_cast<double>(key) + 0.5);
    });
    return reals;
  }
};

TEST_P(TranslateGolden, ParametersHavePyTorchsNamesAndShapes) {
  for (const auto& network : gan_->networks()) {
    if (network->role == gans::Role::kFrozen) continue;  // pools
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(TranslateGolden, TranslatesAndScoresTheSame) {
  const Batch reals = batch(0);
  for (const auto& [direction, expected] : golden_["generated"].items()) {
    gans::Request request;
    request.given = reals.given;
    request.direction = static_cast<size_t>(std::stoi(direction));
    for (int64_t row = 0; row < reals.size(); ++row) {
      request.seeds.push_back(static_cast<uint64_t>(row));
    }
    expect_digest(gans::sample(*gan_, request), expected, 1e-5, 1e-3, "direction " + direction);
  }
  if (!golden_.contains("scores")) return;
  const at::NoGradGuard no_grad;
  const at::Tensor scores = gan_->score(reals.samples, {});
  for (int64_t i = 0; i < reals.size(); ++i) {
    EXPECT_NEAR(scores[i].item<double>(), golden_["scores"][static_cast<size_t>(i)].get<double>(),
                2e-5);
  }
}

TEST_P(TranslateGolden, LossesAndGradientsOfEveryPhaseAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], batch(0), step, expected["terms"], 1e-5).backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        const std::string name = network->name + "/" + path;
        ASSERT_TRUE(parameter.grad().defined()) << name;
        expect_digest(parameter.grad(), expected["gradients"].at(name), 1e-4, 0.1, name);
      });
    }
  }
}

TEST_P(TranslateGolden, FiveStepsEndInTheSameState) {
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan_->phases()) {
    optimizers.emplace(phase.name, make_optimizer(golden_["optimizer"], phase));
  }
  size_t record = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan_, golden_["seed"], index, at::kCPU);
    for (const gans::Phase& phase : gan_->phases()) {
      step.begin_phase(phase, 0);
      checked_loss(*gan_, phase, batch(index + 1), step, golden_["steps"][record++], 1e-4)
          .backward();
      optimizers.at(phase.name).step(0);
      optimizers.at(phase.name).zero_grad();
    }
  }
  const std::set<std::string> loose = golden_["loose"];
  for (const auto& network : gan_->networks()) {
    for (const auto& [path, tensor] : network->module->state()) {
      const std::string name = network->name + "/" + path;
      if (loose.contains(name)) continue;
      expect_digest(tensor, golden_["final"].at(network->name).at(path), 5e-5, 0.05, name);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, TranslateGolden, ::testing::ValuesIn(translation_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
