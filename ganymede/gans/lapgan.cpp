// LAPGAN: Denton, Chintala, Szlam, Fergus 2015, arXiv 1506.05751, with the networks of the authors'
// CIFAR code (facebook/eyescream). A small fully connected GAN makes the coarsest picture; at every
// finer level another pair plays for the detail d = I - up(down(I)) that the coarse picture lacks.
// The pairs do not meet in training: each level has its own phases on the reals of its size.
// Samples go from coarse to fine. Where the data has labels, every network is told the class.
#include <ATen/ATen.h>

#include <map>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/conditioning.h"
#include "ganymede/nn/networks.h"

namespace ganymede::gans {
namespace {

using loss::Adversarial;

struct LapganConfig {
  int64_t latent_dim = 100;
  int64_t levels = 3;
  std::vector<int64_t> generator_units = {1200, 1200};
  std::vector<int64_t> discriminator_units = {240, 240};
  int64_t base_channels = 64;
  double hidden_keep = 0.5;
  bool use_labels = true;

  static void describe(config::Schema<LapganConfig>& s) {
    using C = LapganConfig;
    s.field("latent_dim", &C::latent_dim, "size of the coarsest level's z ~ U(-1, 1)")
        .range(1, 65536);
    s.field("levels", &C::levels, "sizes of the pyramid: 3 is 8, 16, 32 or 7, 14, 28 px")
        .range(1, 6);
    s.field("generator_units", &C::generator_units, "coarsest level: ReLU layers of G").at_least(1);
    s.field("discriminator_units", &C::discriminator_units, "coarsest level: ReLU layers of D")
        .at_least(1);
    s.field("base_channels", &C::base_channels, "finer levels: width of the convolutions")
        .range(1, 4096);
    s.field("hidden_keep", &C::hidden_keep, "share that dropout keeps within D")
        .above(0)
        .at_most(1);
    s.field("use_labels", &C::use_labels, "tell every network the class where the data has one");
  }
};

// [N, C + K, H, W], of which the last K maps are a condition -> [N, C + 1, H, W]: the condition
// becomes one map, relu(linear(condition)).
class LabelPlane final : public nn::Module {
 public:
  LabelPlane(int64_t classes, int64_t size)
      : classes_(classes), linear_(child("linear", nn::linear(classes, size * size))) {}

  at::Tensor forward(const at::Tensor& input) override {
    const int64_t channels = input.size(1) - classes_;
    const at::Tensor condition = input.narrow(1, channels, classes_).select(3, 0).select(2, 0);
    const at::Tensor plane = at::relu(linear_(condition.contiguous()));
    const at::Tensor picture = input.narrow(1, 0, channels);
    return at::cat({picture, plane.view({-1, 1, input.size(2), input.size(3)})}, 1);
  }

 private:
  int64_t classes_;
  nn::Module& linear_;
};

nn::ModulePtr label_plane(int64_t classes, int64_t size) {
  return classes > 0 ? std::make_shared<LabelPlane>(classes, size) : nullptr;
}

nn::ModulePtr base_generator(const LapganConfig& config, const nn::ImageShape& image,
                             int64_t classes) {
  return nn::sequence(
      nn::mlp(config.latent_dim + classes, config.generator_units,
              image.channels * image.height * image.width, {.output = nn::Activation::kTanh}),
      nn::reshape({image.channels, image.height, image.width}));
}

nn::ModulePtr base_discriminator(const LapganConfig& config, const nn::ImageShape& image,
                                 int64_t classes) {
  auto net = std::make_shared<nn::Sequential>();
  int64_t in = image.channels * image.height * image.width + classes;
  for (const int64_t units : config.discriminator_units) {
    net->push(nn::linear(in, units));
    net->push(nn::relu());
    net->push(nn::dropout(config.hidden_keep));
    in = units;
  }
  net->push(nn::linear(in, 1));
  return net;
}

// A map of noise, the coarse picture and the condition -> the detail.
nn::ModulePtr detail_generator(const LapganConfig& config, const nn::ImageShape& image,
                               int64_t classes) {
  const nn::ConvOptions wide{.kernel = 7, .padding = 3};
  const int64_t in = 1 + image.channels + (classes > 0 ? 1 : 0);
  return nn::sequence(label_plane(classes, image.height), nn::conv(in, config.base_channels, wide),
                      nn::relu(), nn::conv(config.base_channels, config.base_channels, wide),
                      nn::relu(),
                      nn::conv(config.base_channels, image.channels, {.kernel = 5, .padding = 2}));
}

nn::ModulePtr detail_discriminator(const LapganConfig& config, const nn::ImageShape& image,
                                   int64_t classes) {
  const int64_t in = image.channels + (classes > 0 ? 1 : 0);
  const int64_t side = (image.height - 4 - 5) / 2 + 1;
  return nn::sequence(
      label_plane(classes, image.height), nn::conv(in, config.base_channels, {.kernel = 5}),
      nn::relu(), nn::conv(config.base_channels, config.base_channels, {.kernel = 5, .stride = 2}),
      nn::relu(), nn::dropout(config.hidden_keep), nn::flatten(),
      nn::linear(config.base_channels * side * side, 1));
}

at::Tensor coarser(const at::Tensor& images) { return at::avg_pool2d(images, 2); }

at::Tensor finer(const at::Tensor& images) {
  return at::upsample_bilinear2d(images, {2 * images.size(2), 2 * images.size(3)},
                                 /*align_corners=*/false);
}

class Lapgan final : public Gan {
 public:
  Lapgan(const LapganConfig& config, const SampleSpec& spec)
      : Gan(spec), config_(config), image_(checked(config, spec)) {
    classes_ = config.use_labels ? spec.classes : 0;
    for (int64_t k = config.levels - 1; k >= 0; --k) add_level(image_.height >> k);
  }

  std::vector<Phase> phases() const override {
    std::vector<Phase> phases;
    for (const Level& level : levels_) {
      const std::string size = std::to_string(level.size);
      phases.push_back({.name = "D" + size, .networks = {level.discriminator}, .player = "D"});
      phases.push_back({.name = "G" + size, .networks = {level.generator}, .player = "G"});
    }
    return phases;
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const Level& level = levels_.at(static_cast<size_t>(level_of(phase)));
    const at::Tensor real = at_level(reals.samples, level);
    const at::Tensor condition = condition_of(reals.labels, reals.size());
    const at::Tensor fake = step.once("fakes" + std::to_string(level.size), [&] {
      return made(level, *level.generator->module, coarser(real), condition,
                  noise(level, reals.size(), step));
    });
    if (phase.player == "D") return discriminator_loss(level, real, fake.detach(), condition);
    const at::Tensor logits = judged(level, fake, condition);
    return {{"adversarial", loss::generator(Adversarial::kNonSaturating, logits)}};
  }

  // The coarsest level's z, then one map of noise for each finer level.
  Latent latent() const override {
    int64_t dim = config_.latent_dim;
    for (const Level& level : finer_levels()) dim += level.size * level.size;
    return {dim, Latent::Kind::kUniform};
  }

  bool conditional() const override { return classes_ > 0; }

  at::Tensor generate(const Request& request) override {
    const at::Tensor z = request.latents(latent());
    const at::Tensor condition = condition_of(request.labels, z.size(0)).to(z.device());
    int64_t used = config_.latent_dim;
    at::Tensor picture = made(levels_.front(), averaged(levels_.front().generator), {}, condition,
                              z.narrow(1, 0, used));
    for (const Level& level : finer_levels()) {
      const int64_t places = level.size * level.size;
      const at::Tensor map = z.narrow(1, used, places).reshape({-1, 1, level.size, level.size});
      picture = made(level, averaged(level.generator), picture, condition, map);
      used += places;
    }
    return picture.clamp(-1, 1);
  }

  // The levels' opinions are of independent conditional densities: their logits add.
  at::Tensor score(const at::Tensor& samples, const at::Tensor& labels) override {
    const at::Tensor condition = condition_of(labels, samples.size(0)).to(samples.device());
    at::Tensor total;
    for (const Level& level : levels_) {
      const at::Tensor logits = judged(level, at_level(samples, level), condition).flatten();
      total = total.defined() ? total + logits : logits;
    }
    return total;
  }

 private:
  struct Level {
    int64_t size;
    NetworkRef generator;
    NetworkRef discriminator;
  };

  static nn::ImageShape checked(const LapganConfig& config, const SampleSpec& spec) {
    const nn::ImageShape image = nn::ImageShape::of(spec);
    const int64_t base = image.height >> (config.levels - 1);
    const bool halves = base << (config.levels - 1) == image.height;
    if (halves && base >= 4 && (config.levels == 1 || base * 2 >= 9)) return image;
    throw UsageError({.where = "gan.levels",
                      .found = std::to_string(config.levels) + " levels of images of " +
                               std::to_string(image.height) + " px",
                      .allowed = "a size that halves to 5 px or more at the coarsest level",
                      .remedy = "--set gan.levels=2, or resize the data: --set data.size_px=32"});
  }

  void add_level(int64_t size) {
    const nn::ImageShape image{image_.channels, size, size};
    const bool base = levels_.empty();
    const std::string name = std::to_string(size);
    const NetworkRef generator = network("generator" + name, Role::kAveraged, [&] {
      return base ? base_generator(config_, image, classes_)
                  : detail_generator(config_, image, classes_);
    });
    const NetworkRef discriminator = network("discriminator" + name, Role::kTrained, [&] {
      return base ? base_discriminator(config_, image, classes_)
                  : detail_discriminator(config_, image, classes_);
    });
    levels_.push_back({size, generator, discriminator});
  }

  std::vector<Level> finer_levels() const { return {levels_.begin() + 1, levels_.end()}; }

  int64_t level_of(const Phase& phase) const {
    int64_t level = 0;
    while (phase.name.substr(1) != std::to_string(levels_.at(static_cast<size_t>(level)).size)) {
      ++level;
    }
    return level;
  }

  bool is_base(const Level& level) const { return level.size == levels_.front().size; }

  static at::Tensor at_level(at::Tensor images, const Level& level) {
    while (images.size(2) > level.size) images = coarser(images);
    return images;
  }

  // float32 [N, classes]; without labels an even share of all.
  at::Tensor condition_of(const at::Tensor& labels, int64_t count) const {
    if (classes_ == 0) return at::zeros({count, 0});
    if (labels.defined()) return nn::one_hot(labels, classes_);
    return at::full({count, classes_}, 1.0 / static_cast<double>(classes_));
  }

  at::Tensor noise(const Level& level, int64_t count, Step& step) const {
    if (is_base(level)) return step.uniform({count, config_.latent_dim}, -1, 1);
    return step.uniform({count, 1, level.size, level.size}, -1, 1);
  }

  // The picture of a level: the coarse one (not read at the coarsest level), and its detail.
  at::Tensor made(const Level& level, nn::Module& generator, const at::Tensor& coarse,
                  const at::Tensor& condition, const at::Tensor& noise) const {
    if (is_base(level)) return generator.forward(nn::beside(noise, condition));
    const at::Tensor smooth = finer(coarse);
    return smooth + generator.forward(nn::beside(at::cat({noise, smooth}, 1), condition));
  }

  // D sees the sum of coarse picture and detail, which is the picture.
  at::Tensor judged(const Level& level, const at::Tensor& images,
                    const at::Tensor& condition) const {
    const at::Tensor input = is_base(level) ? images.flatten(1) : images;
    return level.discriminator(nn::beside(input, condition));
  }

  Terms discriminator_loss(const Level& level, const at::Tensor& reals, const at::Tensor& fakes,
                           const at::Tensor& condition) const {
    const at::Tensor real = judged(level, reals, condition);
    const at::Tensor fake = judged(level, fakes, condition);
    return {{"adversarial", loss::discriminator(Adversarial::kNonSaturating, real, fake)},
            observed("accuracy", loss::accuracy(real, fake)),
            observed("logit/real", real.detach().mean()),
            observed("logit/fake", fake.detach().mean())};
  }

  LapganConfig config_;
  nn::ImageShape image_;
  int64_t classes_ = 0;
  std::vector<Level> levels_;
};

}  // namespace

void register_lapgan(Registry& registry) {
  registry.add<Lapgan, LapganConfig>(
      {.name = "lapgan",
       .title = "A Laplacian pyramid of GANs, coarse to fine",
       .paper = "Denton, Chintala, Szlam, Fergus 2015, arXiv 1506.05751",
       .task = "unconditional generation",
       .domains = {"image"},
       .sizes = "squares that halve to 5 px or more"});
}

}  // namespace ganymede::gans
