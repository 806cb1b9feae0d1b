#include "ganymede/dist/rows.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "ganymede/core/error.h"

namespace ganymede::dist {
namespace {

constexpr int64_t kMostDims = 8;
constexpr int64_t kPiece = int64_t{4} << 20;  // bytes; c10d's TCPStore takes 8 MiB at once

// What the others must know of a rank's tensor: rows, dtype, dimensions, the other sizes.
at::Tensor header_of(const at::Tensor& mine) {
  at::Tensor header = at::zeros({2 + kMostDims}, at::kLong);
  if (!mine.defined() || mine.numel() == 0) return header;
  if (mine.dim() > kMostDims) {
    throw UsageError({.where = "dist::gather_rows",
                      .found = std::to_string(mine.dim()) + " dimensions",
                      .allowed = "at most " + std::to_string(kMostDims)});
  }
  header[0] = mine.size(0);
  header[1] = static_cast<int64_t>(mine.scalar_type());
  header[2] = mine.dim();
  for (int64_t i = 1; i < mine.dim(); ++i) header[2 + i] = mine.size(i);
  return header;
}

int64_t rows_of(const at::Tensor& header) { return header[0].item<int64_t>(); }

// The header that all ranks with rows share; undefined when none has any.
at::Tensor common_header(const std::vector<at::Tensor>& headers) {
  at::Tensor common;
  for (const at::Tensor& header : headers) {
    if (rows_of(header) == 0) continue;
    if (!common.defined()) common = header;
    if (at::equal(header.slice(0, 1), common.slice(0, 1))) continue;
    throw UsageError({.where = "dist::gather_rows",
                      .found = "rows of different shapes or types on different ranks",
                      .allowed = "one shape and type"});
  }
  return common;
}

std::vector<int64_t> row_shape(const at::Tensor& header) {
  std::vector<int64_t> shape;
  for (int64_t i = 1; i < header[2].item<int64_t>(); ++i)
    shape.push_back(header[2 + i].item<int64_t>());
  return shape;
}

// uint8 [bytes] of every rank; `counts`: how many each has, of which the caller's are `own`.
std::vector<at::Tensor> gather_bytes(Group& group, const at::Tensor& own,
                                     const std::vector<int64_t>& counts) {
  std::vector<at::Tensor> all;
  for (const int64_t count : counts) all.push_back(at::empty({count}, at::kByte));
  const int64_t longest = *std::max_element(counts.begin(), counts.end());
  for (int64_t at = 0; at < longest; at += kPiece) {
    const int64_t size = std::min(kPiece, longest - at);
    at::Tensor piece = at::zeros({size}, at::kByte);  // collectives want equal sizes
    const int64_t have = std::clamp<int64_t>(own.size(0) - at, 0, size);
    if (have > 0) piece.narrow(0, 0, have).copy_(own.narrow(0, at, have));
    const std::vector<at::Tensor> pieces = group.gather(piece);
    for (size_t rank = 0; rank < all.size(); ++rank) {
      const int64_t part = std::clamp<int64_t>(counts[rank] - at, 0, size);
      if (part > 0) all[rank].narrow(0, at, part).copy_(pieces[rank].narrow(0, 0, part));
    }
  }
  return all;
}

}  // namespace

at::Tensor gather_rows(Group& group, const at::Tensor& mine) {
  if (group.size() == 1) return mine;
  const at::Tensor header = header_of(mine);
  const std::vector<at::Tensor> headers = group.gather(header);
  const at::Tensor common = common_header(headers);
  if (!common.defined()) return {};
  const auto dtype = static_cast<at::ScalarType>(common[1].item<int64_t>());
  std::vector<int64_t> shape = row_shape(common);
  auto row_bytes = static_cast<int64_t>(at::elementSize(dtype));
  for (const int64_t size : shape) row_bytes *= size;
  std::vector<int64_t> counts;
  for (const at::Tensor& other : headers) counts.push_back(rows_of(other) * row_bytes);
  const at::Tensor own = rows_of(header) == 0
                             ? at::empty({0}, at::kByte)
                             : mine.detach().cpu().contiguous().view(-1).view(at::kByte);
  shape.insert(shape.begin(), -1);
  return at::cat(gather_bytes(group, own, counts)).view(dtype).view(shape);
}

}  // namespace ganymede::dist
