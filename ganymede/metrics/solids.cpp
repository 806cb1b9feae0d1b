#include "ganymede/metrics/solids.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBlock = 256;  // solids that become numbers at once

void check(const at::Tensor& solids) {
  if (solids.dim() == 5 && solids.size(1) == 1 && solids.size(0) > 0) return;
  throw UsageError({.where = "metrics of solids",
                    .found = "samples of another shape",
                    .allowed = "float32 [N, 1, S, S, S]"});
}

// uint8 [N, voxels].
at::Tensor filled_of(const at::Tensor& solids) {
  check(solids);
  return (solids > 0.5).to(at::kByte).flatten(1).contiguous();
}

struct Pieces {
  int64_t count = 0;
  int64_t largest = 0;
  int64_t filled = 0;
};

// Floods one piece after the other; `voxels` are used up.
Pieces pieces_of(uint8_t* voxels, const std::array<int64_t, 3>& sides) {
  const std::array<int64_t, 3> strides = {sides[1] * sides[2], sides[2], 1};
  const int64_t total = sides[0] * strides[0];
  Pieces pieces;
  std::vector<int64_t> open;
  for (int64_t start = 0; start < total; ++start) {
    if (voxels[start] == 0) continue;
    voxels[start] = 0;
    open.push_back(start);
    int64_t size = 0;
    while (!open.empty()) {
      const int64_t at = open.back();
      open.pop_back();
      ++size;
      for (size_t d = 0; d < 3; ++d) {
        const int64_t place = at / strides[d] % sides[d];
        for (const int64_t way : {int64_t{-1}, int64_t{1}}) {
          if (place + way < 0 || place + way >= sides[d]) continue;
          const int64_t to = at + way * strides[d];
          if (voxels[to] == 0) continue;
          voxels[to] = 0;
          open.push_back(to);
        }
      }
    }
    ++pieces.count;
    pieces.filled += size;
    pieces.largest = std::max(pieces.largest, size);
  }
  return pieces;
}

}  // namespace

at::Tensor solid_overlap(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor left = filled_of(a), right = filled_of(b);
  const at::Tensor left_sizes = left.sum(1, true).to(at::kFloat);
  const at::Tensor right_sizes = right.sum(1).to(at::kFloat);
  at::Tensor overlap = at::empty({left.size(0), right.size(0)});
  const at::Tensor rows = left.to(at::kFloat);
  for (int64_t begin = 0; begin < right.size(0); begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, right.size(0));
    const at::Tensor common = at::mm(rows, right.slice(0, begin, end).to(at::kFloat).t());
    const at::Tensor either = left_sizes + right_sizes.slice(0, begin, end) - common;
    overlap.slice(1, begin, end)
        .copy_(at::where(either > 0, common / either.clamp_min(1), at::ones_like(common)));
  }
  return overlap;
}

SolidStatistics solid_statistics(const at::Tensor& solids) {
  const at::Tensor filled = filled_of(solids);
  const int64_t count = filled.size(0);
  SolidStatistics result = {at::empty({count}, at::kDouble), at::empty({count}, at::kDouble),
                            at::empty({count}, at::kDouble)};
  auto* volume = result.volume.data_ptr<double>();
  auto* parts = result.parts.data_ptr<double>();
  auto* largest = result.largest.data_ptr<double>();
  const std::array<int64_t, 3> sides = {solids.size(2), solids.size(3), solids.size(4)};
  auto* voxels = filled.data_ptr<uint8_t>();
  for (int64_t i = 0; i < count; ++i) {
    const Pieces pieces = pieces_of(voxels + i * filled.size(1), sides);
    volume[i] = static_cast<double>(pieces.filled) / static_cast<double>(filled.size(1));
    parts[i] = static_cast<double>(pieces.count);
    largest[i] = pieces.filled > 0
                     ? static_cast<double>(pieces.largest) / static_cast<double>(pieces.filled)
                     : 0.0;
  }
  return result;
}

SolidVariety solid_variety(const at::Tensor& fakes, const at::Tensor& reals) {
  if (fakes.size(0) != reals.size(0) || fakes.size(0) < 2) {
    throw UsageError({.where = "metrics::solid_variety",
                      .found = std::to_string(fakes.size(0)) + " generated and " +
                               std::to_string(reals.size(0)) + " real solids",
                      .allowed = "as many of both, two or more"});
  }
  const int64_t n = fakes.size(0);
  const at::Tensor overlap = solid_overlap(fakes, reals);
  SolidVariety result;
  at::Tensor covered = at::zeros({n});
  covered.index_fill_(0, overlap.argmax(1), 1);
  result.coverage = covered.mean().item<double>();
  result.matching = std::get<0>(overlap.max(0)).mean().item<double>();
  // Of every solid the nearest other one among all.
  const at::Tensor all = at::cat({at::cat({solid_overlap(fakes, fakes), overlap}, 1),
                                  at::cat({overlap.t(), solid_overlap(reals, reals)}, 1)});
  const at::Tensor nearest = all.fill_diagonal_(-1).argmax(1);
  const at::Tensor is_fake = at::arange(2 * n) < n;
  const at::Tensor right = (nearest < n) == is_fake;
  result.neighbour_accuracy = right.to(at::kDouble).mean().item<double>();
  return result;
}

}  // namespace ganymede::metrics
