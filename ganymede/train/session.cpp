#include "ganymede/train/session.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "ganymede/core/answers.h"
#include "ganymede/core/device.h"
#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/core/sample_json.h"
#include "ganymede/data/holdout.h"
#include "ganymede/data/stacked.h"
#include "ganymede/metrics/metric_table.h"
#include "ganymede/ops/conv_timing.h"

namespace ganymede::train {
namespace {

// "Fashion_MNIST/" -> "fashion-mnist".
std::string slug(const std::string& path) {
  if (path.starts_with(data::kStackedPrefix)) return "stacked-" + slug(data::stacked_source(path));
  std::filesystem::path trimmed(path);
  if (!trimmed.has_filename()) trimmed = trimmed.parent_path();
  std::string name = trimmed.stem().string();
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    c = std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : '-';
  }
  return name.substr(0, 40);
}

bool is_builtin_recipe(const std::string& name) {
  const auto& recipes = config::embedded_recipes();
  return std::any_of(recipes.begin(), recipes.end(),
                     [&](const auto& recipe) { return recipe.first == name; });
}

// For a message: a table's spec holds its whole encoding.
std::string shortened(const nlohmann::json& json) {
  constexpr size_t kShown = 200;
  const std::string text = json.dump();
  return text.size() <= kShown ? text : text.substr(0, kShown) + " ...";
}

void warn_of_broken_files(const data::Dataset& dataset) {
  constexpr size_t kNamed = 5;
  const auto broken = dataset.broken();
  for (size_t i = 0; i < std::min(broken.size(), kNamed); ++i) {
    log_warning("[{}] {}; skipped", broken[i].path, broken[i].reason);
  }
  if (broken.size() <= kNamed) return;
  log_warning("{} broken files are skipped; gan data info names them all", broken.size());
}

Batch first_batch(const data::Dataset& dataset, uint64_t seed, int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(std::min(dataset.size(), count)));
  for (size_t i = 0; i < indices.size(); ++i) {
    indices[i] = data::sample_at(static_cast<int64_t>(i), dataset.size(), seed);
  }
  return data::read_batch(dataset, indices);
}

}  // namespace

void GanChoice::describe(config::Schema<GanChoice>& s) {
  s.field("name", &GanChoice::name, "which gan: see gan list");
}

config::Recipe choose_recipe(const std::string& name, const std::string& data) {
  const bool is_known = std::ranges::any_of(
      systems(), [&](const System& system) { return system.info.name == name; });
  if (!is_known && (std::filesystem::exists(name) || name.find('/') != std::string::npos)) {
    return config::Recipe::load(name);
  }
  const System& system = find_system(name);
  const std::string special = name + "/" + slug(data);
  const std::string general = name + "/default";
  config::Recipe recipe = is_builtin_recipe(special)   ? config::Recipe::load(special)
                          : is_builtin_recipe(general) ? config::Recipe::load(general)
                                                       : config::Recipe();
  if (!recipe.find("gan.name"))
    recipe.put("gan.name", system.gan, {config::Source::Kind::kFlag, name});
  if (system.gan != name && !recipe.find("about.name")) {
    recipe.put("about.name", name, {config::Source::Kind::kFlag, name});
  }
  return recipe;
}

std::vector<config::Section> recipe_sections(const std::string& gan) {
  const auto& entry = gans::registry().find(find_system(gan).gan);
  std::vector<config::Section> sections = {
      config::Section::defaults<RunConfig>(""),
      config::Section::defaults<About>("about"),
      config::Section::defaults<GanChoice>("gan"),
      entry.builder()->defaults(),
      config::Section::defaults<data::DataConfig>("data"),
      config::Section::defaults<TrainConfig>("train"),
      config::Section::defaults<BalanceConfig>("train.balance"),
      config::Section::defaults<AugmentConfig>("augment"),
      config::Section::defaults<EvaluateConfig>("evaluate"),
      config::Section::defaults<EngineConfig>("engine"),
      config::Section::defaults<OptimizerConfig>("optimizer")};
  for (const std::string& player : entry.info.players) {
    sections.push_back(config::Section::defaults<OptimizerConfig>("optimizer." + player));
  }
  return sections;
}

Session::Session(config::Recipe recipe) : recipe_(std::move(recipe)) {
  const auto name = recipe_.find("gan.name");
  if (!name || !std::holds_alternative<std::string>(*name)) {
    throw UsageError({.where = "gan.name",
                      .found = "the recipe names no gan",
                      .remedy = "gan train <gan> --data <data>; gan list shows both"});
  }
  const auto& entry = gans::registry().find(std::get<std::string>(*name));
  builder_ = entry.builder();
  recipe_.bind("", run_);
  recipe_.bind("about", about_);
  recipe_.bind("gan", choice_);
  recipe_.bind(builder_->section());
  recipe_.bind("data", data_);
  recipe_.bind("train", train_);
  recipe_.bind("train.balance", balance_);
  recipe_.bind("augment", augment_);
  recipe_.bind("evaluate", evaluate_);
  recipe_.bind("engine", engine_);
  recipe_.bind("optimizer", base_optimizer_);
  for (const std::string& player : entry.info.players) {
    OptimizerConfig& own = optimizers_[player] = base_optimizer_;
    recipe_.bind("optimizer." + player, own);
  }
  recipe_.check_unknown();
  for (const std::string& metric : evaluate_.metrics) metrics::find_metric(metric);
  choose_device(train_.device);
}

std::string Session::short_name() const {
  return (about_.name.empty() ? choice_.name : about_.name) + "-" + slug(data_.path);
}

void Session::open(Progress* progress) {
  ops::set_conv_mode(engine_.conv);
  if (engine_.conv_timing) {
    ops::choose_convs_by_timing(cache_folder("convolutions"));
  } else {
    ops::choose_convs_by_rules();
  }
  dataset_ = data::open_dataset(data_, progress);
  warn_of_broken_files(*dataset_);
  gan_ = builder_->build(dataset_->spec());
  gan_->initialize(seed());
  gan_->prepare(first_batch(*dataset_, seed(), gan_->prepare_samples()));
  gan_->reset_averages();
  const TrainerConfig config{.seed = seed(),
                             .train = train_,
                             .balance = balance_,
                             .augment = augment_,
                             .engine = engine_,
                             .optimizers = optimizers_,
                             .workers = data_.workers,
                             .mirror = data_.mirror};
  trainer_ = std::make_unique<Trainer>(*gan_, dataset_, config, choose_device(train_.device));
}

const std::shared_ptr<data::Dataset>& Session::holdout() {
  if (!holdout_) holdout_ = data::open_holdout(data_, dataset_);
  return *holdout_;
}

nlohmann::json Session::identity() const {
  return {{"gan", choice_.name},
          {"spec", to_json(gan_->spec())},
          {"data",
           {{"kind", dataset_->kind()},
            {"size", dataset_->size()},
            {"fingerprint", dataset_->fingerprint()}}}};
}

void Session::check_identity(const nlohmann::json& found, const std::string& where) const {
  const nlohmann::json own = identity();
  for (const char* part : {"gan", "spec", "data"}) {
    if (found.contains(part) && found[part] == own[part]) continue;
    throw UsageError({.where = where,
                      .found = std::string("the checkpoint's ") + part + " is " +
                               (found.contains(part) ? shortened(found[part]) : "missing"),
                      .allowed = shortened(own[part]),
                      .remedy = "resume with the data and recipe that the run was started with"});
  }
}

}  // namespace ganymede::train
