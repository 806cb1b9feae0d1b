#include "ganymede/nn/gaussian_noise.h"

#include <ATen/ATen.h>

#include "ganymede/core/device.h"

namespace ganymede::nn {
namespace {

class GaussianNoise final : public Module {
 public:
  explicit GaussianNoise(double deviation) : deviation_(deviation) {}

  at::Tensor forward(const at::Tensor& input) override {
    if (ForwardScope::mode() != Mode::kTrain) return input;
    const at::Tensor noise = ForwardScope::random().normal(input.sizes());
    return input + to_device(noise, input.device()) * deviation_;
  }

 private:
  double deviation_;
};

}  // namespace

ModulePtr gaussian_noise(double deviation) {
  return deviation == 0 ? nullptr : std::make_shared<GaussianNoise>(deviation);
}

}  // namespace ganymede::nn
