#include "ganymede/ops/multi_tensor.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/levers.h"
#include "ganymede/ops/pointwise/update.h"
#include "ganymede/ops/pool.h"

namespace ganymede::ops {
namespace {

// Operator by operator and parameter by parameter, as Adam is written down.
void plain_adam_step(at::TensorList parameters, at::TensorList gradients,
                     at::TensorList first_moments, at::TensorList second_moments,
                     at::TensorList counts, const AdamRates& rates) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto count = counts[i].item<double>();
    const at::Tensor gradient = rates.weight_decay == 0
                                    ? gradients[i]
                                    : gradients[i].add(parameters[i], rates.weight_decay);
    first_moments[i].lerp_(gradient, 1 - rates.beta1);
    second_moments[i].mul_(rates.beta2).addcmul_(gradient, gradient, 1 - rates.beta2);
    const double first_scale = 1 - std::pow(rates.beta1, count);
    const double second_scale = 1 - std::pow(rates.beta2, count);
    const at::Tensor denominator =
        second_moments[i].sqrt().div_(std::sqrt(second_scale)).add_(rates.eps);
    parameters[i].addcdiv_(first_moments[i], denominator, -rates.rate / first_scale);
  }
}

// Float32 on the CPU that fills its memory, in whatever order.
bool is_dense(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided &&
         tensor.is_non_overlapping_and_dense();
}

}  // namespace

void count_up(at::TensorList counts) {
  const at::NoGradGuard no_grad;
  if (!std::ranges::all_of(counts, is_dense)) return at::_foreach_add_(counts, 1);
  // LibTorch would take six calls for each.
  for (const at::Tensor& count : counts) *count.data_ptr<float>() += 1;
}

void sgd_step(at::TensorList parameters, at::TensorList gradients, at::TensorList velocities,
              double rate, double momentum) {
  const at::NoGradGuard no_grad;
  at::_foreach_mul_(velocities, momentum);
  at::_foreach_add_(velocities, gradients);
  at::_foreach_add_(parameters, velocities, -rate);
}

void adam_step(at::TensorList parameters, at::TensorList gradients, at::TensorList first_moments,
               at::TensorList second_moments, at::TensorList counts, const AdamRates& rates) {
  const at::NoGradGuard no_grad;
  if (!is_on(Lever::kFusedAdam)) {
    return plain_adam_step(parameters, gradients, first_moments, second_moments, counts, rates);
  }
  at::_fused_adam_(parameters, gradients, first_moments, second_moments, {}, counts, rates.rate,
                   rates.beta1, rates.beta2, rates.weight_decay, rates.eps, /*amsgrad=*/false,
                   /*maximize=*/false);
}

void rmsprop_step(at::TensorList parameters, at::TensorList gradients, at::TensorList squares,
                  double rate, double alpha, double eps) {
  const at::NoGradGuard no_grad;
  at::_foreach_mul_(squares, alpha);
  at::_foreach_addcmul_(squares, gradients, gradients, 1.0 - alpha);
  const std::vector<at::Tensor> denominators = at::_foreach_sqrt(squares);
  at::_foreach_add_(denominators, eps);
  at::_foreach_addcdiv_(parameters, gradients, denominators, -rate);
}

void average_toward(at::TensorList averages, at::TensorList values, double toward) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < averages.size(); ++i) {
    const at::Tensor& average = averages[i];
    if (!is_dense(average) || !is_dense(values[i]) || average.strides() != values[i].strides()) {
      average.lerp_(values[i], toward);
      continue;
    }
    blend(average.data_ptr<float>(), values[i].const_data_ptr<float>(), average.numel(),
          static_cast<float>(toward), pool_executor_for(average.numel()));
  }
}

void clip_values(at::TensorList parameters, double limit) {
  const at::NoGradGuard no_grad;
  at::_foreach_clamp_min_(parameters, -limit);
  at::_foreach_clamp_max_(parameters, limit);
}

at::Tensor norm(at::TensorList tensors) {
  const at::NoGradGuard no_grad;
  if (tensors.empty()) return at::zeros({});
  if (std::ranges::all_of(tensors, is_dense)) {
    double sum = 0;
    for (const at::Tensor& tensor : tensors) {
      sum += sum_of_squares(tensor.const_data_ptr<float>(), tensor.numel(),
                            pool_executor_for(tensor.numel()));
    }
    return at::scalar_tensor(std::sqrt(sum));
  }
  return at::stack(at::_foreach_norm(tensors)).norm();
}

}  // namespace ganymede::ops
