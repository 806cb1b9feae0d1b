#include "ganymede/nn/residual.h"

#include <ATen/ATen.h>

#include <cmath>

#include "ganymede/nn/attention.h"

namespace ganymede::nn {
namespace {

class ResidualBlock final : public Module {
 public:
  ResidualBlock(int64_t in, int64_t out, Resample resample, const LayerMakers& layers, bool first)
      : resample_(resample) {
    const int64_t middle = resample == Resample::kDown && !first ? in : out;
    if (!first) add_norm_and_relu("norm1", in, layers);
    const bool up = resample == Resample::kUp;
    const bool down = resample == Resample::kDown;
    add("conv1",
        convolution(layers, in, middle, up ? ConvResample::kUpBefore : ConvResample::kNone));
    if (!first) add("norm2", layers.norm(middle));
    branch_.push_back(relu(/*in_place=*/true));
    add("conv2",
        convolution(layers, middle, out, down ? ConvResample::kMeanAfter : ConvResample::kNone));
    if (in != out || resample != Resample::kNone) {
      shortcut_ = layers.conv(in, out,
                              {.kernel = 1,
                               .weight_init = Init::glorot_uniform(in, out),
                               .bias_init = Init::constant(0)});
      child("shortcut", shortcut_);
    }
  }

  at::Tensor forward(const at::Tensor& input) override {
    return run_in_order(branch_, branch_.size(), input) + shortcut(input);
  }

 private:
  static ModulePtr convolution(const LayerMakers& layers, int64_t in, int64_t out,
                               ConvResample resample) {
    return layers.conv(in, out,
                       {.kernel = 3,
                        .padding = 1,
                        .resample = resample,
                        .weight_init = Init::glorot_uniform(in * 9, out * 9, std::sqrt(2.0)),
                        .bias_init = Init::constant(0)});
  }

  // Without a norm the ReLU makes a new tensor: the shortcut reads the input too.
  void add_norm_and_relu(const std::string& name, int64_t channels, const LayerMakers& layers) {
    ModulePtr norm = layers.norm(channels);
    const bool normed = norm != nullptr;
    add(name, std::move(norm));
    branch_.push_back(relu(/*in_place=*/normed));
  }

  void add(const std::string& name, ModulePtr module) {
    if (!module) return;
    child(name, module);
    branch_.push_back(std::move(module));
  }

  // A 1x1 convolution commutes with resampling; it runs where the map is small.
  at::Tensor shortcut(const at::Tensor& input) {
    if (!shortcut_) return input;
    switch (resample_) {
      case Resample::kUp: {
        const at::Tensor x = shortcut_->forward(input);
        return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
      }
      case Resample::kDown:
        return shortcut_->forward(at::avg_pool2d(input, 2));
      case Resample::kNone:
        break;
    }
    return shortcut_->forward(input);
  }

  Resample resample_;
  std::vector<ModulePtr> branch_;
  ModulePtr shortcut_;
};

}  // namespace

LinearOptions glorot_linear(int64_t in, int64_t out) {
  return {.weight_init = Init::glorot_uniform(in, out), .bias_init = Init::constant(0)};
}

ModulePtr residual_block(int64_t in, int64_t out, Resample resample, const LayerMakers& layers,
                         bool first) {
  return std::make_shared<ResidualBlock>(in, out, resample, layers, first);
}

ModulePtr residual_up(const ResidualUp& plan) {
  const LayerMakers& layers = plan.layers;
  const int64_t start = plan.widths.front();
  const int64_t end = plan.widths.back();
  auto net = std::make_shared<Sequential>();
  net->push(layers.linear(plan.latent_dim, start * 16, glorot_linear(plan.latent_dim, start * 16)));
  net->push(reshape({start, 4, 4}));
  int64_t size = 4;
  for (size_t i = 1; i < plan.widths.size(); ++i) {
    net->push(residual_block(plan.widths[i - 1], plan.widths[i], Resample::kUp, layers));
    size *= 2;
    if (size == plan.attention_px) net->push(self_attention(plan.widths[i], layers.conv));
  }
  ModulePtr norm = layers.norm(end);
  const bool normed = norm != nullptr;
  net->push(std::move(norm));
  net->push(relu(/*in_place=*/normed));
  net->push(layers.conv(end, plan.channels,
                        {.kernel = 3,
                         .padding = 1,
                         .weight_init = Init::glorot_uniform(end * 9, plan.channels * 9),
                         .bias_init = Init::constant(0)}));
  net->push(tanh());
  return net;
}

ModulePtr residual_down(const ResidualDown& plan) {
  auto net = std::make_shared<Sequential>();
  int64_t in = plan.channels;
  int64_t size = plan.size_px;
  for (size_t i = 0; i < plan.widths.size(); ++i) {
    const bool halves = static_cast<int64_t>(i) < plan.halvings;
    net->push(residual_block(in, plan.widths[i], halves ? Resample::kDown : Resample::kNone,
                             plan.layers, /*first=*/i == 0));
    in = plan.widths[i];
    if (!halves) continue;
    size /= 2;
    if (size == plan.attention_px) net->push(self_attention(in, plan.layers.conv));
  }
  net->push(relu());
  net->push(plan.sum_pool ? global_sum() : global_mean());
  net->push(plan.head);
  return net;
}

}  // namespace ganymede::nn
