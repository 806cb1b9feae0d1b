// Convolutions whose kernel and stride differ between height and width, without padding: over the
// steps of a bar of music and all of its pitches at once.
#pragma once

#include <array>
#include <optional>

#include "ganymede/nn/module.h"

namespace ganymede::nn {

struct RectConvOptions {
  std::array<int64_t, 2> kernel = {1, 1};  // height, width
  std::array<int64_t, 2> stride = {1, 1};
  std::optional<Init> weight_init = {};  // default: PyTorch's
  std::optional<Init> bias_init = {};
};

// [N, in, H, W] -> [N, out, (H - kh) / sh + 1, (W - kw) / sw + 1]. Weight [out, in, kh, kw].
class RectConv final : public Module {
 public:
  RectConv(int64_t in, int64_t out, const RectConvOptions& options);
  at::Tensor forward(const at::Tensor& input) override;
  // Of `input` [N, in - b, H, W] with b constant planes behind it, `values` [N, b]: the same
  // without making the planes.
  at::Tensor forward(const at::Tensor& input, const at::Tensor& values);

 private:
  RectConvOptions options_;
  at::Tensor* weight_;
  at::Tensor* bias_;
};

// [N, in, H, W] -> [N, out, (H - 1) sh + kh, (W - 1) sw + kw]. Weight [in, out, kh, kw].
class RectConvTranspose final : public Module {
 public:
  RectConvTranspose(int64_t in, int64_t out, const RectConvOptions& options);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  RectConvOptions options_;
  at::Tensor* weight_;
  at::Tensor* bias_;
};

ModulePtr rect_conv(int64_t in, int64_t out, const RectConvOptions& options);
ModulePtr rect_conv_transpose(int64_t in, int64_t out, const RectConvOptions& options);

}  // namespace ganymede::nn
