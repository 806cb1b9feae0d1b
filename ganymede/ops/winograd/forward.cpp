// The forward operator, and with turned weights the transposed one of 3x3 kernels.
#include "ganymede/ops/winograd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/winograd/forward.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/winograd/chunks.h"
#include "ganymede/ops/winograd/input-inl.h"
#include "ganymede/ops/winograd/panels.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

struct ForwardTensors {
  const float* image;
  const float* transformed;
  const float* bias;
  float* map;
};

// Panels [first, last) of the map of a chunk whose transformed tiles are `points`.
template <int M, int R>
void map_panels(const Layout<M, R, kLanes>& layout, const ForwardTensors& tensors,
                const Chunk& chunk, const float* points, int64_t first, int64_t last) {
  using L = Layout<M, R, kLanes>;
  const ForwardPanels<L> panels(layout);
  ScratchFrame frame;
  const int64_t distance = (last - first) * chunk.tiles * kPanel + kPad;
  float* products = frame.floats(L::kPoints * distance);
  const int64_t in_distance = chunk.distance(layout.channel_blocks * L::kPhases);
  for (int e = 0; e < L::kPoints; ++e) {
    Product product{};
    product.in = points + e * in_distance;
    product.block_stride = chunk.block();
    product.weights = tensors.transformed + e * panels.distance;
    product.out = products + e * distance;
    set_blocks(layout, e, product);
    multiply_panels(product, panels.stride, first, last, layout.filters, chunk.tiles);
  }
  float* plane = frame.floats(chunk.tile_rows * M * layout.map_cols * kLanes);
  int32_t* offsets = frame.integers(chunk.tile_rows * M * layout.cols);
  layout.map_offsets(chunk.tile_rows, offsets);
  const int64_t blocks = HWY_MIN(2 * last, layout.filter_blocks);
  for (int64_t block = 2 * first; block < blocks; ++block) {
    float bias[kLanes];
    bias_lanes(tensors.bias, layout.filters, block, bias);
    const float* source =
        products + (block / 2 - first) * chunk.tiles * kPanel + block % 2 * kLanes;
    const int64_t filters = lanes_in_block(layout.filters, block);
    layout.segments(chunk.begin, chunk.end, [&](const Segment& s) {
      tiles_at<M, R>(layout, source + s.tile * kPanel, distance, s.end - s.begin, plane);
      float* target =
          tensors.map + (s.image * layout.filters + block * kLanes) * layout.rows * layout.cols;
      store_map<M, R>(layout, s, plane, bias, filters, offsets, target);
    });
  }
}

template <int M, int R>
void forward_tile(const Problem& problem, const ForwardTensors& tensors, const Executor& executor) {
  using L = Layout<M, R, kLanes>;
  const L layout(problem);
  const ForwardPanels<L> panels(layout);
  const int64_t in_blocks = layout.channel_blocks * L::kPhases;
  const Chunks chunks(layout, L::kPoints * (in_blocks * kLanes + panels.count * kPanel),
                      static_cast<int64_t>(panels.size()), executor);
  const auto chunk_at = [&](int64_t index) {
    return Chunk(layout, index * chunks.units, HWY_MIN(layout.units, (index + 1) * chunks.units));
  };
  if (chunks.each_alone) {
    executor.each(chunks.count, [&](int64_t index) {
      const Chunk chunk = chunk_at(index);
      ScratchFrame frame;
      float* points = frame.floats(L::kPoints * chunk.distance(in_blocks));
      for (int64_t block = 0; block < layout.channel_blocks; ++block) {
        image_tiles<M, R>(layout, chunk, tensors.image, block, points);
      }
      map_panels<M, R>(layout, tensors, chunk, points, 0, panels.count);
    });
    return;
  }
  for (int64_t index = 0; index < chunks.count; ++index) {
    const Chunk chunk = chunk_at(index);
    ScratchFrame frame;
    float* points = frame.floats(L::kPoints * chunk.distance(in_blocks));
    executor.each(layout.channel_blocks, [&](int64_t block) {
      image_tiles<M, R>(layout, chunk, tensors.image, block, points);
    });
    executor.each(panels.count, [&](int64_t panel) {
      map_panels<M, R>(layout, tensors, chunk, points, panel, panel + 1);
    });
  }
}

void run_forward(const Problem& problem, const ForwardTensors& tensors, const Executor& executor) {
  if (problem.strided()) {
    if (problem.tile == 4) {
      forward_tile<4, 2>(problem, tensors, executor);
    } else {
      forward_tile<2, 2>(problem, tensors, executor);
    }
  } else if (problem.tile == 4) {
    forward_tile<4, 3>(problem, tensors, executor);
  } else {
    forward_tile<2, 3>(problem, tensors, executor);
  }
}

// Tensors of the operator as plain arguments, because each target has its own ForwardTensors.
void run_forward_plain(const Problem& problem, const float* image, const float* transformed,
                       const float* bias, float* map, const Executor& executor) {
  run_forward(problem, {image, transformed, bias, map}, executor);
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops::winograd {

HWY_EXPORT(run_forward_plain);

void forward(const Problem& problem, const float* image, const float* transformed,
             const float* bias, float* map, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(run_forward_plain)(problem, image, transformed, bias, map, executor);
}

}  // namespace ganymede::ops::winograd
#endif
