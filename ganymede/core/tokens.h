// Numbers that stand for no part of a text.
#pragma once

#include <cstdint>

namespace ganymede {

// Numbers of the tokens that are no part of any text. A sample is float32 [length]: the numbers of
// its tokens, then kEndToken and kPadToken for the rest where it is shorter.
inline constexpr int64_t kPadToken = 0;
inline constexpr int64_t kBeginToken = 1;    // what a network reads before the first token
inline constexpr int64_t kUnknownToken = 2;  // a word that the vocabulary does not hold
inline constexpr int64_t kEndToken = 3;
inline constexpr int64_t kFirstToken = 4;  // of the vocabulary's own

}  // namespace ganymede
