#include "ganymede/ops/conv_form.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>

#include "ganymede/ops/conv_rules.h"
#include "ganymede/ops/pool.h"
#include "ganymede/ops/thin/convolution.h"
#include "ganymede/ops/weight_cache.h"

namespace ganymede::ops {
namespace {

using winograd::WeightUse;

// What computes a part of a convolution, and the problem in the words of either kernel.
struct Work {
  Work(ConvChoice made, const ConvGeometry& geometry, const ConvSizes& sizes)
      : choice(made),
        tiles(tiles_of(geometry, sizes).value_or(winograd::Problem{})),
        thin(thin_of(geometry, sizes)) {
    if (geometry.shared_phases && by_torch()) choice = ConvChoice::kTile2;
    tiles.tile = choice == ConvChoice::kTile4 ? 4 : 2;
  }
  bool by_torch() const { return choice == ConvChoice::kTorch || choice == ConvChoice::kTorchNhwc; }
  // A tensor as LibTorch is to have it; what it then makes is laid out likewise.
  at::Tensor laid_out(const at::Tensor& tensor) const {
    return choice == ConvChoice::kTorchNhwc ? tensor.contiguous(at::MemoryFormat::ChannelsLast)
                                            : tensor;
  }

  ConvChoice choice;
  winograd::Problem tiles;  // where the choice is a tile
  thin::Problem thin;
};

ConvSizes sizes_of(const at::Tensor& weight, int64_t batch, int64_t height, int64_t width) {
  return {batch, weight.size(1), weight.size(0), height, width};
}

ConvSizes sizes_of(const at::Tensor& image, const at::Tensor& map) {
  return {image.size(0), image.size(1), map.size(1), image.size(2), image.size(3)};
}

const float* data_or_null(const std::optional<at::Tensor>& tensor) {
  return tensor.has_value() ? tensor->const_data_ptr<float>() : nullptr;
}

}  // namespace

bool has_own_kernel(const ConvGeometry& geometry, const ConvSizes& sizes) {
  constexpr std::array kParts = {ConvPart::kForward, ConvPart::kTransposed,
                                 ConvPart::kWeightGradient};
  return std::ranges::any_of(kParts, [&](ConvPart part) {
    return choose_conv(part, geometry, sizes) != ConvChoice::kTorch;
  });
}

at::Tensor form_forward(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const ConvSizes sizes = sizes_of(weight, image.size(0), image.size(2), image.size(3));
  const Work work(choice, geometry, sizes);
  if (work.by_torch()) {
    return at::conv2d(work.laid_out(image), work.laid_out(weight), bias, geometry.stride,
                      geometry.padding)
        .contiguous();
  }
  at::Tensor map = at::empty(
      {sizes.batch, sizes.filters, work.thin.map_height(), work.thin.map_width()}, image.options());
  const Executor threads = pool_executor();
  const auto* from = image.const_data_ptr<float>();
  auto* to = map.data_ptr<float>();
  if (work.choice == ConvChoice::kThin) {
    thin::forward(work.thin, from, weight.const_data_ptr<float>(), data_or_null(bias), to, threads);
  } else {
    const KeptWeights weights(work.tiles, WeightUse::kForward, weight, threads);
    winograd::forward(work.tiles, from, weights.get(), data_or_null(bias), to, threads);
  }
  return map;
}

at::Tensor form_transposed(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                           int64_t height, int64_t width) {
  const ConvSizes sizes = sizes_of(weight, map.size(0), height, width);
  const Work work(choice, geometry, sizes);
  if (work.by_torch()) {
    const auto [kernel, stride, padding, shared] = geometry;
    const auto missing = [&](int64_t size, int64_t made) {
      return size - ((made - 1) * stride - 2 * padding + kernel);
    };
    return at::conv_transpose2d(work.laid_out(map), work.laid_out(weight), bias, stride, padding,
                                {missing(height, map.size(2)), missing(width, map.size(3))})
        .contiguous();
  }
  at::Tensor image = at::empty({sizes.batch, sizes.channels, height, width}, map.options());
  const Executor threads = pool_executor();
  const auto* from = map.const_data_ptr<float>();
  auto* to = image.data_ptr<float>();
  if (work.choice == ConvChoice::kThin) {
    thin::transposed(work.thin, from, weight.const_data_ptr<float>(), data_or_null(bias), to,
                     threads);
  } else {
    const KeptWeights weights(work.tiles, WeightUse::kTransposed, weight, threads);
    winograd::transposed(work.tiles, from, weights.get(), data_or_null(bias), to, threads);
  }
  return image;
}

at::Tensor form_weight_gradient(ConvChoice choice, const ConvGeometry& geometry,
                                const at::Tensor& image, const at::Tensor& map) {
  const int64_t kernel = geometry.kernel, stride = geometry.stride, padding = geometry.padding;
  at::Tensor weight = at::empty({map.size(1), image.size(1), kernel, kernel}, image.options());
  const Work work(choice, geometry, sizes_of(image, map));
  if (work.by_torch()) {
    return std::get<1>(at::convolution_backward(
                           work.laid_out(map), work.laid_out(image), work.laid_out(weight),
                           c10::nullopt, {stride, stride}, {padding, padding}, {1, 1},
                           /*transposed=*/false, {0, 0}, /*groups=*/1, {false, true, false}))
        .contiguous();
  }
  const Executor threads = pool_executor();
  const auto* from = image.const_data_ptr<float>();
  const auto* beside = map.const_data_ptr<float>();
  auto* to = weight.data_ptr<float>();
  if (work.choice == ConvChoice::kThin) {
    thin::weight_gradient(work.thin, from, beside, to, threads);
  } else {
    winograd::weight_gradient(work.tiles, from, beside, to, threads);
  }
  return weight;
}

at::Tensor form_forward(const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const ConvSizes sizes = sizes_of(weight, image.size(0), image.size(2), image.size(3));
  return form_forward(choose_conv(ConvPart::kForward, geometry, sizes), geometry, image, weight,
                      bias);
}

at::Tensor form_transposed(const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                           int64_t height, int64_t width) {
  const ConvSizes sizes = sizes_of(weight, map.size(0), height, width);
  return form_transposed(choose_conv(ConvPart::kTransposed, geometry, sizes), geometry, map, weight,
                         bias, height, width);
}

at::Tensor form_weight_gradient(const ConvGeometry& geometry, const at::Tensor& image,
                                const at::Tensor& map) {
  return form_weight_gradient(
      choose_conv(ConvPart::kWeightGradient, geometry, sizes_of(image, map)), geometry, image, map);
}

}  // namespace ganymede::ops
