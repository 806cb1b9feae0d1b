// Networks of MoCoGAN (Tulyakov et al. 2018, arXiv 1707.04993): a recurrent unit that leads a
// generator of frames, a critic of frames and one of clips. Clips are [N, C, T, H, W] in [-1, 1].
#pragma once

#include "ganymede/core/sample.h"
#include "ganymede/nn/module.h"

namespace ganymede::nn {

struct ClipShape {
  int64_t channels = 0;
  int64_t frames = 0;
  int64_t size = 0;  // height and width

  // UsageError when the samples are not clips of square frames of 32 or 64 px, or are too short for
  // the critic: 13 frames at 32 px, 16 at 64 px.
  static ClipShape of(const SampleSpec& spec);
};

struct VideoPlan {
  ClipShape clip;
  int64_t content_dim = 50;
  int64_t motion_dim = 10;
  int64_t categories = 0;  // length of the one-hot category of a clip; 0: none
  int64_t base_channels = 64;
  double noise = 0;         // deviation of the noise in front of the critics' layers
  bool critic_norm = true;  // batch normalisation in both critics

  // Of z: content, the first hidden state, noise for every frame, category.
  int64_t latent_dim() const { return content_dim + motion_dim * (clip.frames + 1); }
};

// z [N, latent_dim() + categories] -> clips. Children "recurrent" and "frames".
ModulePtr video_generator(const VideoPlan& plan);
// Frames [N, C, H, W] -> logits of overlapping parts [N, 1, h, w].
ModulePtr frame_critic(const VideoPlan& plan);
// Clips -> [N, 1 + categories, t, 1, 1]: logits of overlapping stretches of time, and of the
// categories.
ModulePtr video_critic(const VideoPlan& plan);

}  // namespace ganymede::nn
