// The probe's signals on gans whose samples and scores are known, and that looking changes nothing.
#include "ganymede/train/health_probe.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "ganymede/core/files.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/media/tensor_folder.h"
#include "ganymede/train/recorder.h"
#include "toys.h"

namespace ganymede::train {
namespace {

using Function = std::function<at::Tensor(const at::Tensor&)>;

// A gan whose samples and scores are functions: of z and of the samples.
class ScriptedGan final : public gans::Gan {
 public:
  ScriptedGan(const SampleSpec& spec, Function make, Function score)
      : Gan(spec), make_(std::move(make)), score_(std::move(score)) {}

  std::vector<gans::Phase> phases() const override { return {}; }
  gans::Terms loss(const gans::Phase&, const Batch&, gans::Step&) override { return {}; }
  gans::Latent latent() const override { return {.dim = spec().elements()}; }
  at::Tensor generate(const gans::Request& request) override {
    return make_(request.latents(latent()));
  }
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return score_ ? score_(samples) : at::Tensor();
  }

 private:
  Function make_, score_;
};

// Points on a line: sample i is at (i, i).
class LineData final : public data::Dataset {
 public:
  explicit LineData(int64_t size, float offset = 0) : size_(size), offset_(offset) {}
  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return size_; }
  void read(int64_t index, float* out) const override {
    out[0] = out[1] = static_cast<float>(index) + offset_;
  }
  int64_t label(int64_t) const override { return -1; }
  std::string kind() const override { return "line"; }
  std::string fingerprint() const override { return "line"; }

 private:
  SampleSpec spec_{.domain = "points", .shape = {2}, .classes = 0};
  int64_t size_;
  float offset_;
};

HealthSignals look(const Function& make, const Function& score,
                   const data::Dataset* holdout = nullptr) {
  const LineData data(64);
  ScriptedGan gan(data.spec(), make, score);
  return HealthProbe(gan, data, holdout, 0, at::kCPU).look();
}

const Function kLine = [](const at::Tensor& z) {
  return at::arange(z.size(0), at::kFloat).unsqueeze(1).repeat({1, 2});
};
const Function kPoint = [](const at::Tensor& z) { return at::full_like(z, 31.5); };
const Function kFirst = [](const at::Tensor& x) { return x.select(1, 0); };

TEST(HealthProbe, FakesLikeTheReals) {
  const HealthSignals signals = look(kLine, kFirst);
  EXPECT_NEAR(signals.spread, 1.0, 1e-6);
  EXPECT_NEAR(signals.separation, 0.5, 1e-12);
  EXPECT_EQ(signals.duplicates, 0);
  EXPECT_EQ(signals.missed, 0);
  // Between different samples n^2 of the pairs count once more in the mixed mean: E|x - y| over
  // all pairs is (n - 1) / n of that over different ones.
  EXPECT_NEAR(signals.distance, 1.0 - 64.0 / 63.0, 1e-6);
  EXPECT_NEAR(signals.score_real, 31.5, 1e-6);
  EXPECT_TRUE(signals.finite);
}

TEST(HealthProbe, AllFakesInOnePoint) {
  const HealthSignals signals = look(kPoint, kFirst);
  EXPECT_EQ(signals.spread, 0);
  EXPECT_EQ(signals.duplicates, 1);
  EXPECT_NEAR(signals.separation, 0.5, 1e-12);  // half of the reals lie above
  // Mean distances on the line in units of sqrt(2): 16 from the middle, 65/3 between reals.
  EXPECT_NEAR(signals.distance, (2 * 16 - 65.0 / 3) / (2 * 16), 1e-6);
}

TEST(HealthProbe, HalfOfTheRealsWithoutAFake) {
  const Function half = [](const at::Tensor& z) { return kLine(z) / 2; };
  // Fakes reach to 31.5; reals further than 4 spacings from it are missed: 36 to 63.
  EXPECT_NEAR(look(half, {}).missed, 28.0 / 64, 1e-12);
}

TEST(HealthProbe, ScoresOfHeldOutReals) {
  const LineData holdout(64, -100);
  const Function far = [](const at::Tensor& z) { return kLine(z) - 200; };
  const HealthSignals signals = look(far, kFirst, &holdout);
  EXPECT_EQ(signals.separation, 1);
  EXPECT_EQ(signals.memorised, 1);
  EXPECT_NEAR(signals.score_holdout, 31.5 - 100, 1e-4);
}

TEST(HealthProbe, WithoutScoresTheSamplesStillTell) {
  const HealthSignals signals = look(kPoint, {});
  EXPECT_TRUE(std::isnan(signals.separation));
  EXPECT_EQ(signals.spread, 0);
}

TEST(HealthProbe, SamplesThatAreNotFinite) {
  const Function broken = [](const at::Tensor& z) { return at::full_like(z, NAN); };
  EXPECT_FALSE(look(broken, kFirst).finite);
}

TEST(HealthProbe, MotionIsMeasuredFromLookToLookAndSurvivesAResume) {
  const LineData data(64);
  double shift = 0;
  ScriptedGan gan(data.spec(), [&](const at::Tensor& z) { return kLine(z) + shift; }, {});
  HealthProbe probe(gan, data, nullptr, 0, at::kCPU);
  EXPECT_TRUE(std::isnan(probe.look().motion));
  shift = 10;
  probe.look();
  HealthProbe other(gan, data, nullptr, 0, at::kCPU);
  other.restore(nlohmann::json::parse(probe.state().dump()));
  shift = 5;
  const HealthSignals signals = probe.look(), resumed = other.look();
  // A shift of 5 in both coordinates against the mean distance 65/3 sqrt(2); one random projection
  // per sample is exact to about a fifth, and signs that cancel make it rough in two dimensions.
  EXPECT_GT(signals.motion, 0.5 * 5 / (65.0 / 3));
  EXPECT_LT(signals.motion, 1.5 * 5 / (65.0 / 3));
  EXPECT_NEAR(signals.travel, signals.motion, 1e-9);
  EXPECT_EQ(resumed.line(), signals.line());
}

class HealthOfRuns : public ::testing::Test {
 protected:
  fs::path folder(const std::string& name) const { return temp_.path() / name; }
  config::Recipe recipe(double kimg, const std::string& health_kimg) const {
    return recipe_of({"gan.name=gan2014", "gan.generator_units=[16]",
                      "gan.discriminator_units=[16]", "data.path=ring8", "data.limit=1000",
                      "train.batch=50", "train.kimg=" + std::to_string(kimg),
                      "train.checkpoint_kimg=1.0", "train.tick_kimg=0.25", "train.sample_kimg=0.0",
                      "evaluate.metrics=[]", "train.health_kimg=" + health_kimg});
  }
  std::vector<StatsLine> health_lines(const std::string& name) const {
    std::vector<StatsLine> found;
    for (const StatsLine& line : read_stats(folder(name) / "stats.jsonl")) {
      StatsLine health;
      for (const auto& [key, value] : line) {
        if (key.starts_with("health")) health[key] = value;
      }
      found.push_back(health);
    }
    return found;
  }
  State last(const std::string& name) const {
    return read_state(media::list_checkpoints(folder(name) / "checkpoints").back());
  }

  TempFolder temp_;
};

TEST_F(HealthOfRuns, LookingChangesNoWeight) {
  run_in(folder("with"), recipe(2, "0.25"));
  run_in(folder("without"), recipe(2, "0.0"));
  EXPECT_EQ(differences(last("with"), last("without")), std::vector<std::string>());
  EXPECT_TRUE(health_lines("without").back().empty());
  EXPECT_TRUE(health_lines("with").back().contains("health"));
  EXPECT_FALSE(health_lines("with").front().contains("health")) << "before the warm-up";
}

TEST_F(HealthOfRuns, ResumeGoesOnWithTheSameSignals) {
  run_in(folder("straight"), recipe(3, "0.25"));
  run_in(folder("stopped"), recipe(1, "0.25"));
  run_in(folder("stopped"), recipe(3, "0.25"));
  EXPECT_EQ(health_lines("stopped"), health_lines("straight"));
}

TEST_F(HealthOfRuns, LooksAreMadeAtTheirInterval) {
  run_in(folder("run"), recipe(3, "0.5"));
  int looks = 0;
  for (const StatsLine& line : health_lines("run")) looks += line.contains("health/finite") ? 1 : 0;
  EXPECT_EQ(looks, 6);
}

}  // namespace
}  // namespace ganymede::train
