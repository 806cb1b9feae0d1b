// The transposed operator of 4x4 kernels with stride 2: transformed tiles of the map times weights
// are tiles of the image's phases, which overlap and are added.
#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/winograd/transposed.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "ganymede/ops/winograd/chunks.h"
#include "ganymede/ops/winograd/input-inl.h"
#include "ganymede/ops/winograd/weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

// Where a chunk ends inside an image, its last tiles reach into two image rows that the next chunk
// writes. They are kept apart and added at the end, so that chunks do not wait for each other.
struct TransposedWork {
  const float* map;
  const float* transformed;  // or null:
  WeightView view;
  Finish finish;
  float* image;
  float* seams;  // [chunk][channel][2][width]
  int64_t seam_stride;
};

// Image rows [begin, end) of the segment (local rows, clipped to the image) from the planes.
template <int M>
void store_image_rows(const Layout<M, 2, kLanes>& layout, const Segment& segment, int64_t begin,
                      int64_t end, const float* planes, const int32_t* offsets,
                      const FinishLanes& finish, const Rows<float>& target) {
  const int64_t first = layout.first_row(segment.begin);
  begin = HWY_MAX(begin, -first);
  end = HWY_MIN(end, layout.height - first);
  if (begin >= end) return;
  rows_from_planes(planes, offsets + begin * layout.width, finish,
                   {target.data + (first + begin) * layout.width, target.stride, target.channels,
                    (end - begin) * layout.width});
}

// The channel block `block` of the image from its products; product[phase][e] is where they are.
template <int M>
struct ImageBlock {
  using L = Layout<M, 2, kLanes>;
  const L& layout;
  const TransposedWork& work;
  const Chunk& chunk;
  int64_t index;  // of the chunk
  const float* products[L::kPhases][L::kPoints];

  void store(int64_t block, int64_t panel_offset) const {
    ScratchFrame frame;
    const int64_t plane = layout.plane_size(chunk.tile_rows);
    float* planes = frame.floats(L::kPhases * plane);
    int32_t* offsets = frame.integers(layout.image_rows(chunk.tile_rows) * layout.width);
    layout.image_offsets(chunk.tile_rows, offsets);
    layout.segments(chunk.begin, chunk.end, [&](const Segment& s) {
      for (int phase = 0; phase < L::kPhases; ++phase) {
        tiles_b<M, 2>(layout, products[phase], panel_offset + s.tile * kPanel, s.end - s.begin,
                      planes + phase * plane);
      }
      store_segment(s, block, planes, offsets);
    });
  }

  void store_segment(const Segment& s, int64_t block, const float* planes,
                     const int32_t* offsets) const {
    const int64_t area = layout.height * layout.width;
    const int64_t channels = lanes_in_block(layout.channels, block);
    const int64_t own = 2 * M * (s.end - s.begin);
    const bool whole = s.end == layout.tile_rows;
    const FinishLanes finish(work.finish, layout.channels, block);
    const Rows<float> target{work.image + (s.image * layout.channels + block * kLanes) * area, area,
                             channels, 0};
    // The first two rows still lack what the chunk above has of them.
    FinishLanes linear = finish;
    linear.slope = 1;
    const int64_t shared = s.begin == 0 ? 0 : 2;
    store_image_rows<M>(layout, s, 0, shared, planes, offsets, linear, target);
    store_image_rows<M>(layout, s, shared, whole ? own + 2 : own, planes, offsets, finish, target);
    if (whole) return;
    std::fill_n(linear.shift, kLanes, 0.0F);
    float* seam = work.seams + index * work.seam_stride + block * kLanes * 2 * layout.width;
    rows_from_planes(planes, offsets + own * layout.width, linear,
                     {seam, 2 * layout.width, channels, 2 * layout.width});
  }
};

// Where products lie: products[point][slot of phases][panel][tile][kPanel].
struct Slots {
  float* products;
  int64_t size;      // floats of a slot
  int64_t distance;  // floats of a point
};

// Product of point e with the filters from `begin` on, apart from its weights.
template <int M>
Product filter_product(const Layout<M, 2, kLanes>& layout, const Chunk& chunk, const float* points,
                       int e, int64_t begin, int64_t end) {
  Product product{};
  product.in = points + e * chunk.distance(layout.filter_blocks) + begin / kLanes * chunk.block();
  product.block_stride = chunk.block();
  product.blocks = ceil_div(end - begin, kLanes);
  product.tail_lanes = layout.filters % kLanes;
  product.tail_blocks = end == layout.filters && product.tail_lanes != 0 ? 1 : 0;
  product.add = begin > 0;
  return product;
}

template <int M>
void multiply_kept(const Layout<M, 2, kLanes>& layout, const float* transformed, const Chunk& chunk,
                   const float* points, int64_t first, int64_t last, const Slots& slots) {
  using L = Layout<M, 2, kLanes>;
  const TransposedPanels<L> panels(layout);
  for (int e = 0; e < L::kPoints; ++e) {
    for (int slot = 0; slot < layout.phases_at(e); ++slot) {
      Product product = filter_product<M>(layout, chunk, points, e, 0, layout.filters);
      product.weights = transformed + e * panels.distance + slot * panels.per_phase * panels.stride;
      product.out = slots.products + e * slots.distance + slot * slots.size;
      multiply_panels(product, panels.stride, first, last, layout.channels, chunk.tiles);
    }
  }
}

// The same for weights that are transformed here, some filters at a time.
template <int M>
void multiply_fresh(const Layout<M, 2, kLanes>& layout, const WeightView& view, const Chunk& chunk,
                    const float* points, int64_t panel, float* products, const Slots& slots) {
  using L = Layout<M, 2, kLanes>;
  ScratchFrame frame;
  const int64_t step = channels_at_once<L>(L::kPhases);
  const int64_t slot_stride = step * kPanel;
  const int64_t distance = L::kPhases * slot_stride + kPad;
  float* weights = frame.floats(L::kPoints * distance);
  for (int64_t begin = 0; begin < layout.filters; begin += step) {
    const int64_t end = HWY_MIN(layout.filters, begin + step);
    transform_output_phases<M>(layout, view, panel, begin, end, weights, distance, slot_stride);
    for (int e = 0; e < L::kPoints; ++e) {
      for (int slot = 0; slot < layout.phases_at(e); ++slot) {
        Product product = filter_product<M>(layout, chunk, points, e, begin, end);
        product.weights = weights + e * distance + slot * slot_stride;
        product.out = products + e * slots.distance + slot * slots.size;
        multiply_panels(product, 0, panel, panel + 1, layout.channels, chunk.tiles);
      }
    }
  }
}

// Panels [first, last) of channels of a chunk whose transformed tiles are `points`.
template <int M>
void image_panels(const Layout<M, 2, kLanes>& layout, const TransposedWork& work,
                  const Chunk& chunk, int64_t index, const float* points, int64_t first,
                  int64_t last) {
  using L = Layout<M, 2, kLanes>;
  ScratchFrame frame;
  const int64_t panel_size = chunk.tiles * kPanel;
  Slots slots{nullptr, (last - first) * panel_size,
              L::kPhases * (last - first) * panel_size + kPad};
  slots.products = frame.floats(L::kPoints * slots.distance);
  if (work.transformed != nullptr) {
    multiply_kept<M>(layout, work.transformed, chunk, points, first, last, slots);
  } else {
    for (int64_t panel = first; panel < last; ++panel) {
      float* products = slots.products + (panel - first) * panel_size;
      multiply_fresh<M>(layout, work.view, chunk, points, panel, products, slots);
    }
  }
  ImageBlock<M> image_block{layout, work, chunk, index, {}};
  for (int e = 0; e < L::kPoints; ++e) {
    for (int phase = 0; phase < L::kPhases; ++phase) {
      image_block.products[phase][e] =
          slots.products + e * slots.distance + layout.slot(e, phase) * slots.size;
    }
  }
  const int64_t blocks = HWY_MIN(2 * last, layout.channel_blocks);
  for (int64_t block = 2 * first; block < blocks; ++block) {
    image_block.store(block, (block / 2 - first) * panel_size + block % 2 * kLanes);
  }
}

template <int M>
void add_seams(const Layout<M, 2, kLanes>& layout, const TransposedWork& work, const Chunks& chunks,
               const Executor& executor) {
  executor.each(chunks.count - 1, [&](int64_t index) {
    const int64_t unit = (index + 1) * chunks.units;
    const int64_t tile_row = unit % layout.tile_rows;
    if (tile_row == 0) return;
    const int64_t row = layout.first_row(tile_row);
    const int64_t count = HWY_MIN(int64_t{2}, layout.height - row) * layout.width;
    const int64_t area = layout.height * layout.width;
    float* image = work.image + unit / layout.tile_rows * layout.channels * area;
    for (int64_t c = 0; c < layout.channels; ++c) {
      const float* seam = work.seams + index * work.seam_stride + c * 2 * layout.width;
      float* target = image + c * area + row * layout.width;
      for (int64_t i = 0; i < count; ++i) {
        const float y = target[i] + seam[i];
        target[i] = y > 0 ? y : work.finish.slope * y;
      }
    }
  });
}

template <int M>
void transposed_tile(const Problem& problem, TransposedWork work, const Executor& executor) {
  using L = Layout<M, 2, kLanes>;
  const L layout(problem);
  const TransposedPanels<L> panels(layout);
  const Chunks chunks(
      layout, L::kPoints * (layout.filter_blocks * kLanes + L::kPhases * panels.per_phase * kPanel),
      static_cast<int64_t>(panels.size()), executor);
  ScratchFrame seam_frame;
  work.seam_stride = layout.channels * 2 * layout.width;
  work.seams = seam_frame.floats(chunks.count * work.seam_stride);
  const auto chunk_at = [&](int64_t index) {
    return Chunk(layout, index * chunks.units, HWY_MIN(layout.units, (index + 1) * chunks.units));
  };
  if (chunks.each_alone) {
    executor.each(chunks.count, [&](int64_t index) {
      const Chunk chunk = chunk_at(index);
      ScratchFrame frame;
      float* points = frame.floats(L::kPoints * chunk.distance(layout.filter_blocks));
      for (int64_t block = 0; block < layout.filter_blocks; ++block) {
        map_tiles<M, 2>(layout, chunk, work.map, block, points);
      }
      image_panels<M>(layout, work, chunk, index, points, 0, panels.per_phase);
    });
  } else {
    for (int64_t index = 0; index < chunks.count; ++index) {
      const Chunk chunk = chunk_at(index);
      ScratchFrame frame;
      float* points = frame.floats(L::kPoints * chunk.distance(layout.filter_blocks));
      executor.each(layout.filter_blocks, [&](int64_t block) {
        map_tiles<M, 2>(layout, chunk, work.map, block, points);
      });
      executor.each(panels.per_phase, [&](int64_t panel) {
        image_panels<M>(layout, work, chunk, index, points, panel, panel + 1);
      });
    }
  }
  add_seams<M>(layout, work, chunks, executor);
}

void run_transposed(const Problem& problem, const float* map, const Weights& weights,
                    const Finish& finish, float* image, const Executor& executor) {
  const WeightView view = weight_view(problem, WeightUse::kTransposed, weights.plain);
  const TransposedWork work{map, weights.transformed, view, finish, image, nullptr, 0};
  if (problem.tile == 4) {
    transposed_tile<4>(problem, work, executor);
  } else {
    transposed_tile<2>(problem, work, executor);
  }
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops::winograd {

HWY_EXPORT(run_transposed);

void transposed(const Problem& problem, const float* map, const Weights& weights,
                const Finish& finish, float* image, const Executor& executor) {
  if (!problem.strided()) {
    transposed_3x3(problem, map, weights, finish, image, executor);
    return;
  }
  HWY_DYNAMIC_DISPATCH(run_transposed)(problem, map, weights, finish, image, executor);
}

}  // namespace ganymede::ops::winograd
#endif
