// MidiNet against an independent PyTorch script (tests/golden/music.py): networks, losses,
// gradients, five steps of Adam in the published order, tunes bar by bar.
#include <map>

#include "../golden/gans_golden.h"
#include "ganymede/core/error.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/ops/multi_tensor.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kPitches = 128;
constexpr int64_t kChord = 13;

const json& music_case(const std::string& name) {
  static const json all =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/music.json"));
  return *std::find_if(all["cases"].begin(), all["cases"].end(),
                       [&](const json& golden) { return golden["name"] == name; });
}

SampleSpec bars_spec(const json& golden) {
  const int64_t bars = golden["bars"], steps = golden["steps_in_bar"];
  SampleSpec spec{.domain = "music", .shape = {bars, (steps + 1) * kPitches}};
  spec.given = {{.domain = "chords", .shape = {bars, kChord}}};
  return spec;
}

Batch batch_at(const json& golden, size_t index) {
  const json& batch = golden["batches"][index];
  const SampleSpec spec = bars_spec(golden);
  const auto rows = static_cast<int64_t>(batch["pitches"].size());
  const int64_t bars = golden["bars"], steps = golden["steps_in_bar"];
  Batch made{.samples = at::zeros({rows, bars, steps + 1, kPitches}), .labels = {}};
  made.given = at::zeros({rows, bars, kChord});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t b = 0; b < bars; ++b) {
      const json& chord = batch["chords"][static_cast<size_t>(r)][static_cast<size_t>(b)];
      made.given[r][b][chord[0].get<int64_t>()] = 1;
      made.given[r][b][kChord - 1] = chord[1].get<int64_t>();
      for (int64_t s = 0; s < steps; ++s) {
        const json& bar = batch["pitches"][static_cast<size_t>(r)][static_cast<size_t>(b)];
        made.samples[r][b][s][bar[static_cast<size_t>(s)].get<int64_t>()] = 1;
      }
      made.samples[r][b][steps].narrow(0, 0, kChord).copy_(made.given[r][b]);
    }
  }
  made.samples = made.samples.flatten(2);
  return made;
}

std::unique_ptr<gans::Gan> make_music_gan(const json& golden) {
  const auto builder = gans::registry().find("midinet").builder();
  config::Recipe recipe;
  for (const auto& [key, literal] : golden["config"].items())
    recipe.set("gan." + key + "=" + literal.get<std::string>());
  recipe.bind(builder->section());
  auto gan = builder->build(bars_spec(golden));
  gan->initialize(0);
  for (const auto& network : gan->networks()) fill_weights(*network->module);
  gan->reset_averages();
  return gan;
}

class GoldenMusic : public ::testing::TestWithParam<const char*> {
 protected:
  const json& golden_ = music_case(GetParam());
  std::unique_ptr<gans::Gan> gan_ = make_music_gan(golden_);
};

TEST_P(GoldenMusic, NetworksHavePyTorchsParameters) {
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(GoldenMusic, MakesTheSameTunesBarByBar) {
  const Batch batch = batch_at(golden_, 0);
  const gans::Request request{.seeds = {},
                              .z = by_formula({batch.size(), gan_->latent().dim},
                                              [](double i) { return std::sin(1.3 * i); }),
                              .given = batch.given};
  const at::Tensor tunes = gans::sample(*gan_, request);
  const int64_t melody = golden_["steps_in_bar"].get<int64_t>() * kPitches;
  expect_digest(tunes.narrow(2, 0, melody), golden_["generated"], 1e-5, 1e-3, "tunes");
  const at::Tensor chords = tunes.narrow(2, melody, kChord);
  const bool sees = golden_["config"]["chords"] == "true";
  EXPECT_TRUE(at::equal(chords, sees ? batch.given : at::zeros_like(chords)));
}

TEST_P(GoldenMusic, JudgesTheSame) {
  const at::NoGradGuard no_grad;
  const at::Tensor scores = gan_->score(batch_at(golden_, 0).samples, {});
  for (int64_t i = 0; i < scores.size(0); ++i)
    EXPECT_NEAR(scores[i].item<double>(), golden_["scores"][static_cast<size_t>(i)].get<double>(),
                2e-5);
}

TEST_P(GoldenMusic, LossesAndGradientsOfEveryPhaseAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    EXPECT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], batch_at(golden_, 0), step, expected["terms"], 1e-5).backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        ASSERT_TRUE(parameter.grad().defined()) << path;
        expect_digest(parameter.grad(), expected["gradients"].at(path), 1e-4, 0.05,
                      phases[i].name + ", gradient of " + path);
        parameter.mutable_grad().reset();
      });
    }
  }
}

// Moments of one network's parameters.
struct Adam {
  std::vector<at::Tensor> parameters, first, second, counts;

  explicit Adam(nn::Module& module) {
    module.each_parameter([&](const std::string&, at::Tensor& parameter) {
      parameters.push_back(parameter);
      first.push_back(at::zeros_like(parameter.detach()));
      second.push_back(at::zeros_like(parameter.detach()));
      counts.push_back(at::zeros({}));
    });
  }
  void step() {
    std::vector<at::Tensor> values, gradients;
    for (at::Tensor& parameter : parameters) {
      values.push_back(parameter.detach());
      gradients.push_back(parameter.grad());
    }
    for (at::Tensor& count : counts) count += 1;
    ops::adam_step(values, gradients, first, second, counts,
                   {.rate = 2e-4, .beta1 = 0.5, .beta2 = 0.999});
    for (at::Tensor& parameter : parameters) parameter.mutable_grad().reset();
  }
};

TEST_P(GoldenMusic, FiveStepsEndInTheSameWeights) {
  std::map<std::string, Adam> optimizers;  // by player: both steps of G share theirs
  for (const gans::Phase& phase : gan_->phases())
    optimizers.emplace(phase.optimizer(), Adam(*phase.networks.front()->module));
  EXPECT_EQ(optimizers.size(), 2U);
  size_t at = 0;
  for (int64_t index = 0; index < 5; ++index) {
    gans::Step step(*gan_, golden_["seed"], index, at::kCPU);
    for (const gans::Phase& phase : gan_->phases()) {
      step.begin_phase(phase, 0);
      checked_loss(*gan_, phase, batch_at(golden_, static_cast<size_t>(index)), step,
                   golden_["steps"][at++], 1e-4)
          .backward();
      optimizers.at(phase.optimizer()).step();
    }
  }
  for (const auto& network : gan_->networks()) {
    const json& final = golden_["final"][network->name];
    network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
      if (final.contains(path)) expect_digest(parameter, final[path], 1e-4, 0.1, path);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, GoldenMusic, ::testing::Values("stable", "creative", "plain"),
                         [](const auto& info) { return std::string(info.param); });

TEST(GoldenMusicAlone, OtherSamplesAreRefused) {
  const auto build = [](const SampleSpec& spec) {
    return gans::registry().find("midinet").builder()->build(spec);
  };
  SampleSpec spec = bars_spec(music_case("stable"));
  EXPECT_NO_THROW(build(spec));
  SampleSpec silent = spec;
  silent.given = {};
  EXPECT_THROW(build(silent), UsageError);  // without chords
  spec.shape[1] = 10 * kPitches;            // nine steps
  EXPECT_THROW(build(spec), UsageError);
  EXPECT_THROW(build({.domain = "image", .shape = {1, 28, 28}}), UsageError);
}

}  // namespace
}  // namespace ganymede::golden
