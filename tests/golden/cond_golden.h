// The cases of cond.json: gans that know labels.
#pragma once

#include "gans_golden.h"

namespace ganymede::golden {

inline const json& cond_cases() {
  static const json cases =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/cond.json"));
  return cases;
}

inline std::vector<std::string> cond_names() {
  std::vector<std::string> names;
  for (const json& golden : cond_cases()) names.push_back(golden["name"]);
  return names;
}

inline const json& cond_case(const std::string& name) {
  for (const json& golden : cond_cases()) {
    if (golden["name"] == name) return golden;
  }
  throw std::runtime_error("no golden case is named " + name);
}

// real_batch() with the labels of cond.py.
inline Batch labelled_batch(const json& golden, int64_t key) {
  Batch batch = real_batch(golden, key);
  const int64_t classes = golden["classes"];
  batch.labels = (at::arange(batch.size(), at::kLong) * 2 + key).remainder(classes);
  return batch;
}

}  // namespace ganymede::golden
