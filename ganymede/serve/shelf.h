// The models that a server offers, loaded once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ganymede/infer/model.h"

namespace ganymede::serve {

struct ServedModel {
  std::string id;    // [A-Za-z0-9._-]{1,64}; unique on the shelf
  std::string data;  // last part of what it was trained on: "fashion_mnist"
  infer::Model model;
};

// Loads `path` when it is a run, checkpoint or model folder, else every run and model folder
// directly below it, in order of name. A damaged one is left out with a warning when there are
// others. Throws UsageError when nothing is there, ModelError when all are damaged.
std::vector<ServedModel> load_models(const std::filesystem::path& path,
                                     const std::string& device = "cpu");

}  // namespace ganymede::serve
