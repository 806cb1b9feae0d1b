// From the words of a line to one vector.
#pragma once

#include "ganymede/core/token_spec.h"
#include "ganymede/nn/layers.h"

namespace ganymede::nn {

struct TextEncoderOptions {
  int64_t word_dim = 64;  // of a word's vector
  int64_t units = 128;    // of what is seen of three words that follow each other
  int64_t text_dim = 128;
};

// Numbers of tokens, float32 or int64 [N, length] -> float32 [N, text_dim], each row of length
// sqrt(text_dim). Each place is told by its word's vector and by a convolution over it and its two
// neighbours (Kim 2014, arXiv 1408.5882, with windows of 3 words), ReLU; the mean over all places
// goes through a linear layer. Padding and words that the vocabulary does not hold count for
// nothing: a line without any known word gives the vector of no words.
// Parameters "word.weight" [vocabulary, word_dim], "window.weight" [units, word_dim, 3],
// "window.bias", "out.weight" [text_dim, word_dim + units], "out.bias".
ModulePtr text_encoder(const TokenSpec& tokens, const TextEncoderOptions& options = {});

// Rows of [N, D] scaled to the length sqrt(D), so that their entries have the size of N(0, 1).
at::Tensor to_unit_size(const at::Tensor& rows);

}  // namespace ganymede::nn
