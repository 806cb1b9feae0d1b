// Weight normalisation: Salimans & Kingma 2016, arXiv 1602.07868.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

struct WeightNormOptions {
  bool trained_scale = false;     // else the scale is a buffer that only fit() sets
  double weight_deviation = 0.1;  // of v ~ N(0, deviation); its length does not matter
};

// y = x w^T + b with rows w = scale * v / |v| (eq. 2). Parameters "weight" (v) [out, in] and
// "bias"; "scale" [out] begins at 1.
class WeightNormLinear final : public Module {
 public:
  WeightNormLinear(int64_t in, int64_t out, const WeightNormOptions& options = {});
  at::Tensor forward(const at::Tensor& input) override;
  // Sets scale and bias so that every output has mean 0 and variance 1 on `input` [N, in] (sec. 3),
  // and returns those outputs. Outputs that do not vary keep their scale.
  at::Tensor fit(const at::Tensor& input);

 private:
  at::Tensor* weight_;
  at::Tensor* scale_;
  at::Tensor* bias_;
};

}  // namespace ganymede::nn
