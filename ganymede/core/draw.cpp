#include "ganymede/core/draw.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <vector>

namespace ganymede {
namespace {

// Sum of `count` floats in eight lanes: the same for any caller.
float block_sum(const float* values, int64_t count) {
  std::array<float, 8> lanes{};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (size_t lane = 0; lane < 8; ++lane) lanes[lane] += values[i + static_cast<int64_t>(lane)];
  }
  for (; i < count; ++i) lanes[0] += values[i];
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

constexpr int64_t kBlock = 64;

// Where the cumulative sum of `weights` first exceeds `share` of their sum.
int64_t find_place(const float* weights, int64_t count, double share, std::vector<float>& sums) {
  const int64_t blocks = (count + kBlock - 1) / kBlock;
  sums.resize(static_cast<size_t>(blocks));
  double total = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    sums[static_cast<size_t>(b)] =
        block_sum(weights + b * kBlock, std::min(kBlock, count - b * kBlock));
    total += sums[static_cast<size_t>(b)];
  }
  double left = share * total;
  int64_t block = 0;
  while (block + 1 < blocks && left >= sums[static_cast<size_t>(block)]) {
    left -= sums[static_cast<size_t>(block)];
    ++block;
  }
  const int64_t end = std::min(count, (block + 1) * kBlock);
  int64_t last = block * kBlock;  // that has any weight
  for (int64_t i = block * kBlock; i < end; ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

}  // namespace

at::Tensor draw_from_logits(const at::Tensor& logits, const at::Tensor& uniform) {
  const at::NoGradGuard no_grad;
  if (!logits.is_cpu()) {
    const at::Tensor until = at::softmax(logits, 1, at::kDouble).cumsum(1);
    const at::Tensor wanted =
        uniform.to(at::kDouble).unsqueeze(1) * until.select(1, -1).unsqueeze(1);
    return at::searchsorted(until, wanted, false, true).squeeze(1).clamp_max(logits.size(1) - 1);
  }
  const at::Tensor weights = (logits - logits.amax(1, true)).exp_().contiguous();
  const at::Tensor shares = uniform.contiguous();
  at::Tensor places = at::empty({logits.size(0)}, at::kLong);
  const int64_t count = logits.size(1);
  const float* from = weights.data_ptr<float>();
  at::parallel_for(0, logits.size(0), 16, [&](int64_t begin, int64_t end) {
    std::vector<float> sums;
    for (int64_t row = begin; row < end; ++row) {
      places.data_ptr<int64_t>()[row] = find_place(
          from + row * count, count, static_cast<double>(shares.data_ptr<float>()[row]), sums);
    }
  });
  return places;
}

}  // namespace ganymede
