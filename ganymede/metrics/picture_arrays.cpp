#include "ganymede/metrics/picture_arrays.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

std::string shape_text(const at::Tensor& t) {
  if (!t.defined()) return "none";
  return fmt::format("{} [{}]", c10::toString(t.scalar_type()), fmt::join(t.sizes(), ", "));
}

at::Tensor filter_along(const at::Tensor& x, int64_t dim, const std::vector<double>& taps) {
  const int64_t size = x.size(dim) - static_cast<int64_t>(taps.size()) + 1;
  at::Tensor sum = x.narrow(dim, 0, size) * taps[0];
  for (size_t k = 1; k < taps.size(); ++k)
    sum.add_(x.narrow(dim, static_cast<int64_t>(k), size), taps[k]);
  return sum;
}

// Places in [0, size) that positions -margin .. size + margin - 1 show.
at::Tensor mirrored_places(int64_t size, int64_t margin) {
  std::vector<int64_t> places;
  const int64_t period = std::max<int64_t>(1, 2 * (size - 1));
  for (int64_t i = -margin; i < size + margin; ++i) {
    const int64_t place = ((i % period) + period) % period;
    places.push_back(std::min(place, period - place) % size);
  }
  return at::tensor(places, at::kLong);
}

}  // namespace

void check_pictures(const at::Tensor& images, const std::string& where) {
  if (images.defined() && images.scalar_type() == at::kByte && images.dim() == 4 &&
      images.numel() > 0) {
    return;
  }
  throw UsageError(
      {.where = where, .found = shape_text(images), .allowed = "pictures as uint8 [N, C, H, W]"});
}

void check_picture_pair(const at::Tensor& a, const at::Tensor& b, const std::string& where,
                        bool any_count) {
  check_pictures(a, where);
  check_pictures(b, where);
  if (a.sizes().slice(1) == b.sizes().slice(1) && (any_count || a.size(0) == b.size(0))) return;
  throw UsageError({.where = where,
                    .found = shape_text(a) + " against " + shape_text(b),
                    .allowed = any_count ? "pictures of one size" : "as many pictures of one size",
                    .remedy = "resize one of the two, or take fewer"});
}

at::Tensor for_each_picture(int64_t count, const std::function<double(int64_t)>& value) {
  at::Tensor values = at::empty({count}, at::kDouble);
  double* out = values.data_ptr<double>();
  // A range of one would run outside a parallel region, where sums split by the number of threads.
  at::parallel_for(0, std::max<int64_t>(count, 2), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < std::min(end, count); ++i) out[i] = value(i);
  });
  return values;
}

double mean_in_order(const at::Tensor& values) {
  const at::Tensor v = values.contiguous();
  const double* begin = v.data_ptr<double>();
  return std::accumulate(begin, begin + v.numel(), 0.0) / static_cast<double>(v.numel());
}

at::Tensor filter_valid(const at::Tensor& x, const std::vector<double>& taps) {
  return filter_along(filter_along(x, -1, taps), -2, taps);
}

at::Tensor pad_mirrored(const at::Tensor& x, int64_t margin) {
  return x.index_select(-2, mirrored_places(x.size(-2), margin))
      .index_select(-1, mirrored_places(x.size(-1), margin));
}

}  // namespace ganymede::metrics
