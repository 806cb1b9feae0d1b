// What a gan declares: networks, phases, losses, samples. It never runs a loop, calls an optimizer,
// reads a file or knows how many processes there are.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/core/random.h"
#include "ganymede/core/sample.h"
#include "ganymede/nn/module.h"

namespace ganymede::gans {

enum class Role {
  kTrained,   // some phase updates it
  kAveraged,  // trained, and a moving average (EMA) of its weights makes the samples
  kFrozen,    // never updated
};

struct Network {
  std::string name;
  Role role;
  nn::ModulePtr module;
  nn::ModulePtr average;  // the EMA copy; null unless kAveraged
  // What every sample passes on its way into this network while it trains ([augment] of the
  // recipe): differentiable, and the same samples come back where there is nothing to do. Set by
  // the trainer on the networks of D; empty otherwise.
  std::function<at::Tensor(const at::Tensor& samples)> augment = {};
};

// A cheap handle to a network; calling it runs the trained module.
class NetworkRef {
 public:
  explicit NetworkRef(Network* network) : network_(network) {}
  at::Tensor operator()(const at::Tensor& input) const {
    return network_->module->forward(seen(input));
  }
  at::Tensor features(const at::Tensor& input) const {
    return network_->module->features(seen(input));
  }
  // Samples as the network sees them: augmented in training, themselves in evaluation. Calls above
  // do this; a gan that hands samples to D together with something else (labels, another picture)
  // calls it on the samples alone.
  at::Tensor seen(const at::Tensor& samples) const {
    const bool augments = network_->augment && nn::ForwardScope::mode() == nn::Mode::kTrain;
    return augments ? network_->augment(samples) : samples;
  }
  Network& operator*() const { return *network_; }
  Network* operator->() const { return network_; }

 private:
  Network* network_;
};

// The module that samples come from: the average where there is one.
inline nn::Module& averaged(const NetworkRef& network) {
  return network->average ? *network->average : *network->module;
}

// One optimizer step of one player.
struct Phase {
  std::string name;                  // "D", "G", "Dreg", ...
  std::vector<NetworkRef> networks;  // the only ones it updates
  int64_t repeats = 1;               // times per step; each repeat sees a fresh batch of reals
  int64_t interval = 1;              // runs in every interval-th step
  std::string player = {};           // whose optimizer it uses; default: its own name
  double weight_clip = 0;            // > 0: weights are clamped to +-this after each update (WGAN)
  // It runs only while from_kimg <= kimg shown < until_kimg (pretraining, then the game).
  double from_kimg = 0;
  double until_kimg = std::numeric_limits<double>::infinity();
  bool due(int64_t step, double kimg) const {
    return step % interval == 0 && from_kimg <= kimg && kimg < until_kimg;
  }
  const std::string& optimizer() const { return player.empty() ? name : player; }
};

// A named scalar of a phase. Weighted terms are summed and backpropagated; observed ones
// are only recorded.
struct Term {
  std::string name;
  at::Tensor value;
  double weight = 1.0;
  bool observed = false;
};
using Terms = std::vector<Term>;

inline Term observed(std::string name, const at::Tensor& value) {
  return {std::move(name), value.detach(), 0.0, true};
}

class Gan;
struct Latent;

// One training step as a gan sees it: keyed randomness, and values shared by the players.
class Step {
 public:
  Step(Gan& gan, uint64_t seed, int64_t index, const at::Device& device);

  int64_t index() const { return index_; }
  // Draws of the current phase (or of the running once()), keyed by
  // (seed, phase and repeat, step): float32 on the step's device.
  at::Tensor normal(at::IntArrayRef shape);
  at::Tensor uniform(at::IntArrayRef shape, double low = 0.0, double high = 1.0);
  at::Tensor latents(const Latent& latent, int64_t count);  // z [count, dim]
  Stream& random() { return random_; }

  // Computed at its first use for this batch and shared by all phases. Every network counts as
  // trained while it runs: its graph is recorded (for one phase to backpropagate through) and its
  // running means move. A fresh batch (a repeat of a phase) makes it anew.
  at::Tensor once(const std::string& name, const std::function<at::Tensor()>& make);

  void begin_phase(const Phase& phase, int64_t repeat);  // for the trainer

 private:
  Gan& gan_;
  uint64_t seed_;
  int64_t index_;
  int64_t fresh_batches_ = 0;
  at::Device device_;
  Stream random_;
  std::map<std::string, at::Tensor> shared_;
};

// How z is distributed.
struct Latent {
  enum class Kind { kNormal, kUniform };
  int64_t dim = 0;
  Kind kind = Kind::kNormal;
  double low = -1;  // of kUniform
  double high = 1;
  at::Tensor draw(Stream& random, int64_t count) const;  // float32 [count, dim]
};
// Names in recipes.
std::vector<std::pair<const char*, Latent::Kind>> enum_names(Latent::Kind);

// Which samples to make: one per seed. Each row of z is drawn from Stream(seed, "latent"), so a
// sample depends on its own seed alone; `z` overrides the draw (interpolation, projection).
struct Request {
  std::vector<uint64_t> seeds;
  // int64 [count], or shares of classes float32 [count, classes] where Gan::mixes_classes(). A
  // conditional gan's generate() always has them: gans::sample() draws those that nobody chose.
  at::Tensor labels = {};
  at::Tensor z = {};  // float32 [count, dim] or undefined
  // float32 [count, spec.condition_width()], one 1 in each row, or undefined: drawn by
  // conditions().
  at::Tensor condition = {};
  // Of a gan that takes_given(): what each sample is made from, float32
  // [count, ...spec.given[0].shape]; pictures of other sizes where Gan::size_multiple() says so.
  at::Tensor given = {};
  size_t direction = 0;  // of Gan::directions()
  at::Device device = at::kCPU;
  int64_t count() const {
    if (z.defined()) return z.size(0);
    return seeds.empty() && given.defined() ? given.size(0) : static_cast<int64_t>(seeds.size());
  }
  at::Tensor latents(const Latent& latent) const;
  // `condition`, or for each seed a column drawn uniformly from Stream(seed, "condition") and one
  // of its categories by its share among the real rows; undefined when the spec has no conditions.
  at::Tensor conditions(const SampleSpec& spec) const;
};

// A part of z that training gave a meaning of its own (InfoGAN): one entry in [-1, 1], or several
// of which the largest names a category.
struct Code {
  std::string name;
  int64_t first = 0;       // its first entry of z
  int64_t categories = 0;  // and its number of entries; 0: one entry, continuous
};

// Whose classes Gan::classify() tells apart: nobody's, the data's, or categories that the gan found
// without labels, whose order means nothing.
enum class Classifier { kNone, kData, kFound };

class Gan {
 public:
  virtual ~Gan() = default;
  Gan(const Gan&) = delete;
  Gan& operator=(const Gan&) = delete;

  virtual std::vector<Phase> phases() const = 0;
  // Called with this phase's networks trainable and all others frozen.
  virtual Terms loss(const Phase& phase, const Batch& reals, Step& step) = 0;
  virtual Latent latent() const = 0;
  // float32 [count, ...spec.shape]; averaged weights; the caller disables gradients.
  virtual at::Tensor generate(const Request& request) = 0;

  // D's opinion of each sample: logit or critic value, higher is more like the reals, float32 [N];
  // undefined when the gan has no such player. samples: float32 [N, ...spec.shape]; labels: int64
  // [N] or undefined. The caller sets evaluation mode and disables gradients.
  virtual at::Tensor score(const at::Tensor& samples, const at::Tensor& labels);
  // What the last layer of that player sees, float32 [N, dim]; undefined where there is none.
  virtual at::Tensor features(const at::Tensor& samples);

  // `samples` (float32 [N, ...spec.shape], NaN where something is missing) completed, what is there
  // unchanged; request.latents() of N rows decide among what fits. Undefined where the gan cannot.
  // The caller disables gradients.
  virtual at::Tensor impute(const at::Tensor& samples, const Request& request);

  // Whether generate() obeys Request::labels.
  virtual bool conditional() const { return false; }
  // Whether it also obeys shares of classes.
  virtual bool mixes_classes() const { return false; }

  // The gan's own opinion of each sample's class: logits float32 [N, classes or categories];
  // undefined for kNone. The caller sets evaluation mode and disables gradients.
  virtual at::Tensor classify(const at::Tensor& samples);
  virtual Classifier classifier() const { return Classifier::kNone; }

  // log p of each sample, nats, float32 [N] (what the data could not tell the gan is left out), of
  // averaged weights; undefined unless knows_likelihood(). The caller sets evaluation mode and
  // disables gradients.
  virtual at::Tensor log_likelihood(const at::Tensor& samples);
  virtual bool knows_likelihood() const { return false; }

  virtual std::vector<Code> codes() const { return {}; }

  // Ways in which it translates what it is given, by name; empty where there is one way only.
  // Request::direction 0 makes samples of spec() from spec().given, 1 the reverse.
  virtual std::vector<std::string> directions() const { return {}; }
  // > 0: generate() takes given pictures of any sides that are multiples of this; 0: of those of
  // spec().given only.
  virtual int64_t size_multiple() const { return 0; }
  // Sides of a made picture, by those of the given one.
  virtual int64_t enlarges() const { return 1; }

  // What the data may tell a gan before the first step (for example pixel means as a bias).
  virtual void prepare(const Batch& reals) { static_cast<void>(reals); }
  // How many reals it would like to see there; it gets all of a smaller set.
  virtual int64_t prepare_samples() const { return 1000; }

  const std::vector<std::unique_ptr<Network>>& networks() const { return networks_; }
  Network& network(const std::string& name) const;
  const SampleSpec& spec() const { return spec_; }

  // Weights and buffers of every network by file stem: "<network>" and, for averages,
  // "<network>_ema". Tensors share storage with the networks.
  std::map<std::string, nn::TensorMap> state() const;
  // Copies them in; an average without its own entry takes the trained weights. Throws ModelError.
  void load_state(const std::map<std::string, nn::TensorMap>& state, const std::string& where);

  // Draws all weights from (seed, "init/<network>/<parameter>"); averages start equal.
  void initialize(uint64_t seed);
  // Sets every average to the trained weights.
  void reset_averages();
  void to(const at::Device& device);

 protected:
  explicit Gan(SampleSpec spec) : spec_(std::move(spec)) {}
  // `build` is called once, and once more for the averaged copy.
  NetworkRef network(const std::string& name, Role role,
                     const std::function<nn::ModulePtr()>& build);

 private:
  SampleSpec spec_;
  std::vector<std::unique_ptr<Network>> networks_;
};

}  // namespace ganymede::gans
