// The optimizer that a golden script used, for the networks of a phase.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ganymede/config/recipe.h"
#include "ganymede/gans/gan.h"
#include "ganymede/train/optimizer.h"

namespace ganymede::golden {

// `options`: keys of [optimizer] with their values as TOML.
inline train::Optimizer make_optimizer(const nlohmann::json& options, const gans::Phase& phase) {
  train::OptimizerConfig config;
  config::Recipe recipe;
  for (const auto& [key, literal] : options.items()) {
    recipe.set("optimizer." + key + "=" + literal.get<std::string>());
  }
  recipe.bind("optimizer", config);
  train::NamedParameters parameters;
  for (const auto& network : phase.networks) {
    network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
      parameters.emplace_back(network->name + "/" + path, parameter);
    });
  }
  return {config, parameters};
}

}  // namespace ganymede::golden
