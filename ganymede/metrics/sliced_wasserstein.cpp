#include "ganymede/metrics/sliced_wasserstein.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/metrics/float_sort.h"
#include "ganymede/metrics/picture_arrays.h"

namespace ganymede::metrics {
namespace {

constexpr double kScale = 1e3;
constexpr int64_t kPatchPixels = kPatchPx * kPatchPx;
constexpr int64_t kRowBlock = 256;       // patches projected at once
constexpr int64_t kDirectionBlock = 32;  // bounds the memory of the projections

std::vector<double> pyramid_taps(double sum) {
  return {sum / 16, sum * 4 / 16, sum * 6 / 16, sum * 4 / 16, sum / 16};
}

at::Tensor every_second(const at::Tensor& x) { return x.slice(-2, 0, {}, 2).slice(-1, 0, {}, 2); }

at::Tensor halved(const at::Tensor& x) {
  return every_second(filter_valid(pad_mirrored(x, 2), pyramid_taps(1))).contiguous();
}

// `x` spread over every second pixel of [..., height, width], the gaps filled by the same filter.
at::Tensor doubled(const at::Tensor& x, int64_t height, int64_t width) {
  at::Tensor spread = at::zeros({x.size(0), x.size(1), height, width}, x.options());
  every_second(spread).copy_(x);
  return filter_valid(pad_mirrored(spread, 2), pyramid_taps(2));
}

int64_t count_levels(int64_t side) {
  int64_t levels = 1;
  for (; side > kLowestLevelPx; side = (side + 1) / 2) ++levels;
  return levels;
}

// Corners of the patches of `count` pictures, each keyed by its number.
at::Tensor draw_corners(const std::string& set, int64_t level, uint64_t seed,
                        const at::Tensor& like, int64_t count) {
  const Stream keyed(seed, "sliced patches of " + set + " at level " + std::to_string(level));
  at::Tensor corners = at::empty({count, kPatchesPerImage, 2}, at::kLong);
  int64_t* out = corners.data_ptr<int64_t>();
  const auto tops = static_cast<uint64_t>(like.size(2) - kPatchPx + 1);
  const auto lefts = static_cast<uint64_t>(like.size(3) - kPatchPx + 1);
  for (int64_t i = 0; i < count; ++i) {
    Stream stream = keyed.at(static_cast<uint64_t>(i));
    for (int64_t p = 0; p < kPatchesPerImage; ++p) {
      *out++ = static_cast<int64_t>(stream.below(tops));
      *out++ = static_cast<int64_t>(stream.below(lefts));
    }
  }
  return corners;
}

at::Tensor draw_directions(int64_t channels, int64_t level, uint64_t seed) {
  Stream stream(seed, "sliced directions", static_cast<uint64_t>(level));
  const at::Tensor d = stream.normal({channels * kPatchPixels, kSliceDirections}).to(at::kDouble);
  return d / d.square().sum(0, true).sqrt();
}

// Patches of one level of all pictures; pyramids are built picture by picture.
at::Tensor level_descriptors(const at::Tensor& images, const std::string& set, int64_t level,
                             uint64_t seed) {
  const auto index = static_cast<size_t>(level);
  const at::Tensor like = laplacian_pyramid(images.narrow(0, 0, 1))[index];
  const at::Tensor corners = draw_corners(set, level, seed, like, images.size(0));
  at::Tensor rows =
      at::empty({images.size(0) * kPatchesPerImage, images.size(1), kPatchPixels}, at::kFloat);
  at::parallel_for(0, images.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const at::Tensor picture = laplacian_pyramid(images.narrow(0, i, 1))[index];
      rows.narrow(0, i * kPatchesPerImage, kPatchesPerImage)
          .copy_(patch_descriptors(picture, corners.narrow(0, i, 1)));
    }
  });
  return rows;
}

// Sums over patches and pixels of `value` by channel, [C], in blocks that are added in order.
at::Tensor channel_means(const at::Tensor& patches,
                         const std::function<at::Tensor(const at::Tensor&)>& value) {
  const int64_t rows = patches.size(0);
  const int64_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  at::Tensor sums = at::zeros({blocks, patches.size(1)}, at::kDouble);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t count = std::min(kRowBlock, rows - b * kRowBlock);
      const at::Tensor x = patches.narrow(0, b * kRowBlock, count).to(at::kDouble);
      sums[b].copy_(value(x).sum(at::IntArrayRef{0, 2}));
    }
  });
  at::Tensor total = at::zeros({patches.size(1)}, at::kDouble);
  for (int64_t b = 0; b < blocks; ++b) total.add_(sums[b]);
  return total / static_cast<double>(rows * patches.size(2));
}

// What makes each channel mean 0 and deviation 1 over a set; [C, 1] each.
struct Scaling {
  at::Tensor mean;
  at::Tensor deviation;
};

Scaling scaling_of(const at::Tensor& patches) {
  const at::Tensor mean =
      channel_means(patches, [](const at::Tensor& x) { return x; }).unsqueeze(1);
  const at::Tensor deviation =
      channel_means(patches, [&mean](const at::Tensor& x) { return (x - mean).square(); })
          .sqrt()
          .unsqueeze(1);
  return {mean, at::where(deviation > 0, deviation, at::ones_like(deviation))};  // constant colour
}

// float32 [D, M]: each row one direction's projections, ascending.
at::Tensor sorted_projections(const at::Tensor& patches, const Scaling& scaling,
                              const at::Tensor& directions) {
  const int64_t rows = patches.size(0);
  const int64_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  at::Tensor projected = at::empty({directions.size(1), rows}, at::kFloat);
  // Two blocks at least: matrix products inside a parallel region use one thread each, whatever
  // their number, and so round alike.
  at::parallel_for(0, std::max<int64_t>(blocks, 2), 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < std::min(end, blocks); ++b) {
      const int64_t count = std::min(kRowBlock, rows - b * kRowBlock);
      const at::Tensor x = patches.narrow(0, b * kRowBlock, count).to(at::kDouble);
      const at::Tensor scaled = ((x - scaling.mean) / scaling.deviation).flatten(1);
      projected.narrow(1, b * kRowBlock, count).copy_(scaled.mm(directions).t());
    }
  });
  float* values = projected.data_ptr<float>();
  at::parallel_for(0, projected.size(0), 1, [&](int64_t begin, int64_t end) {
    std::vector<uint32_t> scratch;
    for (int64_t d = begin; d < end; ++d)
      sort_floats({values + d * rows, static_cast<size_t>(rows)}, scratch);
  });
  return projected;
}

double sum_of_mean_distances(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor means = for_each_picture(
      a.size(0), [&](int64_t d) { return mean_in_order((a[d].to(at::kDouble) - b[d]).abs()); });
  return mean_in_order(means) * static_cast<double>(a.size(0));
}

}  // namespace

std::vector<at::Tensor> laplacian_pyramid(const at::Tensor& images) {
  std::vector<at::Tensor> levels = {images.to(at::kDouble)};
  const int64_t count = count_levels(std::min(images.size(2), images.size(3)));
  for (int64_t level = 1; level < count; ++level) {
    const at::Tensor fine = levels.back();
    const at::Tensor coarse = halved(fine);
    levels.back() = fine - doubled(coarse, fine.size(2), fine.size(3));
    levels.push_back(coarse);
  }
  return levels;
}

at::Tensor patch_descriptors(const at::Tensor& level, const at::Tensor& corners) {
  const at::Tensor planes = level.to(at::kDouble).contiguous();
  const at::Tensor places = corners.contiguous();
  const int64_t channels = level.size(1);
  const int64_t width = level.size(3);
  const int64_t plane = level.size(2) * width;
  at::Tensor rows =
      at::empty({level.size(0) * corners.size(1), channels, kPatchPixels}, at::kFloat);
  float* out = rows.data_ptr<float>();
  const int64_t* corner = places.data_ptr<int64_t>();
  for (int64_t row = 0; row < rows.size(0); ++row, corner += 2) {
    const double* first = planes.data_ptr<double>() + (row / corners.size(1)) * channels * plane +
                          corner[0] * width + corner[1];
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t y = 0; y < kPatchPx; ++y)
        for (int64_t x = 0; x < kPatchPx; ++x)
          *out++ = static_cast<float>(first[c * plane + y * width + x]);
  }
  return rows;
}

double sliced_distance(const at::Tensor& real, const at::Tensor& fake,
                       const at::Tensor& directions) {
  const Scaling real_scaling = scaling_of(real);
  const Scaling fake_scaling = scaling_of(fake);
  double sum = 0;
  for (int64_t first = 0; first < directions.size(1); first += kDirectionBlock) {
    const int64_t count = std::min(kDirectionBlock, directions.size(1) - first);
    const at::Tensor some = directions.narrow(1, first, count).contiguous();
    sum += sum_of_mean_distances(sorted_projections(real, real_scaling, some),
                                 sorted_projections(fake, fake_scaling, some));
  }
  return sum / static_cast<double>(directions.size(1));
}

std::vector<double> sliced_wasserstein(const at::Tensor& real, const at::Tensor& fake,
                                       uint64_t seed) {
  check_picture_pair(real, fake, "metrics::sliced_wasserstein");
  const int64_t side = std::min(real.size(2), real.size(3));
  if (side < kPatchPx) {
    throw UsageError({.where = "metrics::sliced_wasserstein",
                      .found = "pictures with a side of " + std::to_string(side) + " px",
                      .allowed = "7 px or more"});
  }
  std::vector<double> distances;
  for (int64_t level = 0; level < count_levels(side); ++level) {
    const at::Tensor directions = draw_directions(real.size(1), level, seed);
    distances.push_back(kScale * sliced_distance(level_descriptors(real, "reals", level, seed),
                                                 level_descriptors(fake, "fakes", level, seed),
                                                 directions));
  }
  const double sum = std::accumulate(distances.begin(), distances.end(), 0.0);
  distances.push_back(sum / static_cast<double>(distances.size()));
  return distances;
}

}  // namespace ganymede::metrics
