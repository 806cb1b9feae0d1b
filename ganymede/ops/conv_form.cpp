#include "ganymede/ops/conv_form.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/ops/pool.h"
#include "ganymede/ops/thin/convolution.h"
#include "ganymede/ops/weight_cache.h"

namespace ganymede::ops {
namespace {

using winograd::Family;
using winograd::WeightUse;

enum class Engine { kLibTorch, kThin, kTiles };

std::optional<Family> family_of(const ConvGeometry& g, const ConvSizes& sizes) {
  if (g.padding != 1) return std::nullopt;
  if (g.kernel == 3 && g.stride == 1) return Family::k3x3;
  if (g.kernel != 4 || g.stride != 2 || std::min(sizes.height, sizes.width) < 2)
    return std::nullopt;
  return g.shared_phases ? Family::k4x4Shared : Family::k4x4;
}

winograd::Problem tiles_of(Family family, const ConvSizes& sizes) {
  return {.family = family,
          .batch = sizes.batch,
          .channels = sizes.channels,
          .filters = sizes.filters,
          .height = sizes.height,
          .width = sizes.width};
}

thin::Problem thin_of(const ConvGeometry& g, const ConvSizes& sizes) {
  return {.batch = sizes.batch,
          .channels = sizes.channels,
          .filters = sizes.filters,
          .height = sizes.height,
          .width = sizes.width,
          .kernel = g.kernel,
          .stride = g.stride,
          .padding = g.padding};
}

// Found by measuring on AVX2: oneDNN is as good forwards but for large kernels, and at the weights
// of three channels or more; images from maps take it 2 to 12 times as long.
bool thin_is_faster(ConvPart part, const thin::Problem& p) {
  constexpr int64_t kMostChannels = 4, kFewestFilters = 8, kLargeKernel = 9;
  constexpr int64_t kLeastProducts = int64_t{1} << 15;
  if (conv_mode() == ConvMode::kTorch || !winograd::is_fast_here()) return false;
  if (p.channels > kMostChannels || p.filters < kFewestFilters || p.kernel < 3) return false;
  if (p.padding < 0 || p.padding >= p.kernel || p.map_height() < 1 || p.map_width() < 1)
    return false;
  if (p.batch * p.filters * p.taps() * p.map_height() * p.map_width() < kLeastProducts)
    return false;
  if (part == ConvPart::kForward) return p.kernel >= kLargeKernel;
  return part == ConvPart::kTransposed || p.channels < 3;
}

// What computes a part of a convolution, and the problem in its words.
struct Work {
  Work(ConvPart part, const ConvGeometry& geometry, const ConvSizes& sizes)
      : thin(thin_of(geometry, sizes)) {
    if (const auto family = family_of(geometry, sizes)) {
      tiles = tiles_of(*family, sizes);
      ConvChoice choice = choose_conv(part, tiles);
      if (geometry.shared_phases && choice == ConvChoice::kTorch) choice = ConvChoice::kTile2;
      tiles.tile = choice == ConvChoice::kTile4 ? 4 : 2;
      if (choice != ConvChoice::kTorch) engine = Engine::kTiles;
    }
    if (engine == Engine::kLibTorch && thin_is_faster(part, thin)) engine = Engine::kThin;
  }

  Engine engine = Engine::kLibTorch;
  winograd::Problem tiles;
  thin::Problem thin;
};

ConvSizes sizes_of(const at::Tensor& weight, int64_t batch, int64_t height, int64_t width) {
  return {batch, weight.size(1), weight.size(0), height, width};
}

const float* data_or_null(const std::optional<at::Tensor>& tensor) {
  return tensor.has_value() ? tensor->const_data_ptr<float>() : nullptr;
}

}  // namespace

bool has_own_kernel(ConvPart part, const ConvGeometry& geometry, const ConvSizes& sizes) {
  if (geometry.shared_phases) {  // always tiles, but wanted only where these are the choice
    const auto family = family_of(geometry, sizes);
    return family && choose_conv(part, tiles_of(*family, sizes)) != ConvChoice::kTorch;
  }
  return Work(part, geometry, sizes).engine != Engine::kLibTorch;
}

bool has_own_kernel(const ConvGeometry& geometry, const ConvSizes& sizes) {
  return has_own_kernel(ConvPart::kForward, geometry, sizes) ||
         has_own_kernel(ConvPart::kTransposed, geometry, sizes) ||
         has_own_kernel(ConvPart::kWeightGradient, geometry, sizes);
}

at::Tensor form_forward(const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const ConvSizes sizes = sizes_of(weight, image.size(0), image.size(2), image.size(3));
  const Work work(ConvPart::kForward, geometry, sizes);
  if (work.engine == Engine::kLibTorch) {
    return at::conv2d(image, weight, bias, geometry.stride, geometry.padding);
  }
  at::Tensor map = at::empty(
      {sizes.batch, sizes.filters, work.thin.map_height(), work.thin.map_width()}, image.options());
  const Executor threads = pool_executor();
  const auto* from = image.const_data_ptr<float>();
  auto* to = map.data_ptr<float>();
  if (work.engine == Engine::kThin) {
    thin::forward(work.thin, from, weight.const_data_ptr<float>(), data_or_null(bias), to, threads);
  } else {
    const KeptWeights weights(work.tiles, WeightUse::kForward, weight, threads);
    winograd::forward(work.tiles, from, weights.get(), data_or_null(bias), to, threads);
  }
  return map;
}

at::Tensor form_transposed(const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                           int64_t height, int64_t width) {
  const ConvSizes sizes = sizes_of(weight, map.size(0), height, width);
  const Work work(ConvPart::kTransposed, geometry, sizes);
  if (work.engine == Engine::kLibTorch) {
    const auto [kernel, stride, padding, shared] = geometry;
    const auto missing = [&](int64_t size, int64_t made) {
      return size - ((made - 1) * stride - 2 * padding + kernel);
    };
    return at::conv_transpose2d(map, weight, bias, stride, padding,
                                {missing(height, map.size(2)), missing(width, map.size(3))});
  }
  at::Tensor image = at::empty({sizes.batch, sizes.channels, height, width}, map.options());
  const Executor threads = pool_executor();
  const auto* from = map.const_data_ptr<float>();
  auto* to = image.data_ptr<float>();
  if (work.engine == Engine::kThin) {
    thin::transposed(work.thin, from, weight.const_data_ptr<float>(), data_or_null(bias), to,
                     threads);
  } else {
    const KeptWeights weights(work.tiles, WeightUse::kTransposed, weight, threads);
    winograd::transposed(work.tiles, from, weights.get(), data_or_null(bias), to, threads);
  }
  return image;
}

at::Tensor form_weight_gradient(const ConvGeometry& geometry, const at::Tensor& image,
                                const at::Tensor& map) {
  const int64_t kernel = geometry.kernel, stride = geometry.stride, padding = geometry.padding;
  at::Tensor weight = at::empty({map.size(1), image.size(1), kernel, kernel}, image.options());
  const Work work(ConvPart::kWeightGradient, geometry,
                  sizes_of(weight, image.size(0), image.size(2), image.size(3)));
  if (work.engine == Engine::kLibTorch) {
    return std::get<1>(at::convolution_backward(
        map, image, weight, c10::nullopt, {stride, stride}, {padding, padding}, {1, 1},
        /*transposed=*/false, {0, 0}, /*groups=*/1, {false, true, false}));
  }
  const Executor threads = pool_executor();
  const auto* from = image.const_data_ptr<float>();
  const auto* beside = map.const_data_ptr<float>();
  auto* to = weight.data_ptr<float>();
  if (work.engine == Engine::kThin) {
    thin::weight_gradient(work.thin, from, beside, to, threads);
  } else {
    winograd::weight_gradient(work.tiles, from, beside, to, threads);
  }
  return weight;
}

}  // namespace ganymede::ops
