// The cases of gans.json and of the other families as live gans: weights and samples by the
// formulas of gans.py.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "ganymede/config/recipe.h"
#include "ganymede/gans/registry.h"

namespace ganymede::golden {

using nlohmann::json;

inline const json& gan_cases() {
  static const json cases = [] {
    json all = json::array();
    for (const char* family : {"gans", "critics"}) {
      const std::string path = std::string(GANYMEDE_SOURCE_DIR "/tests/golden/") + family + ".json";
      for (const json& golden : json::parse(std::ifstream(path))) all.push_back(golden);
    }
    return all;
  }();
  return cases;
}

inline std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const json& golden : gan_cases()) names.push_back(golden["name"]);
  return names;
}

inline const json& gan_case(const std::string& name) {
  for (const json& golden : gan_cases()) {
    if (golden["name"] == name) return golden;
  }
  throw std::runtime_error("no golden case is named " + name);
}

// values.flat[i] as float32 of a formula in double.
template <typename Formula>
at::Tensor by_formula(at::IntArrayRef shape, const Formula& formula) {
  at::Tensor values = at::empty(shape, at::kFloat);
  float* out = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    out[i] = static_cast<float>(formula(static_cast<double>(i)));
  }
  return values;
}

// 0, 1, 2 ... in turn; undefined without classes.
inline at::Tensor class_labels(const json& golden) {
  const int64_t classes = golden.value("classes", 0);
  if (classes == 0) return {};
  return at::arange(golden["batch"].get<int64_t>(), at::kLong).remainder(classes);
}

inline Batch real_batch(const json& golden, int64_t key) {
  std::vector<int64_t> shape = golden["shape"];
  shape.insert(shape.begin(), golden["batch"].get<int64_t>());
  return {.samples = by_formula(
              shape,
              [&](double i) { return 0.9 * std::cos(0.3 * i + 1.7 * static_cast<double>(key)); }),
          .labels = class_labels(golden)};
}

inline void fill_weights(nn::Module& module, double gain = 1.5, double chirp = 0) {
  const at::NoGradGuard no_grad;
  int64_t k = 0;
  module.each_parameter([&](const std::string& path, at::Tensor& parameter) {
    const bool matrix = parameter.dim() > 1;
    const double scale =
        matrix ? gain / std::sqrt(static_cast<double>(parameter.numel() / parameter.size(0))) : 0.1;
    const double center = !matrix && path.ends_with("weight") ? 1.0 : 0.0;
    parameter.copy_(by_formula(parameter.sizes(), [&](double i) {
      return center + scale * std::sin(0.7 * i + chirp * i * i + static_cast<double>(k));
    }));
    ++k;
  });
}

inline SampleSpec spec_of(const json& golden) {
  return {.domain = golden["domain"],
          .shape = golden["shape"],
          .classes = golden.value("classes", int64_t{0})};
}

inline std::unique_ptr<gans::Gan> make_gan(const json& golden, const SampleSpec& spec) {
  const auto builder = gans::registry().find(golden["gan"]).builder();
  config::Recipe recipe;
  for (const auto& [key, literal] : golden["config"].items()) {
    recipe.set("gan." + key + "=" + literal.get<std::string>());
  }
  recipe.bind(builder->section());
  auto gan = builder->build(spec);
  gan->initialize(0);
  for (const auto& network : gan->networks()) {
    fill_weights(*network->module, golden.value("gain", 1.5), golden.value("chirp", 0.0));
    if (network->average) network->average->load_state(network->module->state(), "golden");
  }
  return gan;
}

inline std::unique_ptr<gans::Gan> make_gan(const json& golden) {
  return make_gan(golden, spec_of(golden));
}

// Norm, first, middle and last entry, as gans.py tells a tensor.
// `tolerance` is relative to the norm, or to `floor` where that is larger.
inline void expect_digest(const at::Tensor& tensor, const json& expected, double tolerance,
                          double floor, const std::string& name) {
  const at::Tensor flat = tensor.detach().flatten().to(at::kDouble);
  const int64_t n = flat.numel();
  const double found[] = {flat.norm().item<double>(), flat[0].item<double>(),
                          flat[n / 2].item<double>(), flat[n - 1].item<double>()};
  const double norm = expected[0].get<double>();
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(found[i], expected[i].get<double>(), tolerance * std::max(norm, floor))
        << name << ", number " << i << " of its digest";
  }
}

// [[path, shape], ...] of every parameter, as the scripts list them.
inline json parameters_of(nn::Module& module) {
  json found = json::array();
  module.each_parameter([&](const std::string& path, at::Tensor& parameter) {
    found.push_back({path, parameter.sizes().vec()});
  });
  return found;
}

// Loss of a phase under the trainer's rules, checked against the golden terms.
inline at::Tensor checked_loss(gans::Gan& gan, const gans::Phase& phase, const Batch& reals,
                               gans::Step& step, const json& terms, double tolerance) {
  for (const auto& network : gan.networks()) {
    bool updated = false;
    for (const auto& own : phase.networks) updated = updated || &*own == network.get();
    network->module->set_frozen(!updated);
  }
  const nn::ForwardScope scope(nn::Mode::kTrain, &step.random());
  at::Tensor total;
  size_t weighted = 0;
  for (const gans::Term& term : gan.loss(phase, reals, step)) {
    if (term.observed) continue;
    ++weighted;
    const double expected = terms.at(term.name);
    EXPECT_NEAR(term.value.item<double>(), expected, tolerance * std::max(1.0, std::abs(expected)))
        << phase.name << "/" << term.name;
    total = total.defined() ? total + term.value * term.weight : term.value * term.weight;
  }
  EXPECT_EQ(weighted, terms.size());
  return total;
}

}  // namespace ganymede::golden
