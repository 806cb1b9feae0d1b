// Weight normalisation (Salimans & Kingma 2016, arXiv 1602.07868, eq. 2): w = g v / ||v||, the norm
// taken over everything that feeds one output. Parameters "v", "bias" and, where it is trained,
// "gain"; a fixed gain is a buffer of that name. v begins as N(0, 0.05) and gain at 1.
#pragma once

#include <functional>

#include "ganymede/nn/layers.h"

namespace ganymede::nn {

struct WeightNormOptions {
  bool train_gain = false;      // as the last layers of Salimans 2016 do
  double init_deviation = 1.0;  // of every output after a pass inside DataInit
};

class WeightNorm final : public Module {
 public:
  using Operator = std::function<at::Tensor(const at::Tensor& input, const at::Tensor& weight)>;

  // `shape` of v, of which dimension `out_dim` counts the outputs; `apply` is linear in both.
  WeightNorm(std::vector<int64_t> shape, int64_t out_dim, Operator apply,
             const WeightNormOptions& options);
  // [N, in, ...] -> [N, out, ...]. Inside DataInit the outputs become of mean 0 and the wanted
  // deviation, per channel.
  at::Tensor forward(const at::Tensor& input) override;

 private:
  at::Tensor weight() const;
  at::Tensor initialise(const at::Tensor& output);

  int64_t out_dim_;
  Operator apply_;
  WeightNormOptions options_;
  at::Tensor* direction_;
  at::Tensor* gain_;
  at::Tensor* bias_;
};

ModulePtr weight_norm_linear(int64_t in, int64_t out, const WeightNormOptions& options = {});
// The geometry of `conv`; its resampling, bias and initial values are not used.
ModulePtr weight_norm_conv(int64_t in, int64_t out, const ConvOptions& conv,
                           const WeightNormOptions& options = {});
ModulePtr weight_norm_conv_transpose(int64_t in, int64_t out, const ConvOptions& conv,
                                     const WeightNormOptions& options = {});

}  // namespace ganymede::nn
