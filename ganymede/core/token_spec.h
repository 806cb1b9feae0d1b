// What networks need to know of samples that are lines of text.
#pragma once

#include <cstdint>

#include "ganymede/core/sample.h"
#include "ganymede/core/tokens.h"

namespace ganymede {

struct TokenSpec {
  int64_t length = 0;      // tokens of a sample
  int64_t vocabulary = 0;  // numbers are below this; the four above count
  bool ends = true;        // samples may be shorter than length
};

// Throws UsageError for samples of another domain, ModelError where spec.domain_state lacks it.
TokenSpec token_spec_of(const SampleSpec& spec);

}  // namespace ganymede
