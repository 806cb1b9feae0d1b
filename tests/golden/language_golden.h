// The cases of language.json as live gans.
#pragma once

#include "gans_golden.h"

namespace ganymede::golden {

inline const json& language_cases() {
  static const json cases =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/language.json"));
  return cases;
}

inline std::vector<std::string> language_names() {
  std::vector<std::string> names;
  for (const json& golden : language_cases()) names.push_back(golden["name"]);
  return names;
}

inline const json& language_case(const std::string& name) {
  for (const json& golden : language_cases()) {
    if (golden["name"] == name) return golden;
  }
  throw std::runtime_error("no golden case is named " + name);
}

inline std::unique_ptr<gans::Gan> make_language_gan(const json& golden) {
  const auto builder = gans::registry().find(golden["gan"]).builder();
  config::Recipe recipe;
  for (const auto& [key, literal] : golden["config"].items()) {
    recipe.set("gan." + key + "=" + literal.get<std::string>());
  }
  recipe.bind(builder->section());
  const json& spec = golden["spec"];
  auto gan = builder->build(
      {.domain = "text", .shape = {spec["length"].get<int64_t>()}, .domain_state = spec.dump()});
  gan->initialize(0);
  for (const auto& network : gan->networks()) {
    fill_weights(*network->module, 1.5, golden["chirp"]);
    if (network->average) network->average->load_state(network->module->state(), "golden");
  }
  return gan;
}

// real_batch() of language.py.
inline Batch text_batch(const json& golden, int64_t key) {
  constexpr int64_t kFirst = 4, kUnknown = 2, kEnd = 3;
  const json& spec = golden["spec"];
  const int64_t length = spec["length"], words = spec["vocabulary"].get<int64_t>() - kFirst;
  const int64_t rows = golden["batch"];
  at::Tensor samples = at::zeros({rows, length});
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t count = spec["ends"].get<bool>() ? 3 + (2 * r + key) % (length - 2) : length;
    for (int64_t t = 0; t < count; ++t) {
      samples[r][t] = static_cast<double>(kFirst + (7 * r + 3 * t + 5 * key + t * t) % words);
    }
    if (r == 1) samples[r][1] = static_cast<double>(kUnknown);
    if (count < length) samples[r][count] = static_cast<double>(kEnd);
  }
  return {.samples = samples, .labels = {}};
}

}  // namespace ganymede::golden
