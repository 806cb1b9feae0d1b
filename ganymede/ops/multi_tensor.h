// Updates of many tensors in few kernels: what optimizers and averages do to every parameter after
// each step. In-place functions change their first arguments; lists have equal lengths and shapes;
// gradients are not recorded. Tensors are floating, on one device.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::ops {

// Adds 1 to each: 0-d floats, the updates of each parameter.
void count_up(at::TensorList counts);

// v = momentum v + g; p -= rate v (Polyak 1964, with PyTorch's convention for the rate).
void sgd_step(at::TensorList parameters, at::TensorList gradients, at::TensorList velocities,
              double rate, double momentum);

struct AdamRates {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  // times the parameter, added to its gradient
};

// Adam (Kingma & Ba 2015, arXiv 1412.6980), one fused kernel. `counts`: 0-d float32 tensors, the
// updates of each parameter with this one included.
void adam_step(at::TensorList parameters, at::TensorList gradients, at::TensorList first_moments,
               at::TensorList second_moments, at::TensorList counts, const AdamRates& rates);

// s = alpha s + (1 - alpha) g^2; p -= rate g / (sqrt(s) + eps) (Hinton 2012).
void rmsprop_step(at::TensorList parameters, at::TensorList gradients, at::TensorList squares,
                  double rate, double alpha, double eps);

// a += toward (x - a): a step of an exponential moving average.
void average_toward(at::TensorList averages, at::TensorList values, double toward);

// Each value into [-limit, limit] (WGAN's weight clipping).
void clip_values(at::TensorList parameters, double limit);

// Euclidean norm over all values of all tensors: 0-d, on their device, without waiting for it, the
// same for any number of threads on the CPU; 0 for an empty list.
at::Tensor norm(at::TensorList tensors);

}  // namespace ganymede::ops
