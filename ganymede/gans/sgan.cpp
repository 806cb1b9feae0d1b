// Semi-supervised GAN: Salimans et al. 2016, arXiv 1606.03498, sec. 5, with the networks of the
// authors' MNIST code (openai/improved-gan, train_mnist_feature_matching.py). D has a logit for
// each class; with Z their summed exponentials D(x) = Z / (Z + 1) is the probability of being real,
// which is the (K + 1)-class game with the class "fake" held at 0. Few samples have labels
// (`labelled`); all are used without. G matches the mean of D's last hidden layer (feature
// matching, sec. 3.1).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/conditional.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/data_init.h"
#include "ganymede/nn/gaussian_noise.h"
#include "ganymede/nn/layers.h"
#include "ganymede/nn/pixel_range.h"
#include "ganymede/nn/weight_norm.h"

namespace ganymede::gans {
namespace {

constexpr int64_t kFitSamples = 500;  // for the data-dependent beginning of D

struct SganConfig {
  int64_t latent_dim = 100;
  int64_t labelled = 0;
  std::vector<int64_t> generator_units = {500, 500};
  std::vector<int64_t> discriminator_units = {1000, 500, 250, 250, 250};
  double input_noise = 0.3;
  double hidden_noise = 0.5;
  double unlabelled_weight = 1;

  static void describe(config::Schema<SganConfig>& s) {
    s.field("latent_dim", &SganConfig::latent_dim, "size of z ~ U(0, 1)").range(1, 65536);
    s.field("labelled", &SganConfig::labelled,
            "samples whose labels are used, equally many of each class, chosen by the seed; 0: all")
        .range(0, 10'000'000);
    s.field("generator_units", &SganConfig::generator_units, "softplus layers of G").at_least(1);
    s.field("discriminator_units", &SganConfig::discriminator_units, "ReLU layers of D")
        .at_least(1);
    s.field("input_noise", &SganConfig::input_noise,
            "deviation of the noise on D's input, whose pixels lie in [0, 1]")
        .range(0, 10);
    s.field("hidden_noise", &SganConfig::hidden_noise, "the same on D's hidden layers")
        .range(0, 10);
    s.field("unlabelled_weight", &SganConfig::unlabelled_weight, "weight of the game beside labels")
        .at_least(0);
  }
};

nn::ModulePtr make_generator(const SganConfig& config, const SampleSpec& spec) {
  auto net = std::make_shared<nn::Sequential>();
  int64_t in = config.latent_dim;
  for (const int64_t units : config.generator_units) {
    net->push(
        nn::linear(in, units, {.bias = false, .weight_init = nn::Init::glorot_uniform(in, units)}));
    net->push(nn::batch_norm(units, {.eps = 1e-6}));
    net->push(nn::softplus());
    in = units;
  }
  net->push(nn::weight_norm_linear(in, spec.elements(), {.train_gain = true}));
  if (spec.domain == "image") net->push(nn::sigmoid_pixels());
  net->push(nn::reshape(spec.shape));
  return net;
}

// Noise, weight-normalised layer, ReLU, and so on to the class logits.
class ClassJudge final : public nn::Module {
 public:
  ClassJudge(const SganConfig& config, const SampleSpec& spec) {
    if (spec.domain == "image") entrance_ = nn::unit_pixels();
    noises_.push_back(nn::gaussian_noise(config.input_noise));
    int64_t in = spec.elements();
    for (const int64_t units : config.discriminator_units) {
      add(in, units, /*train_gain=*/false);
      noises_.push_back(nn::gaussian_noise(config.hidden_noise));
      in = units;
    }
    add(in, spec.classes, /*train_gain=*/true);
  }

  at::Tensor forward(const at::Tensor& samples) override {
    return layers_.back()->forward(noisy(features(samples), noises_.back()));
  }

  // The last hidden layer.
  at::Tensor features(const at::Tensor& samples) override {
    at::Tensor x = entered(samples);
    for (size_t i = 0; i + 1 < layers_.size(); ++i) {
      x = at::relu(layers_[i]->forward(noisy(x, noises_[i])));
    }
    return x;
  }

 private:
  void add(int64_t in, int64_t out, bool train_gain) {
    layers_.push_back(nn::weight_norm_linear(in, out, {.train_gain = train_gain}));
    child(std::to_string(layers_.size() - 1), layers_.back());
  }
  at::Tensor entered(const at::Tensor& samples) const {
    const at::Tensor flat = samples.flatten(1);
    return entrance_ ? entrance_->forward(flat) : flat;
  }
  static at::Tensor noisy(const at::Tensor& x, const nn::ModulePtr& noise) {
    return noise ? noise->forward(x) : x;
  }

  nn::ModulePtr entrance_;
  std::vector<nn::ModulePtr> noises_;  // before each layer; null for none
  std::vector<nn::ModulePtr> layers_;
};

class Sgan final : public Gan {
 public:
  Sgan(const SganConfig& config, const SampleSpec& spec)
      : Gan(labelled(spec, "sgan")),
        config_(config),
        generator_(
            network("generator", Role::kAveraged, [&] { return make_generator(config, spec); })),
        discriminator_(network("discriminator", Role::kAveraged,
                               [&] { return std::make_shared<ClassJudge>(config, spec); })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes = generator_(step.latents(latent(), reals.size()));
    if (phase.name == "D") return discriminator_loss(reals, fakes.detach(), step);
    const at::Tensor wanted = discriminator_.features(reals.samples).mean(0);
    return {
        {"feature_matching", (discriminator_.features(fakes).mean(0) - wanted).square().mean()}};
  }

  Latent latent() const override { return {config_.latent_dim, Latent::Kind::kUniform, 0, 1}; }

  at::Tensor generate(const Request& request) override {
    return averaged(generator_).forward(request.latents(latent()));
  }

  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(samples).logsumexp(1);
  }
  at::Tensor features(const at::Tensor& samples) override {
    return discriminator_->module->features(samples);
  }
  at::Tensor classify(const at::Tensor& samples) override {
    return averaged(discriminator_).forward(samples);
  }
  Classifier classifier() const override { return Classifier::kData; }

  int64_t prepare_samples() const override { return 1000 + 4 * config_.labelled; }
  // Chooses the labelled samples and starts D from what it sees.
  void prepare(const Batch& reals) override {
    choose_labelled(reals);
    const at::NoGradGuard no_grad;
    Stream random(0, "sgan/fit");
    const nn::ForwardScope scope(nn::Mode::kTrain, &random);
    const nn::DataInit every_layer_to_mean_0_variance_1;
    discriminator_(reals.samples.slice(0, 0, kFitSamples));
  }

 private:
  Terms discriminator_loss(const Batch& reals, const at::Tensor& fakes, Step& step) {
    const Batch known = labelled_batch(reals, step);
    const at::Tensor named = discriminator_(known.samples);
    const at::Tensor real = discriminator_(reals.samples).logsumexp(1);
    const at::Tensor fake = discriminator_(fakes).logsumexp(1);
    // log D(x) = lse - softplus(lse); half a term for each kind.
    const at::Tensor game =
        0.5 * (at::softplus(real) - real).mean() + 0.5 * at::softplus(fake).mean();
    return {{"labelled", class_loss(named, known.labels)},
            {"unlabelled", game, config_.unlabelled_weight},
            observed("accuracy", loss::accuracy(real, fake)),
            observed("class_accuracy/labelled", class_accuracy(named, known.labels))};
  }

  // The first samples of each class; which come first follows from the run's seed.
  void choose_labelled(const Batch& reals) {
    if (config_.labelled == 0) return;
    std::vector<int64_t> open(static_cast<size_t>(spec().classes), 0);
    for (int64_t i = 0; i < config_.labelled; ++i) ++open[static_cast<size_t>(i % spec().classes)];
    const at::Tensor labels = reals.labels.to(at::kCPU).contiguous();
    std::vector<int64_t> chosen;
    for (int64_t i = 0; i < labels.size(0); ++i) {
      const int64_t label = labels.const_data_ptr<int64_t>()[i];
      if (label < 0 || open[static_cast<size_t>(label)] == 0) continue;
      --open[static_cast<size_t>(label)];
      chosen.push_back(i);
    }
    if (static_cast<int64_t>(chosen.size()) < config_.labelled) {
      throw UsageError({.where = "gan.labelled",
                        .found = "fewer than " + std::to_string(config_.labelled) +
                                 " samples, evenly of the classes, among " +
                                 std::to_string(labels.size(0)),
                        .allowed = "up to " + std::to_string(chosen.size()) + " here, or 0 for all",
                        .remedy = "--set gan.labelled=..."});
    }
    const at::Tensor rows = at::tensor(chosen, at::kLong);
    labelled_ = {.samples = reals.samples.index_select(0, rows),
                 .labels = reals.labels.index_select(0, rows)};
  }

  // As many labelled samples as the batch has, drawn anew; the batch itself when all have labels.
  Batch labelled_batch(const Batch& reals, Step& step) const {
    if (!labelled_.samples.defined()) return reals;
    const at::Tensor rows = step.random().integers({reals.size()}, 0, labelled_.size());
    const auto device = reals.samples.device();
    return {.samples = labelled_.samples.index_select(0, rows).to(device),
            .labels = labelled_.labels.index_select(0, rows).to(device)};
  }

  SganConfig config_;
  Batch labelled_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_sgan(Registry& registry) {
  registry.add<Sgan, SganConfig>({.name = "sgan",
                                  .title = "Semi-supervised GAN: a classifier from few labels",
                                  .paper = "Salimans et al. 2016, arXiv 1606.03498",
                                  .task = "semi-supervised classification",
                                  .domains = {"image", "points"},
                                  .sizes = "any"});
}

}  // namespace ganymede::gans
