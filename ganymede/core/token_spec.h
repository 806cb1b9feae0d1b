// What networks need to know of samples that are lines of text.
#pragma once

#include <cstdint>

#include "ganymede/core/sample.h"

namespace ganymede {

// Numbers of the tokens that are no part of any text. A sample is float32 [length]: the numbers of
// its tokens, then kEndToken and kPadToken for the rest where it is shorter.
inline constexpr int64_t kPadToken = 0;
inline constexpr int64_t kBeginToken = 1;    // what a network reads before the first token
inline constexpr int64_t kUnknownToken = 2;  // a word that the vocabulary does not hold
inline constexpr int64_t kEndToken = 3;
inline constexpr int64_t kFirstToken = 4;  // of the vocabulary's own

struct TokenSpec {
  int64_t length = 0;      // tokens of a sample
  int64_t vocabulary = 0;  // numbers are below this; the four above count
  bool ends = true;        // samples may be shorter than length
};

// Throws UsageError for samples of another domain, ModelError where spec.domain_state lacks it.
TokenSpec token_spec_of(const SampleSpec& spec);

}  // namespace ganymede
