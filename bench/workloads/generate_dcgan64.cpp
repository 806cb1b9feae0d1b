// Samples of DCGAN-64 from its averaged generator: batches of 1, 16 and 64 latents, each as one
// forward pass in evaluation mode without gradients.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "bench/workload.h"
#include "ganymede/core/random.h"

namespace ganymede::bench {
namespace {

class Generation final : public Workload {
 public:
  explicit Generation(int64_t batch)
      : gan_(train::make_gan("dcgan", {}, {.domain = "image", .shape = {3, 64, 64}})) {
    gan_->initialize(1);
    request_.z = Stream(1, "benchmark").normal({batch, gan_->latent().dim});
  }

  Trace trace() override {
    Trace trace;
    for (const auto& [path, tensor] : gan_->network("generator").average->state()) {
      trace.tensors["generator/" + path] = tensor.clone();
    }
    trace.tensors["input/generator/0"] = request_.z;
    const at::Tensor samples = generate().to(at::kDouble);
    trace.losses = {{{"mean", samples.mean().item<double>()},
                     {"mean square", samples.square().mean().item<double>()},
                     {"corner", samples[0][0][0][0].item<double>()}}};
    return trace;
  }

  void step() override { generate(); }

 private:
  at::Tensor generate() {
    const at::NoGradGuard no_grad;
    const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
    return gan_->generate(request_);
  }

  std::unique_ptr<gans::Gan> gan_;
  gans::Request request_;
};

bool add(int64_t batch) {
  return add_workload(fmt::format("generate_dcgan64/{}", batch),
                      [batch] { return std::make_unique<Generation>(batch); });
}

const bool added = add(1) && add(16) && add(64);

}  // namespace
}  // namespace ganymede::bench
