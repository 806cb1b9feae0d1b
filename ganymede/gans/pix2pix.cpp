// Pictures to pictures, from pairs: Isola, Zhu, Zhou, Efros 2017, arXiv 1611.07004, with the
// numbers of junyanz/pytorch-CycleGAN-and-pix2pix. G is a U-Net; D sees what was given beside what
// was made of it, patch by patch, and its loss counts half; G also pays for the distance to the
// real picture. D moves first, then G on the same fakes. Noise enters through dropout alone, which
// may stay on for samples (test_dropout), as the statistics of the picture at hand may
// (own_statistics). With colors = "lab" the picture given is a lightness and the game is about
// colours alone: G makes a and b of CIE Lab, and both players see and compare those.
#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/gans/game.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/lab.h"
#include "ganymede/nn/translation_networks.h"

namespace ganymede::gans {
namespace {

enum class Colors { kRgb, kLab };
std::vector<std::pair<const char*, Colors>> enum_names(Colors) {
  return {{"rgb", Colors::kRgb}, {"lab", Colors::kLab}};
}

struct Pix2pixConfig : Game {
  Colors colors = Colors::kRgb;
  int64_t base_channels = 64;
  int64_t depth = 0;
  nn::PictureNorm norm = nn::PictureNorm::kBatch;
  nn::Doubling doubling = nn::Doubling::kTransposed;
  double dropout = 0.5;
  bool test_dropout = false;
  bool own_statistics = true;
  int64_t discriminator_channels = 64;
  int64_t discriminator_layers = 3;
  double l1_weight = 100;

  static void describe(config::Schema<Pix2pixConfig>& s) {
    using C = Pix2pixConfig;
    s.field("colors", &C::colors,
            "rgb: the picture as it is; lab: its colours alone, for data.form=lab");
    s.field("base_channels", &C::base_channels,
            "width of the U-Net next to the picture; doubles up to eight times")
        .range(1, 1024);
    s.field("depth", &C::depth,
            "halvings of the U-Net; 0: as often as both sides can be halved, at most 8")
        .range(0, 12);
    s.field("norm", &C::norm, "normalisation in both networks: batch, instance or none");
    s.field("doubling", &C::doubling,
            "transposed convolutions, or resize: repeated pixels, which leave no checkerboard");
    s.field("dropout", &C::dropout, "share of G's inner features that training drops")
        .range(0, 0.99);
    s.field("test_dropout", &C::test_dropout,
            "dropout also when pictures are made: each seed gives another one");
    s.field("own_statistics", &C::own_statistics,
            "batch normalisation by the picture at hand when pictures are made, as in training "
            "with a batch of 1; off: by the running means of training");
    s.field("discriminator_channels", &C::discriminator_channels, "width of D next to the pictures")
        .range(1, 1024);
    s.field("discriminator_layers", &C::discriminator_layers,
            "halvings of D: 3 sees 70 x 70 px, 2 34 x 34, 1 16 x 16; 0: single pixels")
        .range(0, 6);
    s.field("l1_weight", &C::l1_weight, "weight of the mean distance to the real picture")
        .at_least(0);
    describe_game(s);
  }
};

[[noreturn]] void refuse(const std::string& found, const std::string& allowed) {
  throw UsageError({.where = "gan pix2pix",
                    .found = found,
                    .allowed = allowed,
                    .remedy = "see docs/translate.md for the forms of pairs"});
}

class Pix2pix final : public Gan {
 public:
  Pix2pix(const Pix2pixConfig& config, const SampleSpec& spec)
      : Gan(checked(config, spec)),
        config_(config),
        depth_(config.depth > 0 ? config.depth : nn::unet_depth(spec.shape[1], spec.shape[2])),
        generator_(network("generator", Role::kAveraged,
                           [this, trained = true]() mutable {
                             return unet(std::exchange(trained, false) || config_.test_dropout);
                           })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return nn::patch_discriminator(spec.given[0].shape[0] + made_channels(), patches(config));
        })) {
    check(config_);
    if (config_.test_dropout && !config_.own_statistics) {
      throw UsageError({.where = "gan.test_dropout",
                        .found = "dropout with running means when pictures are made",
                        .allowed = "dropout with gan.own_statistics"});
    }
    if (spec.shape[1] % size_multiple() != 0 || spec.shape[2] % size_multiple() != 0) {
      refuse(sides(spec),
             "sides that are multiples of 2^depth, " + std::to_string(size_multiple()));
    }
  }

  std::vector<Phase> phases() const override {
    return game_phases(config_, discriminator_, generator_);
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor fakes = step.once("fakes", [&] { return generator_(reals.given); });
    const loss::Critic judge = [&](const at::Tensor& samples) {
      return discriminator_(at::cat({reals.given, samples}, 1));
    };
    const at::Tensor wanted = as_made(reals.samples);
    Terms terms = game_terms(config_, phase, judge, wanted, fakes, *generator_->module, step);
    // The authors' D counts half, and their least squares have no 1/2 of its own.
    const double whole = config_.loss == loss::Adversarial::kLeastSquares ? 2 : 1;
    for (Term& term : terms) {
      if (term.name == "adversarial") term.weight *= phase.name == "G" ? whole : whole / 2;
    }
    if (phase.name == "G") {
      terms.push_back({"l1", (fakes - wanted).abs().mean(), config_.l1_weight});
    }
    return terms;
  }

  Latent latent() const override { return {.dim = 0}; }

  // With own statistics each picture passes alone, in training mode. The average is frozen, so that
  // its running means stay.
  at::Tensor generate(const Request& request) override {
    nn::Module& generator = averaged(generator_);
    if (!config_.own_statistics) return whole(request.given, generator(request.given));
    std::vector<at::Tensor> made;
    for (int64_t row = 0; row < request.given.size(0); ++row) {
      Stream random(request.seeds.empty() ? 0 : request.seeds[static_cast<size_t>(row)], "dropout");
      const nn::ForwardScope scope(nn::Mode::kTrain, &random);
      made.push_back(generator(request.given.narrow(0, row, 1)));
    }
    return whole(request.given, at::cat(made));
  }

  int64_t size_multiple() const override { return int64_t{1} << depth_; }

 private:
  bool lab() const { return config_.colors == Colors::kLab; }
  int64_t made_channels() const { return lab() ? 2 : spec().shape[0]; }
  // What G is to make of a sample, and a sample of what it made.
  at::Tensor as_made(const at::Tensor& samples) const {
    return lab() ? nn::lab_of_rgb(samples).narrow(1, 1, 2) : samples;
  }
  at::Tensor whole(const at::Tensor& given, const at::Tensor& made) const {
    return lab() ? nn::rgb_of_lab(at::cat({given, made}, 1)) : made;
  }

  // The average is the second one that is built, and makes the pictures.
  nn::ModulePtr unet(bool with_dropout) const {
    return nn::unet(spec().given[0].shape[0], made_channels(),
                    {.base_channels = config_.base_channels,
                     .depth = depth_,
                     .norm = config_.norm,
                     .dropout = with_dropout ? config_.dropout : 0,
                     .doubling = config_.doubling});
  }

  static nn::PatchOptions patches(const Pix2pixConfig& config) {
    return {.base_channels = config.discriminator_channels,
            .layers = config.discriminator_layers,
            .norm = config.norm};
  }

  static std::string sides(const SampleSpec& spec) {
    return "pictures of " + std::to_string(spec.shape[2]) + " x " + std::to_string(spec.shape[1]) +
           " px";
  }

  static const SampleSpec& checked(const Pix2pixConfig& config, const SampleSpec& spec) {
    if (!spec.takes_given()) {
      refuse("samples of the domain " + spec.domain + " alone", "pairs of pictures");
    }
    const std::vector<int64_t>& from = spec.given[0].shape;
    if (spec.shape.size() != 3 || from.size() != 3 || spec.shape[1] != from[1] ||
        spec.shape[2] != from[2]) {
      refuse("samples that are no pictures of the size of what they are made from",
             "pairs of pictures of one size");
    }
    if (config.colors == Colors::kLab && (from[0] != 1 || spec.shape[0] != 3)) {
      refuse("gan.colors=lab with pictures of " + std::to_string(from[0]) + " and " +
                 std::to_string(spec.shape[0]) + " channels",
             "a lightness and a coloured picture (data.form=lab)");
    }
    const int64_t smallest = nn::smallest_patch_side(patches(config));
    if (std::min(spec.shape[1], spec.shape[2]) < smallest) {
      refuse(sides(spec), "sides of " + std::to_string(smallest) +
                              " px or more, or fewer gan.discriminator_layers");
    }
    return spec;
  }

  Pix2pixConfig config_;
  int64_t depth_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_pix2pix(Registry& registry) {
  registry.add<Pix2pix, Pix2pixConfig>(
      {.name = "pix2pix",
       .title = "Image-to-image translation with conditional adversarial networks",
       .paper = "Isola, Zhu, Zhou, Efros 2017, arXiv 1611.07004",
       .task = "picture to picture, from pairs",
       .domains = {"image"},
       .sizes = "sides that are multiples of 4 px; any size when translating"});
}

}  // namespace ganymede::gans
