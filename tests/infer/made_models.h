// Small untrained models of every gan, and folders as a run leaves them.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "ganymede/config/recipe.h"
#include "ganymede/gans/registry.h"
#include "ganymede/media/tensor_folder.h"

namespace ganymede::infer {

using Assignments = std::vector<std::string>;

struct Kind {
  std::string name;
  Assignments assignments;
  SampleSpec spec;
};
inline void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

inline const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"gan2014",
       {"gan.generator_units=[16,16]", "gan.discriminator_units=[8]"},
       {"points", {2}, 0}},
      {"gan2014_image", {"gan.generator_units=[16]"}, {"image", {1, 28, 28}, 0}},
      {"dcgan", {"gan.base_channels=8"}, {"image", {3, 32, 32}, 0}},
      {"wgan_gp", {"gan.base_channels=8"}, {"image", {1, 28, 28}, 0}},
      {"wgan_gp_residual", {"gan.base_channels=8"}, {"image", {3, 32, 32}, 0}}};
  return all;
}

inline std::string gan_of(const Kind& kind) {
  for (const auto& entry : gans::registry().entries()) {
    if (kind.name.starts_with(entry.info.name)) return entry.info.name;
  }
  return "";
}

// A gan and the text that rebuilds it.
struct Made {
  std::unique_ptr<gans::Gan> gan;
  nlohmann::json state;
};

inline Made make(const Kind& kind, uint64_t seed = 3) {
  config::Recipe recipe;
  recipe.set("gan.name=" + gan_of(kind));
  for (const std::string& assignment : kind.assignments) recipe.set(assignment);
  const auto builder = gans::registry().find(gan_of(kind)).builder();
  struct Name {
    std::string name;
    static void describe(config::Schema<Name>& s) { s.field("name", &Name::name, "the gan"); }
  } name;
  recipe.bind("gan", name);
  recipe.bind(builder->section());
  Made made;
  made.gan = builder->build(kind.spec);
  made.gan->initialize(seed);
  made.state = {
      {"gan", gan_of(kind)},
      {"kimg", 1.5},
      {"recipe", recipe.to_toml()},
      {"spec",
       {{"domain", kind.spec.domain}, {"shape", kind.spec.shape}, {"classes", kind.spec.classes}}}};
  return made;
}

inline void write(const Made& made, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder.parent_path());
  media::write_tensor_folder(folder, made.gan->state(), made.state);
}

}  // namespace ganymede::infer
