// Networks that write and judge rows of tokens (core/tokens.h): float32 [N, length].
#pragma once

#include "ganymede/core/token_spec.h"
#include "ganymede/nn/layers.h"
#include "ganymede/nn/lstm.h"

namespace ganymede::nn {

struct TokenWriterSizes {
  int64_t embedding = 32;
  int64_t hidden = 32;
  double keep = 1;         // dropout of what is embedded and hidden, in forward() only
  double deviation = 0.1;  // of all weights at the start, N(0, deviation)
};

// A language model that writes token by token: embedding, LSTM, a linear layer to the tokens that a
// text may hold (none of the numbers below kEndToken, and that one only where spec.ends). Children
// embedding, lstm, output.
class TokenWriter final : public Module {
 public:
  TokenWriter(const TokenSpec& spec, const TokenWriterSizes& sizes);

  // Logits of each token after those before it: [N, length] -> [N, length, outputs]. With dropout
  // in training.
  at::Tensor forward(const at::Tensor& tokens) override;
  // log p(token | those before it), float32 [N, length]; 0 for padding and unknown words.
  // `dropout`: in training.
  at::Tensor log_probabilities(const at::Tensor& tokens, bool dropout = false);

  // The same step by step, for sampling. `token`: int64 [N].
  Lstm::State begin(int64_t rows) const;
  Lstm::State read(const at::Tensor& token, const Lstm::State& state) const;
  at::Tensor logits(const Lstm::State& state) const;  // [N, outputs]

  // Draws the next token of each row, int64 [N]: the first at which the cumulative probability
  // exceeds uniform (float32 [N]), of logits divided by `temperature`. Memory is that of a block of
  // rows. No gradient.
  at::Tensor draw(const Lstm::State& state, const at::Tensor& uniform, double temperature) const;

  // Whole rows: uniform float32 [N, length] in [0, 1) decides each token. No gradient.
  at::Tensor write(const at::Tensor& uniform, double temperature) const;

  const TokenSpec& spec() const { return spec_; }
  int64_t first() const { return first_; }  // the token that output 0 stands for

 private:
  at::Tensor hidden(const at::Tensor& tokens, bool dropout);

  TokenSpec spec_;
  int64_t first_;
  double keep_;
  at::Tensor* embedding_;
  Lstm& lstm_;
  at::Tensor* output_weight_;
  at::Tensor* output_bias_;
};

struct TokenCriticSizes {
  int64_t embedding = 64;
  std::vector<int64_t> widths = {2, 3};  // of windows; those longer than a row are left out
  std::vector<int64_t> maps = {100, 200};
  double keep = 0.75;
};

// Convolutions over windows of several widths, the largest of each, a highway layer, dropout, one
// logit: Kim 2014 (arXiv 1408.5882) with Srivastava et al. 2015 (arXiv 1505.00387), as SeqGAN
// judges text. features() is what the last layer sees, without dropout. Children embedding,
// conv.<i>, highway.transform, highway.gate, output.
class TokenCritic final : public Module {
 public:
  TokenCritic(const TokenSpec& spec, const TokenCriticSizes& sizes);

  at::Tensor forward(const at::Tensor& tokens) override;  // [N, length] -> [N, 1]
  at::Tensor features(const at::Tensor& tokens) override;
  // Half the squared length of the last layer's weights and bias: what L2 keeps small.
  at::Tensor output_energy() const;

 private:
  struct Window {
    at::Tensor* weight;  // [maps, embedding, width]
    at::Tensor* bias;
  };
  std::vector<Window> windows_;
  at::Tensor* embedding_;
  ModulePtr transform_, gate_, dropout_;
  at::Tensor* output_weight_;
  at::Tensor* output_bias_;
};

}  // namespace ganymede::nn
