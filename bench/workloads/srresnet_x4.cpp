// Pretraining of SRGAN as the paper has it: SRResNet of 16 blocks and 64 channels enlarges four
// parts of 24 px to 96 px; mean squared error, Adam. And the enlargement of one such part alone.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "bench/workload.h"
#include "ganymede/core/random.h"
#include "ganymede/nn/restoration.h"
#include "ganymede/train/optimizer.h"

namespace ganymede::bench {
namespace {

constexpr int64_t kBatch = 4, kGivenPx = 24, kScale = 4;
constexpr int kTracedSteps = 2;

class Restoration final : public Workload {
 public:
  explicit Restoration(bool training)
      : training_(training),
        network_(nn::srresnet(3)),
        given_(Stream(1, "given").uniform({kBatch, 3, kGivenPx, kGivenPx}, -1, 1)),
        wanted_(
            Stream(1, "wanted").uniform({kBatch, 3, kScale * kGivenPx, kScale * kGivenPx}, -1, 1)) {
    network_->initialize(1, "bench");
    network_->set_frozen(!training);
    train::NamedParameters parameters;
    network_->each_parameter(
        [&](const std::string& path, at::Tensor& p) { parameters.emplace_back(path, p); });
    optimizer_ = std::make_unique<train::Optimizer>(adam(1e-4, 0.9, 0.999), parameters);
  }

  Trace trace() override {
    Trace trace;
    for (const auto& [path, tensor] : network_->state()) {
      trace.tensors["generator/" + path] = tensor.clone();
    }
    trace.tensors["input/generator/0"] = given_;
    trace.tensors["wanted"] = wanted_;
    for (int i = 0; i < (training_ ? kTracedSteps : 1); ++i)
      trace.losses.push_back({{"pixel", once().item<double>()}});
    return trace;
  }

  void step() override { once(); }

 private:
  at::Tensor once() {
    if (!training_) {
      const at::NoGradGuard no_grad;
      const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
      return network_->forward(given_).square().mean();
    }
    Stream random(1, "unused");
    const nn::ForwardScope scope(nn::Mode::kTrain, &random);
    const at::Tensor loss = (network_->forward(given_) - wanted_).square().mean();
    loss.backward();
    optimizer_->step(0);
    optimizer_->zero_grad();
    return loss.detach();
  }

  bool training_;
  nn::ModulePtr network_;
  at::Tensor given_;
  at::Tensor wanted_;
  std::unique_ptr<train::Optimizer> optimizer_;
};

const bool added =
    add_workload("srresnet_x4/train", [] { return std::make_unique<Restoration>(true); }) &&
    add_workload("srresnet_x4/enlarge", [] { return std::make_unique<Restoration>(false); });

}  // namespace
}  // namespace ganymede::bench
