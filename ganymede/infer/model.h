// A trained model ready to use, built from its own files alone.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/gans/gan.h"
#include "ganymede/gans/sample_grid.h"

namespace ganymede::infer {

enum class Interpolation { kSlerp, kLerp };

class Model {
 public:
  // `path` is a run folder (its newest whole checkpoint), a checkpoint folder,
  // "<run>/checkpoints/best", or a model folder.
  // `device` as in train.device. Throws UsageError when there is nothing to load, ModelError for
  // damaged files or files that do not fit their recipe.
  static Model load(const std::filesystem::path& path, const std::string& device = "cpu");

  gans::Gan& gan() const { return *gan_; }
  const SampleSpec& spec() const { return gan_->spec(); }
  const std::string& gan_name() const { return gan_name_; }
  const std::filesystem::path& source() const { return source_; }
  double kimg() const { return kimg_; }
  // The run's resolved recipe, TOML.
  const std::string& recipe() const { return recipe_; }
  const at::Device& device() const { return device_; }

  // float32 [seeds, ...spec.shape] on the CPU, one sample per seed: a pure function of weights and
  // seed. `label`: class of all samples, or -1. `condition`: as Request::condition. Throws
  // UsageError when the gan takes no classes or the class does not exist. `given`: as
  // Request::given, for a gan that takes_given().
  at::Tensor sample(const std::vector<uint64_t>& seeds, int64_t label = -1,
                    const at::Tensor& condition = {}, const at::Tensor& given = {}) const;

  // What --class may name: the classes of the data that the model learned from.
  const gans::Classes& classes() const { return classes_; }
  // The samples of `seeds` in the classes that `classes` names (gans::parse_classes; empty: each
  // seed draws its own), laid out for a picture. Throws UsageError, also for a gan without classes.
  gans::SampleGrid grid(const std::vector<uint64_t>& seeds, const std::string& classes = {}) const;
  // float32 [request.count(), ...spec.shape] on the CPU, in the order of the request.
  at::Tensor samples_of(const gans::SampleGrid& grid) const;

  // Samples along the way through the given seeds, `steps` from each to the next (the last seed
  // included at the end): float32 [(seeds - 1) * steps + 1, ...]. Slerp keeps the norm that normal
  // latents have (White 2016, arXiv 1609.04468). Throws UsageError for fewer than two seeds or
  // less than one step.
  at::Tensor interpolate(const std::vector<uint64_t>& seeds, int64_t steps, Interpolation kind,
                         int64_t label = -1) const;

 private:
  at::Tensor labels_for(int64_t count, int64_t label) const;

  std::unique_ptr<gans::Gan> gan_;
  std::string gan_name_;
  std::string recipe_;
  std::filesystem::path source_;
  gans::Classes classes_;
  double kimg_ = 0;
  at::Device device_ = at::kCPU;
};

// Points on the great circle (slerp) or line (lerp) from a to b, float32 [dim], at t in [0, 1].
at::Tensor mix_latents(const at::Tensor& a, const at::Tensor& b, double t, Interpolation kind);

// "0-63,77,100-103" -> seeds in that order, `most` in all. Throws UsageError with `where`.
std::vector<uint64_t> parse_seeds(const std::string& text, const std::string& where = "--seeds",
                                  uint64_t most = 10'000'000);

}  // namespace ganymede::infer
