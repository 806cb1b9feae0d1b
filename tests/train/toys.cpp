#include "toys.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "ganymede/core/files.h"
#include "ganymede/media/tensor_folder.h"
#include "ganymede/nn/layers.h"

namespace ganymede::train {
namespace {

nn::ModulePtr small_net(int64_t in, int64_t out) {
  return nn::sequence(nn::linear(in, 5), nn::leaky_relu(), nn::linear(5, out));
}

void register_toy() {
  gans::registry().add<ToyGan, ToyConfig>({.name = "toy",
                                           .title = "a gan for tests",
                                           .paper = "none",
                                           .task = "unconditional generation",
                                           .domains = {"points"},
                                           .sizes = "any"});
}

}  // namespace

void CountingData::read(int64_t index, float* out) const {
  std::fill(out, out + spec_.elements(), static_cast<float>(index) / 64.0F);
}

std::vector<int64_t> counted(const at::Tensor& samples) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < samples.size(0); ++i) {
    indices.push_back(std::lround(samples[i][0].item<double>() * 64));
  }
  return indices;
}

ToyGan::ToyGan(const SampleSpec& spec, Loss loss)
    : Gan(spec),
      generator(network("generator", gans::Role::kAveraged,
                        [&] { return small_net(spec.elements(), spec.elements()); })),
      discriminator(network("discriminator", gans::Role::kTrained,
                            [&] { return small_net(spec.elements(), 1); })),
      loss_(std::move(loss)),
      phases_({{"D", {discriminator}}, {"G", {generator}}}) {}

ToyGan::ToyGan(const ToyConfig&, const SampleSpec& spec) : ToyGan(spec, toy_loss()) {}

gans::Terms ToyGan::loss(const gans::Phase& phase, const Batch& reals, gans::Step& step) {
  return loss_ ? loss_(*this, phase, reals, step) : usual_loss(phase, reals);
}

gans::Terms ToyGan::usual_loss(const gans::Phase& phase, const Batch& reals) {
  const at::Tensor fakes = generator(reals.samples);
  if (phase.name[0] == 'G') return {{"adversarial", (discriminator(fakes) - 1).square().mean()}};
  return {{"adversarial", (discriminator(reals.samples) - 1).square().mean() +
                              discriminator(fakes.detach()).square().mean()}};
}

at::Tensor ToyGan::generate(const gans::Request& request) {
  return averaged(generator).forward(request.latents(latent()));
}

ToyGan::Loss& toy_loss() {
  static ToyGan::Loss& loss = *new ToyGan::Loss;
  static const bool registered = (register_toy(), true);
  static_cast<void>(registered);
  return loss;
}

State copy_of(const Trainer& trainer) {
  State copy = trainer.tensors();
  for (auto& [file, tensors] : copy) {
    for (auto& [name, tensor] : tensors) tensor = tensor.clone();
  }
  return copy;
}

std::vector<std::string> differences(const State& a, const State& b) {
  std::set<std::string> names;
  const auto compare = [&](const State& from, const State& to) {
    for (const auto& [file, tensors] : from) {
      for (const auto& [name, tensor] : tensors) {
        const auto found = to.find(file);
        const bool same = found != to.end() && found->second.contains(name) &&
                          at::equal(tensor, found->second.at(name));
        if (!same) names.insert(file + "/" + name);
      }
    }
  };
  compare(a, b);
  compare(b, a);
  return {names.begin(), names.end()};
}

config::Recipe recipe_of(const std::vector<std::string>& assignments) {
  config::Recipe recipe;
  for (const std::string& assignment : assignments) recipe.set(assignment);
  return recipe;
}

config::Recipe toy_recipe(double kimg, const std::vector<std::string>& more) {
  toy_loss();
  config::Recipe recipe =
      recipe_of({"gan.name=toy", "data.path=ring8", "data.limit=1300", "train.batch=500",
                 "train.kimg=" + std::to_string(kimg), "train.checkpoint_kimg=1.0",
                 "train.tick_kimg=0.5", "train.sample_kimg=0.0", "optimizer.learning_rate=0.01"});
  for (const std::string& assignment : more) recipe.set(assignment);
  return recipe;
}

RunResult run_in(const fs::path& folder, config::Recipe recipe) {
  fs::create_directories(folder);
  Session session(std::move(recipe));
  Progress progress(ProgressMode::kQuiet, "test", "kimg");
  return train_run(session, folder, progress);
}

State read_state(const fs::path& folder) { return media::read_tensor_folder(folder).files; }

void flip_bit(const fs::path& path) {
  std::string bytes = read_file(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file_durable(path, bytes);
}

}  // namespace ganymede::train
