#include "ganymede/infer/model.h"

#include <ATen/ATen.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/config/recipe.h"
#include "ganymede/core/device.h"
#include "ganymede/core/error.h"
#include "ganymede/core/sample_json.h"
#include "ganymede/gans/registry.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/media/checkpoints.h"

namespace ganymede::infer {
namespace {

namespace fs = std::filesystem;

media::Checkpoint read_any(const fs::path& path) {
  if (media::is_tensor_folder(path)) return {path, media::read_tensor_folder(path)};
  if (path.filename() == "best" && !fs::exists(path)) {
    const fs::path named = media::find_checkpoint(path.parent_path(), "best");
    return {named, media::read_tensor_folder(named)};
  }
  if (auto newest = media::newest_checkpoint(path / "checkpoints")) return std::move(*newest);
  if (media::is_tensor_folder(path / "model")) {
    return {path / "model", media::read_tensor_folder(path / "model")};
  }
  throw UsageError(
      {.where = path.string(),
       .found = fs::exists(path) ? "no checkpoint and no model is here" : "no such folder",
       .allowed = "a run, checkpoint or model folder",
       .remedy = "gan train ... makes one"});
}

std::unique_ptr<gans::Gan> build_gan(const std::string& name, const nlohmann::json& state,
                                     const std::string& where) {
  config::Recipe recipe =
      config::Recipe::parse(state.at("recipe").get<std::string>(), where + ": recipe");
  const auto builder = gans::registry().find(name).builder();
  recipe.bind(builder->section());
  return builder->build(sample_spec_from_json(state.at("spec")));
}

uint64_t parse_number(const std::string& text, const std::string& all, const std::string& where) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end && !text.empty()) return number;
  throw UsageError({.where = where,
                    .found = "\"" + all + "\"",
                    .allowed = "numbers and ranges such as 0-63,77"});
}

}  // namespace

Model Model::load(const fs::path& path, const std::string& device) {
  Model model;
  model.device_ = choose_device(device, "--device");
  media::Checkpoint found = read_any(path);
  model.source_ = found.path;
  const nlohmann::json& state = found.content.state;
  const std::string where = found.path.string();
  try {
    model.gan_name_ = state.at("gan");
    model.kimg_ = state.at("kimg");
    model.recipe_ = state.at("recipe");
    model.gan_ = build_gan(model.gan_name_, state, where);
  } catch (const nlohmann::json::exception& error) {
    throw ModelError({.where = where + "/manifest.json", .found = error.what()});
  }
  model.classes_ = {.count = model.spec().classes,
                    .names = state.value("class_names", std::vector<std::string>())};
  model.gan_->load_state(found.content.files, where);
  model.gan_->to(model.device_);
  return model;
}

at::Tensor Model::labels_for(int64_t count, int64_t label) const {
  if (label < 0) return {};
  if (!gan_->conditional()) {
    throw UsageError({.where = "--class",
                      .found = gan_name_ + " makes samples without classes",
                      .remedy = "leave --class out, or train a conditional gan"});
  }
  if (label >= spec().classes) {
    throw UsageError({.where = "--class",
                      .found = std::to_string(label),
                      .allowed = "0.." + std::to_string(spec().classes - 1)});
  }
  return at::full({count}, label, at::kLong);
}

at::Tensor Model::sample(const std::vector<uint64_t>& seeds, int64_t label,
                         const at::Tensor& condition, const at::Tensor& given) const {
  gans::Request request;
  request.seeds = seeds;
  request.given = given;
  request.condition = condition;
  request.labels = labels_for(request.count(), label);
  request.device = device_;
  return gans::sample(*gan_, request);
}

gans::SampleGrid Model::grid(const std::vector<uint64_t>& seeds, const std::string& classes) const {
  if (classes.empty()) return gans::class_grid(*gan_, {}, seeds);
  gans::check_takes_classes(*gan_);
  return gans::class_grid(*gan_, gans::parse_classes(classes, classes_), seeds);
}

at::Tensor Model::samples_of(const gans::SampleGrid& grid) const {
  gans::Request request = grid.request;
  request.device = device_;
  return gans::sample(*gan_, request);
}

at::Tensor Model::interpolate(const std::vector<uint64_t>& seeds, int64_t steps, Interpolation kind,
                              int64_t label) const {
  if (seeds.size() < 2) {
    throw UsageError({.where = "--seeds",
                      .found = std::to_string(seeds.size()) + " seeds",
                      .allowed = "two or more to go between"});
  }
  if (steps < 1) {
    throw UsageError({.where = "--steps", .found = std::to_string(steps), .allowed = "1 or more"});
  }
  gans::Request ends;
  ends.seeds = seeds;
  const at::Tensor corners = ends.latents(gan_->latent());
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i + 1 < corners.size(0); ++i) {
    for (int64_t s = 0; s < steps; ++s) {
      const double t = static_cast<double>(s) / static_cast<double>(steps);
      rows.push_back(mix_latents(corners[i], corners[i + 1], t, kind));
    }
  }
  rows.push_back(corners[corners.size(0) - 1]);
  gans::Request request;
  request.z = at::stack(rows);
  request.labels = labels_for(request.count(), label);
  request.device = device_;
  return gans::sample(*gan_, request);
}

at::Tensor mix_latents(const at::Tensor& a, const at::Tensor& b, double t, Interpolation kind) {
  const auto straight = [&] { return a * (1.0 - t) + b * t; };
  if (kind == Interpolation::kLerp) return straight();
  const double cosine = (a.dot(b) / (a.norm() * b.norm()).clamp_min(1e-12)).item<double>();
  const double angle = std::acos(std::clamp(cosine, -1.0, 1.0));
  const double sine = std::sin(angle);
  if (sine < 1e-6) return straight();  // parallel or opposite: the great circle is not defined
  return a * (std::sin((1.0 - t) * angle) / sine) + b * (std::sin(t * angle) / sine);
}

std::vector<uint64_t> parse_seeds(const std::string& text, const std::string& where,
                                  uint64_t most) {
  std::vector<uint64_t> seeds;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const size_t dash = part.find('-');
    const uint64_t first = parse_number(part.substr(0, dash), text, where);
    const uint64_t last =
        dash == std::string::npos ? first : parse_number(part.substr(dash + 1), text, where);
    if (last < first || last - first >= most - seeds.size()) {
      throw UsageError({.where = where,
                        .found = "the range " + part,
                        .allowed = "first-last, at most " + std::to_string(most) + " seeds"});
    }
    for (uint64_t i = 0; i <= last - first; ++i) seeds.push_back(first + i);
    begin = end + 1;
  }
  return seeds;
}

}  // namespace ganymede::infer
