// The synthetic language of SeqGAN (Yu et al. 2017, arXiv 1609.05473, 4.1): texts of an LSTM with
// random weights, whose probability of any text is known.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

// 20 tokens out of 5,000; embedding and LSTM 32 wide; all weights N(0, 1). The same everywhere.
class Oracle {
 public:
  static constexpr int64_t kTokens = 5000;
  static constexpr int64_t kLength = 20;

  static const Oracle& get();

  // Text `i` of the language is a function of i alone: int64 [count, kLength] in [0, kTokens).
  at::Tensor sample(int64_t first, int64_t count) const;
  // Nats of each text, -log p, float32 [N]: tokens int64 [N, kLength] in [0, kTokens).
  at::Tensor nats(const at::Tensor& tokens) const;

 private:
  Oracle();
  struct State {
    at::Tensor hidden, cell;
  };
  State begin(int64_t rows) const;
  State read(const at::Tensor& token, const State& state) const;
  at::Tensor logits(const State& state) const;

  at::Tensor embedding_, input_, hidden_, bias_, output_, output_bias_;
};

// The built-in set "oracle-text": 10,000 texts to train on and 10,000 to test with, by config split
// and limit. Its words are the tokens' numbers.
std::shared_ptr<Dataset> open_oracle_text(const DataConfig& config);

}  // namespace ganymede::data
