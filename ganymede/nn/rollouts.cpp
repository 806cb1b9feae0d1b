#include "ganymede/nn/rollouts.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ganymede::nn {
namespace {

// Rows that are being written: where their tokens go, and what the network remembers.
struct Active {
  at::Tensor places;  // int64 [A], in the buffer of all rows
  Lstm::State state;

  void join(const Active& other) {
    if (!places.defined()) {
      *this = other;
      return;
    }
    places = at::cat({places, other.places});
    state = {at::cat({state.hidden, other.state.hidden}), at::cat({state.cell, other.state.cell})};
  }
  void keep(const at::Tensor& chosen) {
    places = places.index_select(0, chosen);
    state = {state.hidden.index_select(0, chosen), state.cell.index_select(0, chosen)};
  }
};

}  // namespace

at::Tensor token_counts(const at::Tensor& tokens) { return tokens.ne(kPadToken).sum(1); }

std::vector<RolloutGroup> roll_out(const TokenWriter& policy, const at::Tensor& tokens,
                                   int64_t count,
                                   const std::function<at::Tensor(int64_t)>& uniform) {
  const at::NoGradGuard no_grad;
  const at::Tensor numbers = tokens.to(at::kLong);
  const at::Tensor counts = token_counts(tokens);
  const int64_t length = tokens.size(1);
  std::vector<RolloutGroup> groups;
  std::vector<at::Tensor> prefixes;
  for (int64_t kept = 1; kept < length; ++kept) {
    const at::Tensor rows = counts.gt(kept).nonzero().squeeze(1);
    if (rows.size(0) == 0) break;
    at::Tensor prefix = at::full({rows.size(0), length}, kPadToken, numbers.options());
    prefix.narrow(1, 0, kept).copy_(numbers.index_select(0, rows).narrow(1, 0, kept));
    prefixes.push_back(prefix.repeat_interleave(count, 0));
    groups.push_back({.kept = kept, .rows = rows, .completed = {}});
  }
  if (groups.empty()) return groups;
  at::Tensor all = at::cat(prefixes);
  Lstm::State given = policy.begin(tokens.size(0));  // after what is kept of every row
  Active active;
  int64_t next_place = 0;
  for (int64_t t = 1; t < length; ++t) {
    given = policy.read(numbers.select(1, t - 1), given);
    if (t <= static_cast<int64_t>(groups.size())) {
      const at::Tensor rows = groups[static_cast<size_t>(t - 1)].rows.repeat_interleave(count);
      const int64_t fresh = rows.size(0);
      active.join({at::arange(next_place, next_place + fresh, numbers.options()),
                   {given.hidden.index_select(0, rows), given.cell.index_select(0, rows)}});
      next_place += fresh;
    }
    if (active.places.size(0) == 0) continue;
    at::Tensor token = policy.draw(active.state, uniform(active.places.size(0)), 1);
    all.select(1, t).index_copy_(0, active.places, token);
    if (t + 1 == length) break;
    if (policy.spec().ends) {
      const at::Tensor going_on = token.ne(kEndToken).nonzero().squeeze(1);
      active.keep(going_on);
      token = token.index_select(0, going_on);
    }
    active.state = policy.read(token, active.state);
  }
  int64_t place = 0;
  for (RolloutGroup& group : groups) {
    const int64_t rows = group.rows.size(0) * count;
    group.completed = all.narrow(0, place, rows).to(at::kFloat);
    place += rows;
  }
  return groups;
}

}  // namespace ganymede::nn
