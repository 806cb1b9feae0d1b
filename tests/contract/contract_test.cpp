// What every gan must keep, whatever its game: the trainer, checkpoints and samplers rely on it.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <set>

#include "harness.h"

namespace ganymede::contract {
namespace {

using gans::Gan;
using gans::Phase;
using gans::Step;
using ::testing::TestWithParam;

class Contract : public TestWithParam<Case> {
 protected:
  std::unique_ptr<Gan> gan_ = make(GetParam());
  Batch batch() const { return reals(GetParam().spec, batch_of(GetParam().spec), 11); }
};

TEST_P(Contract, PhasesAndNetworksBelongTogether) {
  const auto& info = gans::registry().find(GetParam().gan).info;
  std::set<std::string> updated, names;
  for (const Phase& phase : gan_->phases()) {
    EXPECT_TRUE(names.insert(phase.name).second) << phase.name << " is named twice";
    EXPECT_GE(phase.repeats, 1);
    EXPECT_GE(phase.interval, 1);
    EXPECT_FALSE(phase.networks.empty()) << phase.name;
    EXPECT_TRUE(std::ranges::count(info.players, phase.optimizer()) == 1)
        << phase.optimizer() << " is not among the players that recipes may set";
    for (const auto& network : phase.networks) updated.insert(network->name);
  }
  bool averaged = false;
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(updated.contains(network->name), network->role != gans::Role::kFrozen)
        << network->name;
    EXPECT_EQ(network->average != nullptr, network->role == gans::Role::kAveraged);
    if (network->role == gans::Role::kFrozen) continue;  // may keep state without weights
    EXPECT_GT(network->module->parameter_count(), 0) << network->name;
    averaged = averaged || network->average;
  }
  EXPECT_TRUE(averaged) << "no network makes averaged samples";
}

// In two steps: what a zero at the start hides (a gate, the gain of a residual branch) learns once
// that has moved.
TEST_P(Contract, EveryParameterIsReachedBySomePhase) {
  std::set<std::string> reached;
  std::vector<Phase> twice = gan_->phases();
  for (const Phase& phase : gan_->phases()) twice.push_back(phase);
  for (const Phase& phase : twice) {
    Step step(*gan_, 3, 0, at::kCPU);
    step.begin_phase(phase, 0);
    phase_loss(*gan_, phase, batch(), step).backward();
    for (const auto& network : phase.networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        if (!parameter.grad().defined()) return;
        EXPECT_TRUE(at::isfinite(parameter.grad()).all().item<bool>()) << path;
        // The last bias of a Wasserstein critic cancels exactly; a matrix never does.
        if (parameter.dim() > 1 && parameter.grad().abs().max().item<float>() == 0) return;
        reached.insert(network->name + "/" + path);
      });
    }
    descend(phase);
  }
  for (const auto& network : gan_->networks()) {
    if (network->role == gans::Role::kFrozen) continue;
    network->module->each_parameter([&](const std::string& path, at::Tensor&) {
      EXPECT_TRUE(reached.contains(network->name + "/" + path)) << network->name << "/" << path;
    });
  }
}

TEST_P(Contract, APhaseChangesOnlyItsNetworks) {
  for (const Phase& phase : gan_->phases()) {
    SCOPED_TRACE(phase.name);
    Step step(*gan_, 3, 0, at::kCPU);
    step.begin_phase(phase, 0);
    phase_loss(*gan_, phase, batch(), step);  // makes the shared values, which may move means
    const State before = copy_of(gan_->state());
    phase_loss(*gan_, phase, batch(), step).backward();
    for (const auto& network : gan_->networks()) {
      const bool own = std::ranges::any_of(
          phase.networks, [&](const auto& updated) { return &*updated == network.get(); });
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        EXPECT_TRUE(own || !parameter.grad().defined() ||
                    parameter.grad().abs().max().item<float>() == 0)
            << "gradient for " << network->name << "/" << path;
      });
    }
    descend(phase);
    EXPECT_EQ(differences(without_updated(before, phase), without_updated(gan_->state(), phase)),
              std::vector<std::string>{});
    EXPECT_NE(differences(before, gan_->state()), std::vector<std::string>{}) << "nothing learnt";
    for (const auto& network : gan_->networks()) {
      network->module->each_parameter(
          [](const std::string&, at::Tensor& parameter) { parameter.mutable_grad().reset(); });
    }
  }
}

TEST_P(Contract, SharedValuesLeaveParametersAndAveragesAlone) {
  const State before = copy_of(gan_->state());
  for (const Phase& phase : gan_->phases()) {
    Step step(*gan_, 3, 0, at::kCPU);
    step.begin_phase(phase, 0);
    phase_loss(*gan_, phase, batch(), step);
  }
  State buffers_aside = copy_of(gan_->state());
  for (const auto& network : gan_->networks()) {
    network->module->each_buffer([&](const std::string& path, at::Tensor&) {
      buffers_aside.at(network->name)[path] = before.at(network->name).at(path);
    });
  }
  EXPECT_EQ(differences(before, buffers_aside), std::vector<std::string>{});
}

TEST_P(Contract, SamplesHaveTheRightShapeTypeAndRange) {
  for (const int64_t steps : {0, 2}) {
    train(*gan_, steps, 5);
    const at::Tensor samples =
        gans::sample(*gan_, seeds_for(gan_->spec(), {0, 1, 2, 12345678901234567ull}));
    std::vector<int64_t> shape = GetParam().spec.shape;
    shape.insert(shape.begin(), 4);
    EXPECT_EQ(samples.sizes(), at::IntArrayRef(shape));
    EXPECT_EQ(samples.scalar_type(), at::kFloat);
    EXPECT_FALSE(samples.requires_grad());
    EXPECT_TRUE(at::isfinite(samples).all().item<bool>());
    EXPECT_FALSE(at::equal(samples[0], samples[1])) << "two seeds give one sample";
    if (GetParam().spec.domain == "image") {
      EXPECT_LE(samples.abs().max().item<float>(), 1.0f);
    }
    if (GetParam().spec.domain == "voxels") {
      EXPECT_GE(samples.min().item<float>(), 0.0f);
      EXPECT_LE(samples.max().item<float>(), 1.0f);
    }
  }
}

TEST_P(Contract, SamplingChangesNothingAndIsRepeatable) {
  train(*gan_, 1, 5);
  const State before = copy_of(gan_->state());
  const at::Tensor first = gans::sample(*gan_, seeds_for(gan_->spec(), {4, 5, 6}));
  EXPECT_EQ(differences(before, gan_->state()), std::vector<std::string>{});
  EXPECT_TRUE(at::equal(first, gans::sample(*gan_, seeds_for(gan_->spec(), {4, 5, 6}))));
}

TEST_P(Contract, SamplingWithinTrainingLeavesNoTrace) {
  const auto disturbed = make(GetParam());
  train(*gan_, 2, 5);
  const at::Tensor reference = gans::sample(*disturbed, seeds_for(gan_->spec(), {4}));
  train(*disturbed, 2, 5, [&] {
    Stream random(1, "unrelated");
    const nn::ForwardScope training(nn::Mode::kTrain, &random);
    // The average has not moved yet, so its samples have not either.
    EXPECT_TRUE(at::equal(reference, gans::sample(*disturbed, seeds_for(gan_->spec(), {4}))));
  });
  EXPECT_EQ(differences(gan_->state(), disturbed->state()), std::vector<std::string>{});
}

TEST_P(Contract, ASampleDependsOnItsSeedAlone) {
  train(*gan_, 1, 5);
  const at::Tensor many = gans::sample(*gan_, seeds_for(gan_->spec(), {9, 2, 7, 4, 3}));
  const at::Tensor one = gans::sample(*gan_, seeds_for(gan_->spec(), {7}));
  EXPECT_TRUE(at::equal(many[2], one[0]));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = gans::sample(*gan_, seeds_for(gan_->spec(), {9, 2, 7, 4, 3}));
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(many, alone));
}

TEST_P(Contract, ZOverridesTheDraw) {
  const gans::Latent latent = gan_->latent();
  if (latent.dim == 0 && gan_->spec().takes_given()) GTEST_SKIP() << "has no z beside its given";
  ASSERT_GT(latent.dim, 0);
  Stream random(8, "latent");
  gans::Request request = seeds_for(gan_->spec(), {8});
  if (gan_->conditional()) request.labels = at::ones({1}, at::kLong);
  const at::Tensor drawn = gans::sample(*gan_, request);
  request.z = latent.draw(random, 1);
  EXPECT_TRUE(at::equal(drawn, gans::sample(*gan_, request)));
  // A table's rows take more from their seed: a condition, and which category a softmax gives.
  if (GetParam().spec.condition_width() == 0) {
    gans::Request without_seed = request;
    without_seed.seeds.clear();
    EXPECT_TRUE(at::equal(drawn, gans::sample(*gan_, without_seed)));
  }
  request.z = request.z * 0.5;
  EXPECT_FALSE(at::equal(drawn, gans::sample(*gan_, request)));
}

TEST_P(Contract, EveryDirectionGivesSamplesOfItsOwn) {
  const size_t ways = gan_->directions().size();
  if (ways < 2) GTEST_SKIP() << "makes samples one way";
  gans::Request request = seeds_for(gan_->spec(), {8});
  const at::Tensor there = gans::sample(*gan_, request);
  request.direction = 1;
  const at::Tensor back = gans::sample(*gan_, request);
  EXPECT_EQ(back.sizes().slice(1), at::IntArrayRef(gan_->spec().given.at(0).shape));
  EXPECT_FALSE(there.sizes() == back.sizes() && at::equal(there, back));
}

TEST_P(Contract, AClassIsObeyedAndNothingElseOfTheSampleIsDrawnAnew) {
  if (!gan_->conditional()) GTEST_SKIP() << "makes samples without classes";
  train(*gan_, 1, 5);
  const auto asked = [&](const at::Tensor& labels) {
    gans::Request request = seeds_for(gan_->spec(), {8});
    request.labels = labels;
    return gans::sample(*gan_, request);
  };
  const auto of_class = [&](int64_t label) { return asked(at::full({1}, label, at::kLong)); };
  EXPECT_FALSE(at::equal(of_class(0), of_class(1)));
  const at::Tensor drawn =
      gans::drawn_classes(seeds_for(gan_->spec(), {8}), GetParam().spec.classes);
  EXPECT_TRUE(at::equal(gans::sample(*gan_, seeds_for(gan_->spec(), {8})),
                        of_class(drawn.item<int64_t>())));
  if (!gan_->mixes_classes()) return;
  const at::Tensor whole = at::zeros({1, GetParam().spec.classes});
  whole[0][1] = 1;
  EXPECT_TRUE(at::equal(asked(whole), of_class(1)));
}

TEST_P(Contract, AClassifierGivesALogitForEachClass) {
  const at::Tensor logits = gan_->classifier() == gans::Classifier::kNone
                                ? at::Tensor()
                                : gans::classify(*gan_, batch().samples, at::kCPU);
  if (!logits.defined()) GTEST_SKIP() << "is no classifier";
  EXPECT_EQ(logits.size(0), 4);
  EXPECT_TRUE(at::isfinite(logits).all().item<bool>());
  if (gan_->classifier() == gans::Classifier::kData) {
    EXPECT_EQ(logits.size(1), GetParam().spec.classes);
  }
}

TEST_P(Contract, SavedStateGivesTheSameSamplesAndTheSameNextStep) {
  train(*gan_, 2, 5);
  const State saved = copy_of(gan_->state());
  const auto other = make(GetParam(), 1234);
  EXPECT_FALSE(at::equal(gans::sample(*gan_, seeds_for(gan_->spec(), {1})),
                         gans::sample(*other, seeds_for(gan_->spec(), {1}))));
  other->load_state(saved, "test");
  EXPECT_EQ(differences(saved, other->state()), std::vector<std::string>{});
  EXPECT_TRUE(at::equal(gans::sample(*gan_, seeds_for(gan_->spec(), {1})),
                        gans::sample(*other, seeds_for(gan_->spec(), {1}))));
  train(*gan_, 1, 99);
  train(*other, 1, 99);
  EXPECT_EQ(differences(gan_->state(), other->state()), std::vector<std::string>{});
}

TEST_P(Contract, TheSameSeedsTrainTheSameWeights) {
  const auto twin = make(GetParam());
  const auto stranger = make(GetParam());
  train(*gan_, 2, 5);
  train(*twin, 2, 5);
  train(*stranger, 2, 6);
  EXPECT_EQ(differences(gan_->state(), twin->state()), std::vector<std::string>{});
  EXPECT_NE(differences(gan_->state(), stranger->state()), std::vector<std::string>{});
}

TEST_P(Contract, PreparingKeepsShapesAndFiniteSamples) {
  const State before = copy_of(gan_->state());
  gan_->prepare(reals(GetParam().spec, 16, 2));
  for (const auto& [network, tensors] : gan_->state()) {
    for (const auto& [path, tensor] : tensors) {
      EXPECT_EQ(tensor.sizes(), before.at(network).at(path).sizes());
      EXPECT_TRUE(at::isfinite(tensor).all().item<bool>()) << path;
    }
  }
}

TEST_P(Contract, OnCudaAStepIsFiniteAndSamplesComeBack) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "this machine has no CUDA device";
  const at::Device cuda(at::kCUDA, 0);
  gan_->to(cuda);
  Batch batch = reals(GetParam().spec, batch_of(GetParam().spec), 11);
  batch.samples = batch.samples.to(cuda);
  if (batch.labels.defined()) batch.labels = batch.labels.to(cuda);
  if (batch.condition.defined()) batch.condition = batch.condition.to(cuda);
  if (batch.given.defined()) batch.given = batch.given.to(cuda);
  Step step(*gan_, 3, 0, cuda);
  for (const Phase& phase : gan_->phases()) {
    step.begin_phase(phase, 0);
    const at::Tensor loss = phase_loss(*gan_, phase, batch, step);
    EXPECT_TRUE(loss.is_cuda());
    EXPECT_TRUE(at::isfinite(loss).item<bool>());
    loss.backward();
    descend(phase);
  }
  gans::Request request = seeds_for(gan_->spec(), {1, 2});
  request.device = cuda;
  const at::Tensor samples = gans::sample(*gan_, request);
  EXPECT_TRUE(samples.is_cpu());
  EXPECT_TRUE(at::isfinite(samples).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Registry, Contract, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST(Registry, EveryDomainIsCovered) {
  ASSERT_GE(gans::registry().entries().size(), 3u);
  for (const auto& entry : gans::registry().entries()) {
    EXPECT_FALSE(entry.info.title.empty()) << entry.info.name;
    EXPECT_FALSE(entry.info.paper.empty()) << entry.info.name;
    EXPECT_FALSE(entry.info.task.empty()) << entry.info.name;
    EXPECT_FALSE(entry.info.sizes.empty()) << entry.info.name;
    for (const std::string& domain : entry.info.domains) {
      EXPECT_TRUE(std::ranges::any_of(cases(),
                                      [&](const Case& value) {
                                        return value.gan == entry.info.name &&
                                               value.spec.domain == domain;
                                      }))
          << entry.info.name << " accepts no test samples of its domain " << domain;
    }
  }
}

}  // namespace
}  // namespace ganymede::contract
