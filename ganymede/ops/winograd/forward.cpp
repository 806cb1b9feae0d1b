// The forward operator, and with turned weights the transposed one of 3x3 kernels.
#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/winograd/forward.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/winograd/chunks.h"
#include "ganymede/ops/winograd/input-inl.h"
#include "ganymede/ops/winograd/weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

struct ForwardTensors {
  const float* image;
  const float* transformed;  // or null:
  WeightView view;
  Finish finish;
  float* map;
};

// The products of the panels [first, last) with all points of a chunk.
template <int M, int R>
void multiply_kept(const Layout<M, R, kLanes>& layout, const float* transformed, const Chunk& chunk,
                   const float* points, int64_t first, int64_t last, float* products,
                   int64_t distance) {
  using L = Layout<M, R, kLanes>;
  const ForwardPanels<L> panels(layout);
  const int64_t in_distance = chunk.distance(layout.channel_blocks * L::kPhases);
  for (int e = 0; e < L::kPoints; ++e) {
    Product product{};
    product.in = points + e * in_distance;
    product.block_stride = chunk.block();
    product.weights = transformed + e * panels.distance;
    product.out = products + e * distance;
    set_blocks(layout, e, product);
    multiply_panels(product, panels.stride, first, last, layout.filters, chunk.tiles);
  }
}

// The same for weights that are transformed here, some summed channels at a time.
template <int M, int R>
void multiply_fresh(const Layout<M, R, kLanes>& layout, const WeightView& view, const Chunk& chunk,
                    const float* points, int64_t panel, float* products, int64_t distance) {
  using L = Layout<M, R, kLanes>;
  ScratchFrame frame;
  const int64_t step = channels_at_once<L>(L::kPhases);
  const int64_t weight_distance = step * L::kPhases * kPanel + kPad;
  float* weights = frame.floats(L::kPoints * weight_distance);
  const int64_t in_distance = chunk.distance(layout.channel_blocks * L::kPhases);
  for (int64_t begin = 0; begin < layout.channels; begin += step) {
    const int64_t end = HWY_MIN(layout.channels, begin + step);
    transform_summed_phases<M, R>(layout, view, panel, begin, end, weights, weight_distance);
    for (int e = 0; e < L::kPoints; ++e) {
      Product product{};
      set_blocks(layout, e, product);
      if (end < layout.channels) product.tail_blocks = 0;
      product.blocks = ceil_div(end - begin, kLanes) * layout.phases_at(e);
      product.in = points + e * in_distance + begin / kLanes * layout.phases_at(e) * chunk.block();
      product.block_stride = chunk.block();
      product.weights = weights + e * weight_distance;
      product.out = products + e * distance;
      product.add = begin > 0;
      multiply_panels(product, 0, panel, panel + 1, layout.filters, chunk.tiles);
    }
  }
}

// Panels [first, last) of the map of a chunk whose transformed tiles are `points`.
template <int M, int R>
void map_panels(const Layout<M, R, kLanes>& layout, const ForwardTensors& tensors,
                const Chunk& chunk, const float* points, int64_t first, int64_t last) {
  using L = Layout<M, R, kLanes>;
  ScratchFrame frame;
  const int64_t panel_size = chunk.tiles * kPanel;
  const int64_t distance = (last - first) * panel_size + kPad;
  float* products = frame.floats(L::kPoints * distance);
  if (tensors.transformed != nullptr) {
    multiply_kept<M, R>(layout, tensors.transformed, chunk, points, first, last, products,
                        distance);
  } else {
    for (int64_t panel = first; panel < last; ++panel) {
      multiply_fresh<M, R>(layout, tensors.view, chunk, points, panel,
                           products + (panel - first) * panel_size, distance);
    }
  }
  float* plane = frame.floats(chunk.tile_rows * M * layout.map_cols * kLanes);
  int32_t* offsets = frame.integers(chunk.tile_rows * M * layout.cols);
  layout.map_offsets(chunk.tile_rows, offsets);
  const int64_t blocks = HWY_MIN(2 * last, layout.filter_blocks);
  for (int64_t block = 2 * first; block < blocks; ++block) {
    const FinishLanes finish(tensors.finish, layout.filters, block);
    const float* source = products + (block / 2 - first) * panel_size + block % 2 * kLanes;
    const int64_t filters = lanes_in_block(layout.filters, block);
    layout.segments(chunk.begin, chunk.end, [&](const Segment& s) {
      tiles_at<M, R>(layout, source + s.tile * kPanel, distance, s.end - s.begin, plane);
      float* target =
          tensors.map + (s.image * layout.filters + block * kLanes) * layout.rows * layout.cols;
      store_map<M, R>(layout, s, plane, finish, filters, offsets, target);
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

// `problem` is turned for the transposed operator of 3x3 kernels.
void run_forward_use(const Problem& problem, WeightUse use, const float* image,
                     const Weights& weights, const Finish& finish, float* map,
                     const Executor& executor) {
  const WeightView view = weight_view(problem, use, weights.plain);
  run_forward(problem, {image, weights.transformed, view, finish, map}, executor);
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops::winograd {

HWY_EXPORT(run_forward_use);

void forward(const Problem& problem, const float* image, const Weights& weights,
             const Finish& finish, float* map, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(run_forward_use)
  (problem, WeightUse::kForward, image, weights, finish, map, executor);
}

void transposed_3x3(const Problem& problem, const float* map, const Weights& weights,
                    const Finish& finish, float* image, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(run_forward_use)
  (turned(problem), WeightUse::kTransposed, map, weights, finish, image, executor);
}

}  // namespace ganymede::ops::winograd
#endif
