// Monte Carlo search: unfinished rows of tokens, each finished several times.
#pragma once

#include <functional>
#include <vector>

#include "ganymede/nn/token_networks.h"

namespace ganymede::nn {

// Ways in which rows may go on after their first `kept` tokens.
struct RolloutGroup {
  int64_t kept = 0;
  at::Tensor rows;       // int64 [R]: those that have more tokens than that
  at::Tensor completed;  // float32 [R * count, length]: `count` for each of them, one after another
};

// For every number of tokens from 1 on that some row of `tokens` (float32 [N, length]) exceeds
// (kEndToken counts as one), `count` ways to finish it, written by `policy`. All rows of all groups
// advance together, and those that have ended no longer cost anything. `uniform(n)` gives n numbers
// in [0, 1), float32 [n]. No gradient.
std::vector<RolloutGroup> roll_out(const TokenWriter& policy, const at::Tensor& tokens,
                                   int64_t count,
                                   const std::function<at::Tensor(int64_t)>& uniform);

// Tokens of each row, kEndToken counted, int64 [N].
at::Tensor token_counts(const at::Tensor& tokens);

}  // namespace ganymede::nn
