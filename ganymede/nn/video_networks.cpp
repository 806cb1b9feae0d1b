#include "ganymede/nn/video_networks.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/gaussian_noise.h"
#include "ganymede/nn/gru.h"
#include "ganymede/nn/networks.h"
#include "ganymede/nn/volumes.h"

namespace ganymede::nn {
namespace {

constexpr int64_t kSmallestMap = 4;
constexpr int64_t kKernel = 4;
constexpr double kSlope = 0.2;
constexpr double kDeviation = 0.02;

// How often the critic of clips halves the frames; each time it takes 3 frames off.
int64_t halvings(int64_t size) {
  int64_t count = 0;
  for (; size > kSmallestMap; size /= 2) ++count;
  return count;
}

int64_t fewest_frames(int64_t size) { return (kKernel - 1) * halvings(size) + kKernel; }

ModulePtr norm(int64_t channels) {
  return batch_norm(channels, {.weight_init = Init::normal(1, kDeviation)});
}

class VideoGenerator final : public Module {
 public:
  explicit VideoGenerator(const VideoPlan& plan)
      : plan_(plan),
        recurrent_(child("recurrent", std::make_shared<GruCell>(plan.motion_dim, plan.motion_dim))),
        frames_(child("frames",
                      conv_pyramid_up(plan.content_dim + plan.categories + plan.motion_dim,
                                      plan.base_channels,
                                      {plan.clip.channels, plan.clip.size, plan.clip.size}))) {}

  at::Tensor forward(const at::Tensor& input) override {
    const int64_t count = input.size(0), frames = plan_.clip.frames;
    int64_t at = 0;
    const auto take = [&](int64_t length) {
      const at::Tensor part = input.slice(1, at, at + length);
      at += length;
      return part;
    };
    const at::Tensor content = take(plan_.content_dim);
    at::Tensor hidden = take(plan_.motion_dim);
    const at::Tensor noise = take(plan_.motion_dim * frames);
    const at::Tensor category = take(plan_.categories);
    std::vector<at::Tensor> motion;
    for (int64_t t = 0; t < frames; ++t) {
      hidden =
          recurrent_.step(noise.slice(1, t * plan_.motion_dim, (t + 1) * plan_.motion_dim), hidden);
      motion.push_back(hidden);
    }
    const at::Tensor still =
        at::cat({content, category}, 1).unsqueeze(1).expand({count, frames, -1});
    const at::Tensor codes = at::cat({still, at::stack(motion, 1)}, 2).flatten(0, 1);
    const at::Tensor pictures = frames_(codes);
    return pictures.view({count, frames, plan_.clip.channels, plan_.clip.size, plan_.clip.size})
        .transpose(1, 2)
        .contiguous();
  }

 private:
  VideoPlan plan_;
  GruCell& recurrent_;
  Module& frames_;
};

}  // namespace

ClipShape ClipShape::of(const SampleSpec& spec) {
  const auto& s = spec.shape;
  const bool clips = spec.domain == "video" && s.size() == 4 && s[2] == s[3];
  if (!clips || (s[2] != 32 && s[2] != 64)) {
    throw UsageError({.where = "data",
                      .found = "samples of the domain " + spec.domain,
                      .allowed = "clips of square frames of 32 or 64 px",
                      .remedy = "--set data.domain=video --set data.size_px=32"});
  }
  if (s[1] < fewest_frames(s[2])) {
    throw UsageError({.where = "data.frames",
                      .found = std::to_string(s[1]) + " frames of " + std::to_string(s[2]) + " px",
                      .allowed = std::to_string(fewest_frames(s[2])) + " or more",
                      .remedy = "--set data.frames=" + std::to_string(fewest_frames(s[2]))});
  }
  return {.channels = s[0], .frames = s[1], .size = s[2]};
}

ModulePtr video_generator(const VideoPlan& plan) { return std::make_shared<VideoGenerator>(plan); }

ModulePtr frame_critic(const VideoPlan& plan) {
  auto net = std::make_shared<Sequential>();
  int64_t in = plan.clip.channels;
  const auto options = [] {
    return ConvOptions{.kernel = kKernel,
                       .stride = 2,
                       .padding = 1,
                       .bias = false,
                       .weight_init = Init::normal(0, kDeviation)};
  };
  for (int64_t layer = 0, out = plan.base_channels; layer < 3; ++layer, out *= 2) {
    net->push(gaussian_noise(plan.noise));
    net->push(conv(in, out, options()));
    if (plan.critic_norm && layer > 0) net->push(norm(out));
    net->push(leaky_relu(kSlope, /*in_place=*/true));
    in = out;
  }
  net->push(gaussian_noise(plan.noise));
  net->push(conv(in, 1, options()));
  return net;
}

ModulePtr video_critic(const VideoPlan& plan) {
  auto net = std::make_shared<Sequential>();
  const Init init = Init::normal(0, kDeviation);
  int64_t in = plan.clip.channels, out = plan.base_channels;
  for (int64_t layer = 0; layer < halvings(plan.clip.size); ++layer, out *= 2) {
    net->push(gaussian_noise(plan.noise));
    net->push(conv3d(
        in, out, {.stride = {1, 2, 2}, .padding = {0, 1, 1}, .bias = false, .weight_init = init}));
    if (plan.critic_norm && layer > 0) net->push(norm(out));
    net->push(leaky_relu(kSlope, /*in_place=*/true));
    in = out;
  }
  net->push(
      conv3d(in, 1 + plan.categories,
             {.stride = {1, 1, 1}, .padding = {0, 0, 0}, .bias = false, .weight_init = init}));
  return net;
}

}  // namespace ganymede::nn
