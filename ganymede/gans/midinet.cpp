// MidiNet: Yang, Chou, Yang 2017, arXiv 1703.10847, with the numbers of the authors' code
// (RichardYang40148/MidiNet, v1). G makes a bar of melody from noise, the bar before it, which
// reaches its layers through a conditioner CNN, and the chord of the bar; D judges bars beside
// their chord. G also matches the mean bar and the mean of D's first layer (eq. 3), and takes two
// steps for one of D.
//
// A sample is a tune: float32 [bars, (steps + 1) * 128], of each bar its steps over the pitches and
// a row whose first 13 entries are its chord; it is given the chords [bars, 13]. Training takes
// every bar of a tune with the real bar before it (the first with silence); generation feeds each
// bar that was made back as the one before the next, with its most probable pitches only.
#include <ATen/ATen.h>

#include <array>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/layers.h"
#include "ganymede/nn/rect_conv.h"

namespace ganymede::gans {
namespace {

constexpr int64_t kPitches = 128;
constexpr int64_t kChord = 13;      // twelve roots, and minor
constexpr int64_t kMostPlaces = 3;  // steps where upsampling begins, at most
constexpr double kDeviation = 0.02;
constexpr double kSlope = 0.2;

enum class Previous { kAll, kLast, kNone };
std::vector<std::pair<const char*, Previous>> enum_names(Previous) {
  return {{"all", Previous::kAll}, {"last", Previous::kLast}, {"none", Previous::kNone}};
}

struct MidinetConfig {
  int64_t latent_dim = 100;
  bool chords = true;
  Previous previous = Previous::kAll;
  int64_t generator_channels = 128;
  int64_t conditioner_channels = 16;
  int64_t hidden_units = 1024;
  int64_t judge_channels = 64;
  double label_real = 0.9;
  double bar_weight = 0.1;
  double feature_weight = 1;

  static void describe(config::Schema<MidinetConfig>& s) {
    s.field("latent_dim", &MidinetConfig::latent_dim, "size of z ~ N(0, 1) of a bar")
        .range(1, 65536);
    s.field("chords", &MidinetConfig::chords, "both players see the chord of the bar");
    s.field("previous", &MidinetConfig::previous,
            "which transposed convolutions see the bar before: all (the paper's stable mode), the "
            "last (creative) or none");
    s.field("generator_channels", &MidinetConfig::generator_channels,
            "of G's transposed convolutions")
        .range(1, 4096);
    s.field("conditioner_channels", &MidinetConfig::conditioner_channels, "of the conditioner")
        .range(1, 4096);
    s.field("hidden_units", &MidinetConfig::hidden_units, "of the dense layers of both players")
        .range(1, 65536);
    s.field("judge_channels", &MidinetConfig::judge_channels,
            "of D's second convolution, beside the chord's 13")
        .range(1, 4096);
    s.field("label_real", &MidinetConfig::label_real, "D's target for reals").range(0.5, 1);
    s.field("bar_weight", &MidinetConfig::bar_weight,
            "lambda 1: of half the squared distance between mean bars")
        .range(0, 1e6);
    s.field("feature_weight", &MidinetConfig::feature_weight,
            "lambda 2: likewise of the means of D's first layer")
        .range(0, 1e6);
  }
  int64_t chord_width() const { return chords ? kChord : 0; }
};

nn::ModulePtr dense(int64_t in, int64_t out) {
  return nn::linear(
      in, out,
      {.weight_init = nn::Init::normal(0, kDeviation), .bias_init = nn::Init::constant(0)});
}

using Sides = std::array<int64_t, 2>;

nn::RectConvOptions sized(Sides kernel, Sides stride = {1, 1}) {
  return {.kernel = kernel,
          .stride = stride,
          .weight_init = nn::Init::normal(0, kDeviation),
          .bias_init = nn::Init::constant(0)};
}

// x [N, C, H, W] with the chord [N, 13] as planes behind it, and other maps behind those.
at::Tensor beside(const at::Tensor& x, const at::Tensor& chord, const at::Tensor& maps = {}) {
  std::vector<at::Tensor> parts = {x};
  if (chord.size(1) > 0) {
    parts.push_back(chord.unsqueeze(2).unsqueeze(3).expand(
        {chord.size(0), chord.size(1), x.size(2), x.size(3)}));
  }
  if (maps.defined()) parts.push_back(maps);
  return parts.size() == 1 ? x : at::cat(parts, 1);
}

// How often `steps` halve until few are left.
int64_t halvings(int64_t steps) {
  int64_t n = 0;
  for (; steps % 2 == 0 && steps > kMostPlaces; steps /= 2) ++n;
  return n;
}

// [N, latent + chord + steps * 128] (z, chord, the bar before) -> the bar [N, steps, 128] in [0,
// 1].
class Composer final : public nn::Module {
 public:
  Composer(const MidinetConfig& config, int64_t steps)
      : config_(config), steps_(steps), levels_(halvings(steps)) {
    add_conditioner();
    const int64_t chord = config.chord_width(), channels = config.generator_channels;
    first_ = &child("first", nn::sequence(dense(config.latent_dim + chord, config.hidden_units),
                                          nn::batch_norm(config.hidden_units), nn::relu()));
    const int64_t spread = channels * (steps >> levels_);
    second_ = &child("second", nn::sequence(dense(config.hidden_units + chord, spread),
                                            nn::batch_norm(spread), nn::relu()));
    for (int64_t level = levels_; level > 0; --level) {
      const int64_t in = channels + chord + maps_at(level);
      ups_.push_back(
          &child("up" + std::to_string(levels_ - level),
                 nn::sequence(nn::rect_conv_transpose(in, channels, sized({2, 1}, {2, 1})),
                              nn::batch_norm(channels), nn::relu())));
    }
    last_ = &child("last", nn::sequence(nn::rect_conv_transpose(channels + chord + maps_at(0), 1,
                                                                sized({1, kPitches})),
                                        nn::sigmoid()));
  }

  at::Tensor forward(const at::Tensor& input) override {
    const int64_t noise = config_.latent_dim + config_.chord_width();
    const at::Tensor chord = input.narrow(1, config_.latent_dim, config_.chord_width());
    const auto maps = conditions(input.narrow(1, noise, steps_ * kPitches));
    at::Tensor x = (*first_)(input.narrow(1, 0, noise));
    x = (*second_)(at::cat({x, chord}, 1))
            .view({input.size(0), config_.generator_channels, steps_ >> levels_, 1});
    for (int64_t level = levels_; level > 0; --level)
      x = (*ups_[static_cast<size_t>(levels_ - level)])(beside(x, chord, map_of(maps, level)));
    return (*last_)(beside(x, chord, map_of(maps, 0))).squeeze(1);
  }

 private:
  // Maps of the bar before: level 0 has all steps, each further level half of them.
  int64_t maps_at(int64_t level) const {
    const bool sees =
        config_.previous == Previous::kAll || (config_.previous == Previous::kLast && level == 0);
    return sees ? config_.conditioner_channels : 0;
  }

  void add_conditioner() {
    const int64_t channels = config_.conditioner_channels;
    for (int64_t level = 0; level <= levels_ && maps_at(level) > 0; ++level) {
      const auto conv = level == 0 ? nn::rect_conv(1, channels, sized({1, kPitches}))
                                   : nn::rect_conv(channels, channels, sized({2, 1}, {2, 1}));
      conditioner_.push_back(
          &child("previous" + std::to_string(level),
                 nn::sequence(conv, nn::batch_norm(channels), nn::leaky_relu(kSlope))));
    }
  }

  std::vector<at::Tensor> conditions(const at::Tensor& bar) const {
    std::vector<at::Tensor> maps;
    at::Tensor x = bar.view({bar.size(0), 1, steps_, kPitches});
    for (nn::Module* layer : conditioner_) maps.push_back(x = layer->forward(x));
    return maps;
  }

  static at::Tensor map_of(const std::vector<at::Tensor>& maps, int64_t level) {
    const auto place = static_cast<size_t>(level);
    return place < maps.size() ? maps[place] : at::Tensor();
  }

  MidinetConfig config_;
  int64_t steps_;
  int64_t levels_;
  std::vector<nn::Module*> conditioner_;
  nn::Module* first_;
  nn::Module* second_;
  std::vector<nn::Module*> ups_;
  nn::Module* last_;
};

// [N, chord + steps * 128] -> [N, 1 + matched]: the logit, and what its first layer sees (matched
// by G). features(): what its last layer sees.
class BarJudge final : public nn::Module {
 public:
  BarJudge(const MidinetConfig& config, int64_t steps) : config_(config), steps_(steps) {
    const int64_t chord = config.chord_width(), eyes = 1 + chord;
    const int64_t ears = config.judge_channels + chord;
    const int64_t places = ((steps / 2) - 4) / 2 + 1;
    const auto conv = std::make_shared<nn::RectConv>(1 + chord, eyes, sized({2, kPitches}, {2, 1}));
    first_ = conv.get();
    child("first", nn::sequence(nn::ModulePtr(conv)));
    second_ =
        &child("second", nn::sequence(nn::rect_conv(eyes + chord, ears, sized({4, 1}, {2, 1})),
                                      nn::batch_norm(ears), nn::leaky_relu(kSlope)));
    third_ =
        &child("third", nn::sequence(dense(ears * places + chord, config.hidden_units),
                                     nn::batch_norm(config.hidden_units), nn::leaky_relu(kSlope)));
    last_ = &child("last", dense(config.hidden_units + chord, 1));
  }

  at::Tensor forward(const at::Tensor& input) override {
    const auto [matched, hidden] = look(input);
    return at::cat({(*last_)(hidden), matched.flatten(1)}, 1);
  }

  at::Tensor features(const at::Tensor& input) override { return look(input).second; }

 private:
  std::pair<at::Tensor, at::Tensor> look(const at::Tensor& input) {
    const int64_t width = config_.chord_width();
    const at::Tensor chord = input.narrow(1, 0, width);
    const at::Tensor bar =
        input.narrow(1, width, steps_ * kPitches).reshape({input.size(0), 1, steps_, kPitches});
    const at::Tensor matched = at::leaky_relu(first_->forward(bar, chord), kSlope);
    const at::Tensor x = (*second_)(beside(matched, chord)).flatten(1);
    return {matched, at::cat({(*third_)(at::cat({x, chord}, 1)), chord}, 1)};
  }

  MidinetConfig config_;
  int64_t steps_;
  nn::RectConv* first_;  // its activation follows in look()
  nn::Module* second_;
  nn::Module* third_;
  nn::Module* last_;
};

// Half the squared distance (tf.nn.l2_loss) between the means over the batch.
at::Tensor mean_distance(const at::Tensor& made, const at::Tensor& real) {
  return (made.mean(0) - real.mean(0)).square().sum() * 0.5;
}

class Midinet final : public Gan {
 public:
  Midinet(const MidinetConfig& config, const SampleSpec& spec)
      : Gan(checked(spec, config)),
        config_(config),
        bars_(spec.shape[0]),
        steps_(spec.shape[1] / kPitches - 1),
        generator_(network("generator", Role::kAveraged,
                           [&] { return std::make_shared<Composer>(config, steps_); })),
        discriminator_(network("discriminator", Role::kTrained,
                               [&] { return std::make_shared<BarJudge>(config, steps_); })) {}

  // Both steps of G see the same bars and the same z, as in the authors' code.
  std::vector<Phase> phases() const override {
    return {{.name = "D", .networks = {discriminator_}},
            {.name = "G", .networks = {generator_}},
            {.name = "G2", .networks = {generator_}, .player = "G"}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor melody = reals.samples.narrow(2, 0, steps_ * kPitches);
    const at::Tensor silence = at::zeros_like(melody.narrow(1, 0, 1));
    const at::Tensor before = at::cat({silence, melody.narrow(1, 0, bars_ - 1)}, 1);
    const at::Tensor real = rows(melody), chord = chords_of(reals);
    const at::Tensor z = step.once(
        "z", [&] { return step.latents(latent(), reals.size()).view({-1, config_.latent_dim}); });
    const at::Tensor fake = generator_(at::cat({z, chord, rows(before)}, 1)).flatten(1);
    const bool judges = phase.name == "D";
    const at::Tensor of_real = discriminator_(at::cat({chord, real}, 1));
    const at::Tensor of_fake = discriminator_(at::cat({chord, judges ? fake.detach() : fake}, 1));
    const at::Tensor real_logit = of_real.narrow(1, 0, 1), fake_logit = of_fake.narrow(1, 0, 1);
    loss::Objective objective(loss::Adversarial::kNonSaturating);
    objective.real = config_.label_real;
    if (judges) {
      return {{"adversarial", loss::discriminator(objective, real_logit, fake_logit)},
              observed("accuracy", loss::accuracy(objective, real_logit, fake_logit))};
    }
    const auto matched = [](const at::Tensor& opinion) {
      return opinion.narrow(1, 1, opinion.size(1) - 1);
    };
    return {{"adversarial", loss::generator(objective, fake_logit)},
            {"mean_bar", mean_distance(fake, real), config_.bar_weight},
            {"features", mean_distance(matched(of_fake), matched(of_real).detach()),
             config_.feature_weight}};
  }

  Latent latent() const override { return {config_.latent_dim * bars_}; }

  at::Tensor generate(const Request& request) override {
    const int64_t count = request.count();
    const at::Tensor z = request.latents(latent()).view({count, bars_, config_.latent_dim});
    const at::Tensor chords = config_.chords ? request.given : at::Tensor();
    at::Tensor before = at::zeros({count, steps_, kPitches}, z.options());
    std::vector<at::Tensor> bars;
    for (int64_t bar = 0; bar < bars_; ++bar) {
      std::vector<at::Tensor> input = {z.select(1, bar)};
      at::Tensor last = at::zeros({count, 1, kPitches}, z.options());
      if (chords.defined()) {
        input.push_back(chords.select(1, bar));
        last.narrow(2, 0, kChord).copy_(chords.narrow(1, bar, 1));
      }
      input.push_back(before.flatten(1));
      const at::Tensor made = averaged(generator_).forward(at::cat(input, 1));
      before = at::zeros_like(before).scatter_(2, made.argmax(2, /*keepdim=*/true), 1.0);
      bars.push_back(at::cat({made, last}, 1).flatten(1));
    }
    return at::stack(bars, 1);
  }

  // The mean over the bars, each beside its chord.
  at::Tensor score(const at::Tensor& samples, const at::Tensor&) override {
    return discriminator_(judged(samples)).select(1, 0).view({-1, bars_}).mean(1);
  }
  at::Tensor features(const at::Tensor& samples) override {
    const at::Tensor seen = discriminator_->module->features(judged(samples));
    return seen.view({-1, bars_, seen.size(1)}).mean(1);
  }

 private:
  static SampleSpec checked(const SampleSpec& spec, const MidinetConfig& config) {
    const int64_t steps = spec.shape.size() == 2 ? spec.shape[1] / kPitches - 1 : 0;
    const bool fits = steps >= 8 && steps % 2 == 0 && spec.shape[1] % kPitches == 0;
    const bool given = spec.takes_given() && spec.given[0].shape.back() == kChord;
    if (fits && (given || !config.chords)) return spec;
    throw UsageError(
        {.where = "midinet",
         .found = fits ? "music without chords" : "bars of " + std::to_string(steps) + " steps",
         .allowed =
             fits ? "music that is given chords" : "even numbers of steps from 8 on, 128 pitches",
         .remedy = fits ? "gan.chords=false" : "tunes in another meter"});
  }

  // [B, bars, ...] -> [B * bars, numbers].
  static at::Tensor rows(const at::Tensor& tunes) {
    return tunes.reshape({tunes.size(0) * tunes.size(1), -1});
  }

  at::Tensor chords_of(const Batch& reals) const {
    if (config_.chords) return rows(reals.given);
    return at::empty({reals.size() * bars_, 0}, reals.samples.options());
  }

  // D's input: every bar of every sample, beside the chord that its last row names.
  at::Tensor judged(const at::Tensor& samples) const {
    const at::Tensor chord = samples.narrow(2, steps_ * kPitches, config_.chord_width());
    return at::cat({rows(chord), rows(samples.narrow(2, 0, steps_ * kPitches))}, 1);
  }

  MidinetConfig config_;
  int64_t bars_;
  int64_t steps_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_midinet(Registry& registry) {
  registry.add<Midinet, MidinetConfig>({.name = "midinet",
                                        .title = "MidiNet: melodies bar by bar, on chords",
                                        .paper = "Yang, Chou, Yang 2017, arXiv 1703.10847",
                                        .task = "music, each bar from the one before and its chord",
                                        .domains = {"music"},
                                        .sizes = "any number of bars of 8, 12, 16, ... steps"});
}

}  // namespace ganymede::gans
