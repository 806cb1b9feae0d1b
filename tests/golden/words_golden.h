// The cases of words.json: a gan that makes pictures of captions.
#pragma once

#include <algorithm>

#include "gans_golden.h"
#include "ganymede/core/token_spec.h"

namespace ganymede::golden {

inline const json& words_cases() {
  static const json cases =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/words.json"));
  return cases;
}

inline std::vector<std::string> words_names() {
  std::vector<std::string> names;
  for (const json& golden : words_cases()) names.push_back(golden["name"]);
  return names;
}

inline const json& words_case(const std::string& name) {
  for (const json& golden : words_cases()) {
    if (golden["name"] == name) return golden;
  }
  throw std::runtime_error("no golden case is named " + name);
}

inline std::unique_ptr<gans::Gan> make_words_gan(const json& golden) {
  SampleSpec spec = spec_of(golden);
  spec.given = {
      {.domain = "text",
       .shape = {golden["length"].get<int64_t>()},
       .domain_state = json{{"vocabulary", golden["vocabulary"]}, {"ends", true}}.dump()}};
  return make_gan(golden, spec);
}

// The captions of words.py, float32 [batch, length].
inline at::Tensor golden_captions(const json& golden, int64_t key) {
  const int64_t batch = golden["batch"], length = golden["length"];
  const int64_t words = golden["vocabulary"].get<int64_t>() - kFirstToken;
  at::Tensor tokens = at::full({batch, length}, kPadToken, at::kFloat);
  for (int64_t i = 0; i + 1 < batch; ++i) {
    const int64_t count = 1 + (2 * i + key) % length;
    for (int64_t j = 0; j < count; ++j) tokens[i][j] = kFirstToken + (5 * i + 3 * j + key) % words;
    if (count < length) tokens[i][count] = kEndToken;
  }
  tokens[1][0] = kUnknownToken;
  tokens[batch - 1].copy_(tokens[0]);
  return tokens;
}

// real_batch() with those.
inline Batch captioned_batch(const json& golden, int64_t key) {
  Batch batch = real_batch(golden, key);
  batch.given = golden_captions(golden, key);
  return batch;
}

}  // namespace ganymede::golden
