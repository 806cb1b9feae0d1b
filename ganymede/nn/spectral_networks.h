// The networks of SNGAN (Miyato et al. 2018, arXiv 1802.05957) and SAGAN (Zhang et al. 2019,
// arXiv 1805.08318).
#pragma once

#include "ganymede/nn/networks.h"

namespace ganymede::nn {

// Residual (16, 32, 64, 128 px): up to 32 px every block of G has generator_channels and every
// block of D discriminator_channels (tables 4: 256 and 128); from 64 px these are the widths next
// to the image, which double with every halving up to 16 times (the authors' code). Plain (16, 28,
// 32, 64, 128 px): table 3, where they are the widths next to the image too (64).
struct SpectralPlan {
  ImageShape image;
  int64_t latent_dim = 128;
  int64_t generator_channels = 256;
  int64_t discriminator_channels = 128;
  int64_t classes = 0;  // above 0: conditional batch norm in G, projection in D
  bool plain = false;
  bool spectral_generator = false;
  int64_t attention_px = 0;  // residual: self-attention where maps have this size; 0: none
};

// z [N, latent_dim] -> [N, C, H, W] in [-1, 1]. With classes both networks run in a ClassScope.
ModulePtr spectral_generator(const SpectralPlan& plan);
// Samples -> logits [N, 1]; every weight has spectral norm 1, there is no batch norm.
ModulePtr spectral_discriminator(const SpectralPlan& plan);

}  // namespace ganymede::nn
