#include "cli/run_data.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/holdout.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/train/run_folder.h"

namespace ganymede::cli {
namespace {

std::shared_ptr<data::Dataset> checked(std::shared_ptr<data::Dataset> set,
                                       const data::DataConfig& config, const infer::Model& model) {
  if (set->spec().shape == model.spec().shape && set->spec().domain == model.spec().domain) {
    return set;
  }
  throw UsageError({.where = config.path,
                    .found = set->spec().domain + " samples of another shape",
                    .allowed = "data like the model's " + model.spec().domain + " samples"});
}

}  // namespace

infer::Model load_model(const std::string& name, const std::string& checkpoint,
                        const std::string& runs, const std::string& device) {
  const std::filesystem::path path =
      name == "last" ? train::last_run(runs) : std::filesystem::path(name);
  if (checkpoint.empty()) return infer::Model::load(path, device);
  return infer::Model::load(
      media::find_checkpoint(train::RunFolder(path).checkpoints(), checkpoint), device);
}

std::shared_ptr<data::Dataset> open_for(const infer::Model& model, const std::string& path,
                                        const std::string& split, Progress* progress) {
  data::DataConfig config;
  config.path = path;
  config.split = split;
  return checked(
      data::open_dataset(data::domain_of(model.spec()).fitting(config, model.spec()), progress),
      config, model);
}

HeldOut held_out_reals(const infer::Model& model, Progress* progress) {
  data::DataConfig config;
  config::Recipe recipe =
      config::Recipe::parse(model.recipe(), model.source().string() + ": recipe");
  recipe.bind("data", config);
  const data::DataConfig fitted = data::domain_of(model.spec()).fitting(config, model.spec());
  if (config.split == "train") {
    if (auto test = data::open_test_split(fitted, progress)) {
      return {checked(std::move(test), config, model), true};
    }
  }
  return {checked(data::open_dataset(fitted, progress), config, model), false};
}

Giver giver_of_data(const infer::Model& model) {
  if (!model.spec().takes_given()) {
    return [](const std::vector<uint64_t>&) { return at::Tensor(); };
  }
  return [set = held_out_reals(model).set](const std::vector<uint64_t>& seeds) {
    std::vector<int64_t> places;
    for (const uint64_t seed : seeds) {
      places.push_back(static_cast<int64_t>(seed % static_cast<uint64_t>(set->size())));
    }
    return data::read_batch(*set, places).given;
  };
}

at::Tensor judged(const data::Dataset& set, int64_t count,
                  const std::function<at::Tensor(const Batch&)>& judge, Progress* progress) {
  constexpr int64_t kBatch = 512;
  std::vector<at::Tensor> parts;
  for (int64_t begin = 0; begin < count; begin += kBatch) {
    std::vector<int64_t> ids(static_cast<size_t>(std::min(kBatch, count - begin)));
    std::iota(ids.begin(), ids.end(), begin);
    parts.push_back(judge(data::read_batch(set, ids)));
    if (progress != nullptr) {
      progress->update({static_cast<double>(begin) + static_cast<double>(ids.size()),
                        static_cast<double>(count),
                        {}});
    }
  }
  return at::cat(parts);
}

}  // namespace ganymede::cli
