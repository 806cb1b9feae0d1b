#include "ganymede/nn/augment/diffaugment.h"

#include <ATen/ATen.h>

#include "ganymede/nn/augment/pixels.h"

namespace ganymede::nn::augment {
namespace {

constexpr double kTranslation = 0.125;  // of the size
constexpr double kCutout = 0.5;

int64_t rounded(int64_t size, double share) {
  return static_cast<int64_t>(static_cast<double>(size) * share + 0.5);
}

// The first zeroed row (or column) of a window of `window` around a random centre.
at::Tensor window_begin(int64_t size, int64_t window, int64_t count, Stream& random) {
  return random.integers({count}, 0, size + 1 - window % 2) - window / 2;
}

}  // namespace

at::Tensor diff_augment(const at::Tensor& x, const DiffAugmentPolicy& policy, Stream& random) {
  const int64_t count = x.size(0), height = x.size(2), width = x.size(3);
  const at::Tensor amount = random.uniform({count}, -0.5, 0.5);
  const at::Tensor saturated = random.uniform({count}, 0.0, 2.0);
  const at::Tensor contrasted = random.uniform({count}, 0.5, 1.5);
  const int64_t most_rows = rounded(height, kTranslation);
  const int64_t most_columns = rounded(width, kTranslation);
  const at::Tensor rows = random.integers({count}, -most_rows, most_rows + 1);
  const at::Tensor columns = random.integers({count}, -most_columns, most_columns + 1);
  const int64_t hole_height = rounded(height, kCutout), hole_width = rounded(width, kCutout);
  const at::Tensor top = window_begin(height, hole_height, count, random);
  const at::Tensor left = window_begin(width, hole_width, count, random);

  at::Tensor seen = x;
  if (policy.color) {
    seen = contrast(saturation(brightness(seen, amount), saturated), contrasted);
  }
  if (policy.translation) seen = translate(seen, rows, columns);
  if (policy.cutout) seen = cut_out(seen, top, left, hole_height, hole_width);
  return seen;
}

}  // namespace ganymede::nn::augment
