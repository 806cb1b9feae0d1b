#include "ganymede/ops/conv_form.h"

#include <ATen/ATen.h>

#include "ganymede/ops/pool.h"
#include "ganymede/ops/weight_cache.h"

namespace ganymede::ops {
namespace {

using winograd::Family;
using winograd::Problem;
using winograd::WeightUse;

Problem problem_of(Family family, int64_t batch, const at::Tensor& weight, int64_t height,
                   int64_t width) {
  return {.family = family,
          .batch = batch,
          .channels = weight.size(1),
          .filters = weight.size(0),
          .height = height,
          .width = width};
}

// Sets the tile by the choice; false when LibTorch computes.
bool engine_computes(ConvPart part, Problem& problem) {
  ConvChoice choice = choose_conv(part, problem);
  if (problem.family == Family::k4x4Shared && choice == ConvChoice::kTorch) {
    choice = ConvChoice::kTile2;
  }
  problem.tile = choice == ConvChoice::kTile4 ? 4 : 2;
  return choice != ConvChoice::kTorch;
}

const float* data_or_null(const std::optional<at::Tensor>& tensor) {
  return tensor.has_value() ? tensor->const_data_ptr<float>() : nullptr;
}

int64_t stride_of(const Problem& problem) { return problem.strided() ? 2 : 1; }

}  // namespace

at::Tensor form_forward(Family family, const at::Tensor& image, const at::Tensor& weight,
                        const std::optional<at::Tensor>& bias) {
  Problem problem = problem_of(family, image.size(0), weight, image.size(2), image.size(3));
  if (!engine_computes(ConvPart::kForward, problem)) {
    return at::conv2d(image, weight, bias, stride_of(problem), 1);
  }
  at::Tensor map = at::empty(
      {problem.batch, problem.filters, problem.map_height(), problem.map_width()}, image.options());
  const Executor threads = pool_executor();
  const KeptWeights weights(problem, WeightUse::kForward, weight, threads);
  winograd::forward(problem, image.const_data_ptr<float>(), weights.get(), data_or_null(bias),
                    map.data_ptr<float>(), threads);
  return map;
}

at::Tensor form_transposed(Family family, const at::Tensor& map, const at::Tensor& weight,
                           const std::optional<at::Tensor>& bias, int64_t height, int64_t width) {
  Problem problem = problem_of(family, map.size(0), weight, height, width);
  if (!engine_computes(ConvPart::kTransposed, problem)) {
    const int64_t stride = stride_of(problem);
    return at::conv_transpose2d(map, weight, bias, stride, 1,
                                {height - stride * map.size(2), width - stride * map.size(3)});
  }
  at::Tensor image = at::empty({problem.batch, problem.channels, height, width}, map.options());
  const Executor threads = pool_executor();
  const KeptWeights weights(problem, WeightUse::kTransposed, weight, threads);
  winograd::transposed(problem, map.const_data_ptr<float>(), weights.get(), data_or_null(bias),
                       image.data_ptr<float>(), threads);
  return image;
}

at::Tensor form_weight_gradient(Family family, const at::Tensor& image, const at::Tensor& map) {
  const int64_t kernel = family == Family::k3x3 ? 3 : 4;
  at::Tensor weight = at::empty({map.size(1), image.size(1), kernel, kernel}, image.options());
  Problem problem = problem_of(family, image.size(0), weight, image.size(2), image.size(3));
  if (!engine_computes(ConvPart::kWeightGradient, problem)) {
    const int64_t stride = stride_of(problem);
    return std::get<1>(at::convolution_backward(map, image, weight, c10::nullopt, {stride, stride},
                                                {1, 1}, {1, 1}, /*transposed=*/false, {0, 0},
                                                /*groups=*/1, {false, true, false}));
  }
  winograd::weight_gradient(problem, image.const_data_ptr<float>(), map.const_data_ptr<float>(),
                            weight.data_ptr<float>(), pool_executor());
  return weight;
}

}  // namespace ganymede::ops
