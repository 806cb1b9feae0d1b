#include "ganymede/ops/conv_form.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>

#include "ganymede/ops/conv_rules.h"
#include "ganymede/ops/matrix/product.h"
#include "ganymede/ops/norm/batch_norm.h"
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

// f(number of the image, threads for its work): images side by side where there are enough.
template <typename F>
void each_image(int64_t batch, const Executor& threads, F&& f) {
  if (batch >= threads.threads) {
    threads.each(batch, [&](int64_t n) { f(n, inline_executor()); });
  } else {
    for (int64_t n = 0; n < batch; ++n) f(n, threads);
  }
}

const float* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

std::optional<at::Tensor> maybe(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

winograd::Finish lines_of(const ConvFinish& finish) {
  return {data_or_null(finish.scale), data_or_null(finish.shift), static_cast<float>(finish.slope)};
}

// Whether a bias is all of it.
bool is_bias(const ConvFinish& finish) { return !finish.scale.defined() && finish.slope == 1; }
bool is_nothing(const ConvFinish& finish) { return is_bias(finish) && !finish.shift.defined(); }

// A kernel of one pixel: for each image of the batch, matrices of channels by pixels. `weight`
// makes `out` channels of `in`: the forward operator's, or turned that of the transposed one.
void multiply_pixels(const ConvSizes& sizes, const MatrixView& weight, int64_t in, int64_t out,
                     const float* from, float* to, const Executor& threads) {
  const int64_t pixels = sizes.height * sizes.width;
  each_image(sizes.batch, threads, [&](int64_t n, const Executor& executor) {
    multiply({.rows = out,
              .columns = pixels,
              .depth = in,
              .a = weight,
              .b = {from + n * in * pixels, pixels, 1},
              .bias = nullptr,
              .out = to + n * out * pixels,
              .out_stride = pixels},
             executor);
  });
}

void product_weight_gradient(const ConvSizes& sizes, const float* image, const float* map,
                             float* weight, const Executor& threads) {
  const int64_t pixels = sizes.height * sizes.width;
  for (int64_t n = 0; n < sizes.batch; ++n) {
    multiply({.rows = sizes.filters,
              .columns = sizes.channels,
              .depth = pixels,
              .a = {map + n * sizes.filters * pixels, pixels, 1},
              .b = {image + n * sizes.channels * pixels, 1, pixels},
              .bias = nullptr,
              .out = weight,
              .out_stride = sizes.channels,
              .add = n > 0},
             threads);
  }
}

}  // namespace

bool has_own_kernel(const ConvGeometry& geometry, const ConvSizes& sizes) {
  constexpr std::array kParts = {ConvPart::kForward, ConvPart::kTransposed,
                                 ConvPart::kWeightGradient};
  return std::ranges::any_of(kParts, [&](ConvPart part) {
    return choose_conv(part, geometry, sizes) != ConvChoice::kTorch;
  });
}

at::Tensor finished(const at::Tensor& sums, const ConvFinish& finish) {
  at::Tensor y = sums.contiguous();
  const int64_t channels = y.size(1);
  if (y.size(2) * y.size(3) < kFewestPixels) {
    if (finish.scale.defined()) y = y * finish.scale.view({1, channels, 1, 1});
    if (finish.shift.defined()) y = y + finish.shift.view({1, channels, 1, 1});
    return finish.slope == 1 ? y : at::leaky_relu(y, finish.slope);
  }
  const at::Tensor scale = finish.scale.defined() ? finish.scale : at::ones({channels});
  const at::Tensor shift = finish.shift.defined() ? finish.shift : at::zeros({channels});
  const NormProblem problem{.batch = y.size(0),
                            .channels = channels,
                            .pixels = y.size(2) * y.size(3),
                            .slope = static_cast<float>(finish.slope)};
  auto* data = y.data_ptr<float>();
  scale_shift(problem, data, scale.const_data_ptr<float>(), shift.const_data_ptr<float>(), data,
              pool_executor());
  return y;
}

at::Tensor form_forward(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const ConvFinish& finish) {
  const ConvSizes sizes = sizes_of(weight, image.size(0), image.size(2), image.size(3));
  const Work work(choice, geometry, sizes);
  if (work.by_torch()) {
    const auto bias = is_bias(finish) ? maybe(finish.shift) : std::nullopt;
    const at::Tensor sums = at::conv2d(work.laid_out(image), work.laid_out(weight), bias,
                                       geometry.stride, geometry.padding)
                                .contiguous();
    return is_bias(finish) ? sums : finished(sums, finish);
  }
  at::Tensor map = at::empty(
      {sizes.batch, sizes.filters, work.thin.map_height(), work.thin.map_width()}, image.options());
  const Executor threads = pool_executor();
  const auto* from = image.const_data_ptr<float>();
  auto* to = map.data_ptr<float>();
  if (work.choice == ConvChoice::kThin) {
    const float* bias = is_bias(finish) ? data_or_null(finish.shift) : nullptr;
    thin::forward(work.thin, from, weight.const_data_ptr<float>(), bias, to, threads);
    if (!is_bias(finish)) return finished(map, finish);
  } else if (work.choice == ConvChoice::kProduct) {
    const MatrixView matrix{weight.const_data_ptr<float>(), sizes.channels, 1};
    multiply_pixels(sizes, matrix, sizes.channels, sizes.filters, from, to, threads);
    if (!is_nothing(finish)) return finished(map, finish);
  } else {
    const KeptWeights weights(work.tiles, WeightUse::kForward, weight, threads);
    winograd::forward(work.tiles, from, weights.get(), lines_of(finish), to, threads);
  }
  return map;
}

at::Tensor form_transposed(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const ConvFinish& finish, int64_t height,
                           int64_t width) {
  const ConvSizes sizes = sizes_of(weight, map.size(0), height, width);
  const Work work(choice, geometry, sizes);
  if (work.by_torch()) {
    const auto [kernel, stride, padding, shared] = geometry;
    const auto missing = [&](int64_t size, int64_t made) {
      return size - ((made - 1) * stride - 2 * padding + kernel);
    };
    const auto bias = is_bias(finish) ? maybe(finish.shift) : std::nullopt;
    const at::Tensor sums =
        at::conv_transpose2d(work.laid_out(map), work.laid_out(weight), bias, stride, padding,
                             {missing(height, map.size(2)), missing(width, map.size(3))})
            .contiguous();
    return is_bias(finish) ? sums : finished(sums, finish);
  }
  at::Tensor image = at::empty({sizes.batch, sizes.channels, height, width}, map.options());
  const Executor threads = pool_executor();
  const auto* from = map.const_data_ptr<float>();
  auto* to = image.data_ptr<float>();
  if (work.choice == ConvChoice::kThin) {
    const float* bias = is_bias(finish) ? data_or_null(finish.shift) : nullptr;
    thin::transposed(work.thin, from, weight.const_data_ptr<float>(), bias, to, threads);
    if (!is_bias(finish)) return finished(image, finish);
  } else if (work.choice == ConvChoice::kProduct) {
    const MatrixView turned{weight.const_data_ptr<float>(), 1, sizes.channels};
    multiply_pixels(sizes, turned, sizes.filters, sizes.channels, from, to, threads);
    if (!is_nothing(finish)) return finished(image, finish);
  } else {
    const KeptWeights weights(work.tiles, WeightUse::kTransposed, weight, threads);
    winograd::transposed(work.tiles, from, weights.get(), lines_of(finish), to, threads);
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
  } else if (work.choice == ConvChoice::kProduct) {
    product_weight_gradient(sizes_of(image, map), from, beside, to, threads);
  } else {
    winograd::weight_gradient(work.tiles, from, beside, to, threads);
  }
  return weight;
}

at::Tensor form_forward(const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const ConvFinish& finish) {
  const ConvSizes sizes = sizes_of(weight, image.size(0), image.size(2), image.size(3));
  return form_forward(choose_conv(ConvPart::kForward, geometry, sizes), geometry, image, weight,
                      finish);
}

at::Tensor form_transposed(const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const ConvFinish& finish, int64_t height,
                           int64_t width) {
  const ConvSizes sizes = sizes_of(weight, map.size(0), height, width);
  return form_transposed(choose_conv(ConvPart::kTransposed, geometry, sizes), geometry, map, weight,
                         finish, height, width);
}

at::Tensor form_weight_gradient(const ConvGeometry& geometry, const at::Tensor& image,
                                const at::Tensor& map) {
  return form_weight_gradient(
      choose_conv(ConvPart::kWeightGradient, geometry, sizes_of(image, map)), geometry, image, map);
}

}  // namespace ganymede::ops
