// Networks that make pictures from pictures of the same size, and those that judge them patch by
// patch. Pictures are float32 [N, C, H, W] in [-1, 1] and need not be square. Weights begin as
// N(0, 0.02), gains of batch normalisation as N(1, 0.02), biases as 0. Parameters have the names of
// the authors' PyTorch networks (junyanz/pytorch-CycleGAN-and-pix2pix), so that their files fit.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ganymede/nn/module.h"

namespace ganymede::nn {

enum class PictureNorm { kNone, kBatch, kInstance };
// Names in recipes: none, batch, instance.
std::vector<std::pair<const char*, PictureNorm>> enum_names(PictureNorm);

// How a generator doubles a picture: a transposed convolution, as published, or a repetition of
// pixels with a 3x3 convolution behind it, which leaves no checkerboard (Odena et al. 2016).
enum class Doubling { kTransposed, kResize };
// Names in recipes: transposed, resize.
std::vector<std::pair<const char*, Doubling>> enum_names(Doubling);

struct UNetOptions {
  int64_t base_channels = 64;  // doubles with every halving, up to eight times
  int64_t depth = 8;           // halvings, at least 2: 8 and 7 are the authors' unet_256 and 128
  PictureNorm norm = PictureNorm::kBatch;
  double dropout = 0.5;  // of the inner levels of full width: 5 to depth - 1
  Doubling doubling = Doubling::kTransposed;
};

// U-Net with skips by concatenation (Isola et al. 2017, arXiv 1611.07004, appendix 6.1). Sides are
// multiples of 2^depth: UsageError otherwise. UsageError for a depth outside 2..12.
ModulePtr unet(int64_t in, int64_t out, const UNetOptions& options);
// How often both sides can be halved, at most 8.
int64_t unet_depth(int64_t height, int64_t width);

struct ResnetOptions {
  int64_t base_channels = 64;
  int64_t blocks = 9;  // 9 for 256 px, 6 for 128 px
  PictureNorm norm = PictureNorm::kInstance;
  Doubling doubling = Doubling::kTransposed;
};

// Two halvings, residual blocks, two doublings, all with reflected borders (Johnson et al. 2016,
// arXiv 1603.08155, in the form of Zhu et al. 2017, arXiv 1703.10593, appendix 7.2). Sides are
// multiples of 4: UsageError otherwise.
ModulePtr resnet_translator(int64_t in, int64_t out, const ResnetOptions& options);

struct PatchOptions {
  int64_t base_channels = 64;
  int64_t layers = 3;  // halvings: 3 is the authors' 70x70; 0 judges every pixel by itself
  PictureNorm norm = PictureNorm::kBatch;
};

// Logits [N, 1, h, w], one for each patch (Isola et al. 2017, sec. 3.2.2).
ModulePtr patch_discriminator(int64_t in, const PatchOptions& options);
// The smaller side of a picture that leaves at least one patch, and to instance normalisation more
// than one pixel.
int64_t smallest_patch_side(const PatchOptions& options);

}  // namespace ganymede::nn
