#include "cli/judged.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/find.h"
#include "ganymede/data/holdout.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/infer/model.h"
#include "ganymede/infer/translate.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/media/tensor_folder.h"
#include "ganymede/train/run_folder.h"
#include "ganymede/train/subject.h"

namespace ganymede::cli {
namespace {

namespace fs = std::filesystem;

// The run that a run, checkpoint or model folder belongs to; empty when it is none's.
fs::path run_of(fs::path path) {
  if (!path.has_filename()) path = path.parent_path();
  const fs::path absolute = fs::absolute(path);
  for (const fs::path& folder :
       {absolute, absolute.parent_path(), absolute.parent_path().parent_path()}) {
    if (train::is_run(folder)) return folder;
  }
  return {};
}

std::shared_ptr<const data::DataConfig> data_of_run(const fs::path& run) {
  config::Recipe recipe = config::Recipe::load(train::RunFolder(run).recipe().string());
  auto config = std::make_shared<data::DataConfig>();
  recipe.bind("data", *config);
  return config;
}

void apply(const DataFlags& flags, data::DataConfig& config) {
  if (!flags.path.empty()) config.path = flags.path;
  if (!flags.split.empty()) config.split = flags.split;
  if (!flags.crop.empty()) config.crop = flags.crop;
  if (!flags.channels.empty()) config.channels = flags.channels;
  if (flags.size_px >= 0) config.size_px = flags.size_px;
}

metrics::LatentAccess latents_of(const std::shared_ptr<infer::Model>& model) {
  const gans::Latent latent = model->gan().latent();
  metrics::LatentAccess access;
  access.dim = latent.dim;
  access.normal = latent.kind == gans::Latent::Kind::kNormal;
  if (latent.dim == 0 || model->spec().takes_given()) return access;
  if (!access.normal && (latent.low != -1 || latent.high != 1)) return access;
  access.generate = [model](const at::Tensor& z) {
    gans::Request request;
    request.z = z;
    return gans::sample(model->gan(), request);
  };
  return access;
}

// The data of a model whose other direction is judged: what it is made from and what is made change
// places.
std::shared_ptr<const data::DataConfig> turned(const data::DataConfig& config) {
  data::DataConfig other = config;
  other.direction = config.direction == "a_to_b" ? "b_to_a" : "a_to_b";
  return std::make_shared<const data::DataConfig>(other);
}

Judged open_model(const std::string& path, const std::string& device,
                  const std::string& direction_name) {
  const auto model = std::make_shared<infer::Model>(infer::Model::load(path, device));
  const size_t direction = infer::direction_number(model->gan(), direction_name);
  Judged judged;
  judged.is_model = true;
  judged.subject = train::subject_of(std::shared_ptr<gans::Gan>(model, &model->gan()),
                                     model->device(), direction);
  judged.subject.name = path;
  judged.subject.kind = model->gan_name();
  judged.subject.checkpoint = model->source().string();
  judged.subject.kimg = model->kimg();
  if (model->gan().size_multiple() == 1) {
    judged.restore = [model](const at::Tensor& given) {
      return gans::translate(model->gan(),
                             {.seeds = {0}, .given = given, .device = model->device()});
    };
  }
  if (device == "cpu") judged.subject.latents = latents_of(model);
  if (const fs::path run = run_of(path); !run.empty()) judged.learned_from = data_of_run(run);
  if (direction == 1 && judged.learned_from) judged.learned_from = turned(*judged.learned_from);
  return judged;
}

bool is_text(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".csv" || extension == ".tsv" || extension == ".dat" || extension == ".txt";
}

// The spec of reference data whose samples are rows: a text file beside them is read as they are.
std::optional<SampleSpec> spec_of_rows(const data::DataConfig& config) {
  if (config.path.empty()) return {};
  const auto builtin = data::builtin_datasets();
  const bool known = std::any_of(builtin.begin(), builtin.end(),
                                 [&](const auto& set) { return set.first == config.path; });
  if (!known && !is_text(data::find_data(config.path))) return {};
  const SampleSpec spec = data::open_dataset(config)->spec();
  return spec.shape.size() == 1 ? std::optional(spec) : std::nullopt;
}

// As the subject's samples are encoded, where they are.
data::DataConfig encoded_alike(data::DataConfig config, const Judged& judged) {
  const SampleSpec& spec = judged.subject.spec;
  return spec.domain_state.empty() ? config
                                   : data::domain_of(spec).fitting(std::move(config), spec);
}

std::string without_zeros(const std::string& number) {
  return number.substr(std::min(number.find_first_not_of('0'), number.size()));
}

}  // namespace

bool holds_model(const std::string& path) {
  return media::is_tensor_folder(path) || train::is_run(path) ||
         fs::is_directory(fs::path(path) / "checkpoints") ||
         media::is_tensor_folder(fs::path(path) / "model");
}

Judged open_judged(const std::string& path, const DataFlags& flags, const std::string& device,
                   Progress* progress) {
  if (holds_model(path)) return open_model(path, device, flags.direction);
  data::DataConfig config;
  apply(flags, config);
  if (const auto spec = is_text(path) ? spec_of_rows(config) : std::nullopt) {
    config = data::domain_of(*spec).fitting(std::move(config), *spec);
  }
  config.path = path;
  config.split = "train";  // where there are several; --split chooses the reference's
  Judged judged;
  judged.subject = metrics::stored_subject(data::open_dataset(config, progress), path);
  return judged;
}

std::vector<std::string> checkpoints_of(const std::string& run, const std::string& which) {
  if (which.empty()) return {run};
  std::vector<std::string> names, found;
  for (const fs::path& path : media::list_checkpoints(train::RunFolder(run).checkpoints())) {
    names.push_back(path.filename().string());
    if (which == "all" || without_zeros(names.back()) == without_zeros(which))
      found.push_back(path.string());
  }
  if (!found.empty()) return found;
  throw UsageError({.where = "--checkpoint",
                    .found = names.empty() ? run + " has no checkpoints" : "\"" + which + "\"",
                    .allowed = names.empty() ? "" : "all, " + join(names)});
}

ReferenceData open_reference(const Judged& judged, const DataFlags& flags, Progress* progress) {
  ReferenceData reference;
  if (judged.learned_from) {
    reference.config = encoded_alike(*judged.learned_from, judged);
    reference.training = data::open_dataset(reference.config, progress);
    reference.training_name = judged.learned_from->path;
  }
  if (!flags.path.empty() || !flags.split.empty()) {
    if (!flags.path.empty()) reference.config.limit = 0;
    if (!flags.path.empty() && flags.split.empty()) reference.config.split = "train";
    apply(flags, reference.config);
    reference.config = encoded_alike(std::move(reference.config), judged);
  } else if (!judged.learned_from) {
    throw UsageError({.where = "--data",
                      .found = "nothing to compare " + judged.subject.name + " with",
                      .remedy = "--data REFERENCE: a built-in name, file or folder"});
  } else if (auto test = data::open_test_split(reference.config, progress)) {
    reference.config.split = "test";
    reference.config.limit = 0;
    reference.dataset = std::move(test);
    reference.note = "reference: the test split of " + reference.config.path + ", the run's data";
    return reference;
  } else if (reference.config.holdout > 0) {
    const auto training = std::const_pointer_cast<data::Dataset>(reference.training);
    reference.dataset = data::open_holdout(reference.config, training, progress);
    reference.note = "reference: samples of " + reference.config.path + " that training never saw";
    return reference;
  } else {
    reference.note = "reference: " + reference.config.path +
                     ", which the run learned from (it has no test split)";
  }
  if (const auto& own = judged.learned_from) {
    reference.seen = own->path == reference.config.path &&
                     (own->split == reference.config.split || own->split == "all" ||
                      reference.config.split == "all");
  }
  reference.config.mirror = false;
  reference.dataset = data::open_dataset(reference.config, progress);
  return reference;
}

std::shared_ptr<const data::Dataset> open_beside(const std::string& path,
                                                 const ReferenceData& reference) {
  if (path.empty()) return nullptr;
  data::DataConfig config = reference.config;
  config.path = path;
  config.limit = 0;
  const SampleSpec& spec = reference.dataset->spec();
  if (!spec.domain_state.empty()) config = data::domain_of(spec).fitting(std::move(config), spec);
  return data::open_dataset(config);
}

}  // namespace ganymede::cli
