// Networks that restore pictures: SRResNet and its discriminator (Ledig et al. 2017, arXiv
// 1609.04802, figure 4). Pictures are float32 [N, C, H, W] in [-1, 1].
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ganymede/nn/networks.h"

namespace ganymede::nn {

// Parametric ReLU with one learnt slope for all channels, 0.25 at first (He et al. 2015, arXiv
// 1502.01852). Parameter "weight" [1].
ModulePtr prelu();

// [N, C factor^2, H, W] -> [N, C, factor H, factor W]: entry (c, i, j) of the channels goes to
// place (i, j) of each factor x factor square (Shi et al. 2016, arXiv 1609.05158).
ModulePtr pixel_shuffle(int64_t factor);

// x + body(x). Child "body".
ModulePtr shortcut(ModulePtr body);

struct SrResNetOptions {
  int64_t scale = 4;  // 1, 2, 3, 4 or 8
  int64_t channels = 64;
  int64_t blocks = 16;
  Norm norm = Norm::kBatch;  // or kNone, as in EDSR (Lim et al. 2017, arXiv 1707.02921)
  // The network adds to the given picture, enlarged bicubically (a = -0.75), instead of making the
  // whole of it.
  bool input_skip = false;
};

// conv9, PReLU; blocks of conv3, norm, PReLU, conv3, norm beside a shortcut, conv3, norm, all
// beside a shortcut; for each doubling conv3 to four times the channels, pixel shuffle, PReLU;
// conv9. Fully convolutional: [N, C, H, W] -> [N, C, scale H, scale W] of any H, W; values are not
// limited. Children "head", "body" (its last two the layers behind the blocks), "tail". 1,549,462
// parameters (16 blocks, RGB, x4). UsageError for other scales and norms.
ModulePtr srresnet(int64_t picture_channels, const SrResNetOptions& options = {});

// Eight convolutions, four of them with stride 2, widths c, c, 2c, 2c, 4c, 4c, 8c, 8c, leaky ReLU
// 0.2, batch norm in all but the first; then a dense layer of 16c over all places (`pooled`: over
// their mean, so that it has as many weights for any size) and one logit [N, 1].
class PictureJudge final : public Module {
 public:
  PictureJudge(int64_t picture_channels, int64_t height, int64_t width, int64_t channels,
               bool pooled);

  struct Judgement {
    at::Tensor logits;               // [N, 1]
    std::vector<at::Tensor> layers;  // what each convolution's activation says, [N, c, h, w]
  };
  Judgement judge(const at::Tensor& pictures);
  at::Tensor forward(const at::Tensor& pictures) override { return judge(pictures).logits; }
  at::Tensor features(const at::Tensor& pictures) override;  // of the dense layer, [N, 16c]

 private:
  at::Tensor hidden(const at::Tensor& last);

  bool pooled_;
  std::vector<ModulePtr> stages_;
  Module* hidden_;
  Module* logit_;
};

}  // namespace ganymede::nn
