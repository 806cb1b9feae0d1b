// A trained model: loading from every place it may lie, and samples that depend on weights and seed
// alone.
#include "ganymede/infer/model.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "../core/fixture.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/media/tensor_folder.h"
#include "tests/infer/made_models.h"

namespace ganymede::infer {
namespace {

std::vector<uint64_t> range(uint64_t first, uint64_t last) {
  std::vector<uint64_t> seeds;
  for (uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  return seeds;
}

class ModelTest : public ::testing::TestWithParam<Kind> {
 protected:
  Model load() {
    write(make(GetParam()), temp_.path() / "model");
    return Model::load(temp_.path() / "model");
  }
  TempFolder temp_;
};

TEST_P(ModelTest, RebuildsItsNetworksFromItsOwnFiles) {
  const Model model = load();
  EXPECT_EQ(model.gan_name(), gan_of(GetParam()));
  EXPECT_EQ(model.spec(), GetParam().spec);
  EXPECT_DOUBLE_EQ(model.kimg(), 1.5);
  const Made made = make(GetParam());
  const at::Tensor expected = gans::sample(*made.gan, {.seeds = range(0, 3)});
  EXPECT_TRUE(at::equal(model.sample(range(0, 3)), expected));
  std::vector<int64_t> shape = GetParam().spec.shape;
  shape.insert(shape.begin(), 4);
  EXPECT_EQ(expected.sizes(), at::IntArrayRef(shape));
  EXPECT_FALSE(at::equal(expected[0], expected[1]));
}

TEST_P(ModelTest, ASampleDoesNotDependOnItsCompany) {
  const Model model = load();
  const at::Tensor many = model.sample(range(0, 12));
  EXPECT_TRUE(at::equal(model.sample({5})[0], many[5]));
  EXPECT_TRUE(at::equal(model.sample({7, 5, 5})[2], many[5]));
  EXPECT_TRUE(at::equal(model.sample(range(4, 9)), many.slice(0, 4, 10)));
}

TEST_P(ModelTest, ASampleDoesNotDependOnTheThreadCount) {
  const Model model = load();
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = model.sample(range(0, 8));
  for (const int threads : {2, 3}) {
    at::set_num_threads(threads);
    EXPECT_TRUE(at::equal(model.sample(range(0, 8)), one)) << threads << " threads";
    EXPECT_TRUE(at::equal(model.sample({3})[0], one[3])) << "alone, " << threads << " threads";
    EXPECT_EQ(at::get_num_threads(), threads);
  }
  at::set_num_threads(before);
}

TEST_P(ModelTest, ASampleDoesNotDependOnTrainingBefore) {
  const Model model = load();
  const at::Tensor before = model.sample(range(0, 4));
  const Made other = make(GetParam(), 99);
  for (int64_t index = 0; index < 2; ++index) {
    gans::Step step(*other.gan, 1, index, at::kCPU);
    for (const gans::Phase& phase : other.gan->phases()) {
      step.begin_phase(phase, 0);
      std::vector<int64_t> shape = GetParam().spec.shape;
      shape.insert(shape.begin(), 4);
      Stream random(8, "reals", static_cast<uint64_t>(index));
      const nn::ForwardScope scope(nn::Mode::kTrain, &step.random());
      for (const gans::Term& term :
           other.gan->loss(phase, {random.uniform(shape, -1, 1), {}}, step)) {
        if (!term.observed) term.value.backward({}, /*retain_graph=*/true);
      }
    }
  }
  EXPECT_TRUE(at::equal(model.sample(range(0, 4)), before));
}

TEST_P(ModelTest, SamplingChangesNoState) {
  const Model model = load();
  const auto state = model.gan().state();
  std::map<std::string, nn::TensorMap> before = state;
  for (auto& [network, tensors] : before) {
    for (auto& [name, tensor] : tensors) tensor = tensor.clone();
  }
  model.sample(range(0, 5));
  model.interpolate({0, 1}, 3, Interpolation::kSlerp);
  for (const auto& [network, tensors] : before) {
    for (const auto& [name, tensor] : tensors) {
      EXPECT_TRUE(at::equal(tensor, state.at(network).at(name))) << network << "/" << name;
    }
  }
}

TEST_P(ModelTest, AWayBeginsAndEndsAtItsSeeds) {
  const Model model = load();
  for (const Interpolation kind : {Interpolation::kSlerp, Interpolation::kLerp}) {
    const at::Tensor way = model.interpolate({4, 9, 2}, 5, kind);
    ASSERT_EQ(way.size(0), 11);
    const at::Tensor ends = model.sample({4, 9, 2});
    EXPECT_TRUE(at::allclose(way[0], ends[0], 1e-5, 1e-5));
    EXPECT_TRUE(at::allclose(way[5], ends[1], 1e-5, 1e-5));
    EXPECT_TRUE(at::equal(way[10], ends[2]));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ModelTest, ::testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

template <typename E, typename Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

class ModelPlaces : public ::testing::Test {
 protected:
  const Kind& kind_ = kinds().front();
  TempFolder temp_;
  const std::filesystem::path run_ = temp_.path() / "run";
  // Two checkpoints and a model with weights of their own.
  void write_run() {
    write(make(kind_, 1), run_ / "checkpoints" / "000001");
    write(make(kind_, 2), run_ / "checkpoints" / "000002");
    write(make(kind_, 3), run_ / "model");
  }
  at::Tensor expected(uint64_t seed) const {
    return gans::sample(*make(kind_, seed).gan, {.seeds = {0, 1}});
  }
  at::Tensor sampled(const std::filesystem::path& path) const {
    return Model::load(path).sample({0, 1});
  }
};

TEST_F(ModelPlaces, RunCheckpointAndModelAreFound) {
  write_run();
  EXPECT_TRUE(at::equal(sampled(run_), expected(2)));
  EXPECT_TRUE(at::equal(sampled(run_ / "checkpoints" / "000001"), expected(1)));
  EXPECT_TRUE(at::equal(sampled(run_ / "model"), expected(3)));
  EXPECT_EQ(Model::load(run_).source(), run_ / "checkpoints" / "000002");
}

TEST_F(ModelPlaces, ARunWithoutCheckpointsGivesItsModel) {
  write_run();
  std::filesystem::remove_all(run_ / "checkpoints");
  EXPECT_TRUE(at::equal(sampled(run_), expected(3)));
}

TEST_F(ModelPlaces, ADamagedNewestCheckpointIsPassedOver) {
  write_run();
  const auto file = run_ / "checkpoints" / "000002" / "generator.safetensors";
  std::string bytes = read_file(file);
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 4);
  write_file_durable(file, bytes);
  EXPECT_TRUE(at::equal(sampled(run_), expected(1)));
  EXPECT_NE(message_of<ModelError>([&] {
              sampled(run_ / "checkpoints" / "000002");
            }).find("generator.safetensors"),
            std::string::npos);
}

TEST_F(ModelPlaces, NothingToLoadSaysWhatWasLookedFor) {
  const std::string missing = message_of<UsageError>([&] { Model::load(run_); });
  EXPECT_NE(missing.find("no such folder"), std::string::npos) << missing;
  std::filesystem::create_directories(run_);
  const std::string empty = message_of<UsageError>([&] { Model::load(run_); });
  EXPECT_NE(empty.find("no checkpoint and no model"), std::string::npos) << empty;
  EXPECT_NE(empty.find("a run, checkpoint or model folder"), std::string::npos) << empty;
}

TEST_F(ModelPlaces, WeightsThatDoNotFitTheRecipeAreRefused) {
  Made made = make(kind_);
  made.state["recipe"] = "[gan]\nname = \"gan2014\"\ngenerator_units = [17, 16]\n";
  write(made, run_);
  EXPECT_NE(message_of<ModelError>([&] { Model::load(run_); }).find("generator"),
            std::string::npos);
  made.state.erase("kimg");
  write(made, run_);
  EXPECT_NE(message_of<ModelError>([&] { Model::load(run_); }).find("kimg"), std::string::npos);
}

TEST_F(ModelPlaces, ClassesAndSeedsAreChecked) {
  write(make(kind_), run_);
  const Model model = Model::load(run_);
  EXPECT_NE(message_of<UsageError>([&] { model.sample({0}, 3); }).find("--class"),
            std::string::npos);
  EXPECT_NE(message_of<UsageError>([&] {
              model.interpolate({0}, 4, Interpolation::kLerp);
            }).find("--seeds"),
            std::string::npos);
  EXPECT_NE(message_of<UsageError>([&] {
              model.interpolate({0, 1}, 0, Interpolation::kLerp);
            }).find("--steps"),
            std::string::npos);
}

TEST(MixLatents, SlerpKeepsNormsAndDividesTheAngle) {
  const at::Tensor a = at::tensor({2.0F, 0.0F, 0.0F});
  const at::Tensor b = at::tensor({0.0F, 2.0F, 0.0F});
  for (double t = 0; t <= 1.0; t += 0.125) {
    const at::Tensor mixed = mix_latents(a, b, t, Interpolation::kSlerp);
    EXPECT_NEAR(mixed.norm().item<double>(), 2, 1e-6);
    EXPECT_NEAR(std::atan2(mixed[1].item<double>(), mixed[0].item<double>()), t * std::acos(0.0),
                1e-6);
  }
}

TEST(MixLatents, SlerpOfLongNormalLatentsStaysOnTheShell) {
  Stream random(1, "test");
  const at::Tensor a = random.normal({512}), b = random.normal({512});
  const double middle = mix_latents(a, b, 0.5, Interpolation::kSlerp).norm().item<double>();
  const double straight = mix_latents(a, b, 0.5, Interpolation::kLerp).norm().item<double>();
  EXPECT_NEAR(middle, std::sqrt(512.0), 1.5);
  EXPECT_LT(straight, 0.8 * middle);
}

TEST(MixLatents, LerpIsALine) {
  const at::Tensor a = at::tensor({1.0F, 4.0F}), b = at::tensor({3.0F, -4.0F});
  EXPECT_TRUE(
      at::allclose(mix_latents(a, b, 0.25, Interpolation::kLerp), at::tensor({1.5F, 2.0F})));
}

TEST(MixLatents, ParallelAndOppositeLatentsStayFinite) {
  const at::Tensor a = at::tensor({1.0F, 2.0F});
  for (const at::Tensor& b : {a, a * -1, a * 3, at::zeros({2})}) {
    EXPECT_TRUE(at::isfinite(mix_latents(a, b, 0.3, Interpolation::kSlerp)).all().item<bool>());
  }
}

TEST(ParseSeeds, ReadsNumbersAndRanges) {
  using Seeds = std::vector<uint64_t>;
  EXPECT_EQ(parse_seeds("5"), Seeds({5}));
  EXPECT_EQ(parse_seeds("0-3"), Seeds({0, 1, 2, 3}));
  EXPECT_EQ(parse_seeds("7,0-2,7"), Seeds({7, 0, 1, 2, 7}));
  EXPECT_EQ(parse_seeds("4-4"), Seeds({4}));
  EXPECT_EQ(parse_seeds("18446744073709551614-18446744073709551615"),
            Seeds({18446744073709551614U, 18446744073709551615U}));
}

class BadSeeds : public ::testing::TestWithParam<const char*> {};

TEST_P(BadSeeds, AreRefusedWithTheirPlace) {
  const std::string text = message_of<UsageError>([] { parse_seeds(GetParam(), "--my-seeds"); });
  EXPECT_NE(text.find("--my-seeds"), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(Texts, BadSeeds,
                         ::testing::Values("", ",", "1,", ",1", "3-1", "-1", "1-", "1-2-3", "x",
                                           "1 ", " 1", "0x10", "1.5", "1e3", "18446744073709551616",
                                           "0-10000000"));

}  // namespace
}  // namespace ganymede::infer
