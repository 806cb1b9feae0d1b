#include "ganymede/infer/labelled_samples.h"

#include <ATen/ATen.h>

#include <charconv>
#include <numeric>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/infer/latent.h"

namespace ganymede::infer {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& found) {
  throw UsageError({.where = where,
                    .found = found,
                    .allowed = "one conditional gan, or 0=RUN 1=RUN ...: a gan for each class"});
}

// "3=runs/x" -> 3 and the rest; -1 without a number before an equals sign.
std::pair<int64_t, std::string> split_name(const std::string& text) {
  const size_t equals = text.find('=');
  int64_t label = -1;
  if (equals == std::string::npos) return {label, text};
  const char* end = text.data() + equals;
  const auto parsed = std::from_chars(text.data(), end, label);
  if (parsed.ec != std::errc() || parsed.ptr != end || label < 0) return {-1, text};
  return {label, text.substr(equals + 1)};
}

}  // namespace

std::vector<ClassModel> load_class_models(const std::vector<std::string>& named,
                                          const std::string& device) {
  std::vector<ClassModel> models;
  std::set<int64_t> seen;
  for (const std::string& text : named) {
    const auto [label, path] = split_name(text);
    auto model = std::make_shared<const Model>(Model::load(path, device));
    if (label < 0 && (named.size() > 1 || !model->gan().conditional())) {
      refuse(text, named.size() > 1 ? "a run without its class" : "a gan that takes no classes");
    }
    if (label >= 0 && !seen.insert(label).second) refuse(text, "a class that was named before");
    if (!models.empty() && models.front().model->spec().shape != model->spec().shape) {
      refuse(text, "samples of another shape than the first gan's");
    }
    models.push_back({label, std::move(model)});
  }
  return models;
}

Batch labelled_samples(const std::vector<ClassModel>& models, int64_t count, uint64_t first_seed) {
  const bool conditional = models.at(0).label < 0;
  const int64_t classes =
      conditional ? models[0].model->spec().classes : static_cast<int64_t>(models.size());
  if (count < classes) {
    throw UsageError(
        {.where = "-n",
         .found = std::to_string(count),
         .allowed = "at least one for each of " + std::to_string(classes) + " classes"});
  }
  std::vector<at::Tensor> samples, labels;
  uint64_t seed = first_seed;
  for (int64_t i = 0; i < classes; ++i) {
    const ClassModel& source = models[conditional ? 0 : static_cast<size_t>(i)];
    const int64_t label = conditional ? i : source.label;
    std::vector<uint64_t> seeds(
        static_cast<size_t>(count / classes + (i < count % classes ? 1 : 0)));
    std::iota(seeds.begin(), seeds.end(), seed);
    seed += seeds.size();
    const bool by_label = source.model->gan().conditional();
    samples.push_back(
        samples_at(*source.model, latents_of(*source.model, seeds), by_label ? label : -1));
    labels.push_back(at::full({samples.back().size(0)}, label, at::kLong));
  }
  return {at::cat(samples), at::cat(labels)};
}

}  // namespace ganymede::infer
