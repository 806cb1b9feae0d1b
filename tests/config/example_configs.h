// Config structs as the layers above describe them, shared by these tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/config/schema.h"
#include "ganymede/core/error.h"

namespace example {

// Knows nothing of config, as an enum of the loss layer does.
enum class Adversarial { kMinimax, kNonSaturating, kHinge };

inline std::vector<std::pair<const char*, Adversarial>> enum_names(Adversarial) {
  return {{"minimax", Adversarial::kMinimax},
          {"non_saturating", Adversarial::kNonSaturating},
          {"hinge", Adversarial::kHinge}};
}

struct RunConfig {
  uint64_t seed = 0;
  std::string gan = "dcgan";

  static void describe(ganymede::config::Schema<RunConfig>& s) {
    s.field("seed", &RunConfig::seed, "seed of everything random");
    s.field("gan", &RunConfig::gan, "which gan");
  }
};

struct TrainConfig {
  int64_t batch = 64;
  double kimg = 600;
  bool mirror = false;
  std::string data;

  static void describe(ganymede::config::Schema<TrainConfig>& s) {
    s.field("batch", &TrainConfig::batch, "samples per step").range(1, 65536);
    s.field("kimg", &TrainConfig::kimg, "length of the run").above(0).unit("thousand images");
    s.field("mirror", &TrainConfig::mirror, "flip half of the images");
    s.field("data", &TrainConfig::data, "name or path of the data set");
  }
};

struct DcganConfig {
  int64_t latent_dim = 100;
  Adversarial loss = Adversarial::kNonSaturating;
  std::vector<int64_t> widths = {64, 128};
  std::vector<double> scales;
  std::vector<std::string> names = {"a"};
  int size = 28;

  static void describe(ganymede::config::Schema<DcganConfig>& s) {
    s.field("latent_dim", &DcganConfig::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
    s.field("loss", &DcganConfig::loss, "adversarial loss");
    s.field("widths", &DcganConfig::widths, "channels").at_least(1);
    s.field("scales", &DcganConfig::scales, "weights of the scales");
    s.field("names", &DcganConfig::names, "labels");
    s.field("size", &DcganConfig::size, "edge of the image").one_of({28, 32, 64}).unit("px");
  }
};

struct OptimizerConfig {
  double lr = 0.0002;
  double beta1 = 0.5;
  std::string kind = "adam";

  static void describe(ganymede::config::Schema<OptimizerConfig>& s) {
    s.field("lr", &OptimizerConfig::lr, "learning rate").range(0, 10).unit("per step");
    s.field("beta1", &OptimizerConfig::beta1, "decay of the mean").at_least(0).below(1);
    s.field("kind", &OptimizerConfig::kind, "rule").one_of({"sgd", "adam", "rmsprop"});
  }
};

// Everything a run binds, in the order of a resolved recipe.
struct Bound {
  RunConfig run;
  TrainConfig train;
  DcganConfig gan;
  OptimizerConfig d;
  OptimizerConfig g;

  template <class Recipe>
  void bind(Recipe& recipe) {
    recipe.bind("", run);
    recipe.bind("train", train);
    recipe.bind("dcgan", gan);
    recipe.bind("optimizer.D", d);
    recipe.bind("optimizer.G", g);
    recipe.check_unknown();
  }
};

// What the UsageError thrown by `action` says, or "(nothing thrown)".
template <class Action>
std::string usage_error(Action action) {
  try {
    action();
  } catch (const ganymede::UsageError& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

}  // namespace example
