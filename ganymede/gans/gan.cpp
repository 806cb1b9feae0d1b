#include "ganymede/gans/gan.h"

#include <ATen/ATen.h>

#include "ganymede/core/device.h"
#include "ganymede/core/error.h"

namespace ganymede::gans {
namespace {

// Sets one of spec.condition_width() zeros to 1.
void draw_condition(const SampleSpec& spec, Stream& random, float* out) {
  std::vector<const Span*> columns;
  for (const Span& span : spec.spans) {
    if (!span.shares.empty()) columns.push_back(&span);
  }
  const Span* chosen = columns[random.below(columns.size())];
  for (const Span* column : columns) {
    if (column == chosen) break;
    out += column->shares.size();
  }
  double left = random.next_uniform();
  size_t category = 0;
  for (; category + 1 < chosen->shares.size(); ++category) {
    left -= static_cast<double>(chosen->shares[category]);
    if (left < 0) break;
  }
  out[category] = 1.0F;
}

// While it lives every network that some phase trains is unfrozen; afterwards, also after an
// exception, networks and stream are as before.
class EverythingTrains {
 public:
  EverythingTrains(Gan& gan, Stream& random) : random_(random), random_before_(random) {
    for (const auto& network : gan.networks()) {
      if (network->role == Role::kFrozen) continue;
      frozen_before_.emplace_back(network->module.get(), network->module->frozen());
      network->module->set_frozen(false);
    }
  }
  ~EverythingTrains() {
    random_ = random_before_;
    for (const auto& [module, frozen] : frozen_before_) module->set_frozen(frozen);
  }
  EverythingTrains(const EverythingTrains&) = delete;
  EverythingTrains& operator=(const EverythingTrains&) = delete;

 private:
  Stream& random_;
  Stream random_before_;
  std::vector<std::pair<nn::Module*, bool>> frozen_before_;
};

}  // namespace

Step::Step(Gan& gan, uint64_t seed, int64_t index, const at::Device& device)
    : gan_(gan), seed_(seed), index_(index), device_(device), random_(seed, "step", index) {}

void Step::begin_phase(const Phase& phase, int64_t repeat) {
  if (repeat > 0) {
    shared_.clear();
    ++fresh_batches_;
  }
  random_ = Stream(seed_, "phase/" + phase.name + "/" + std::to_string(repeat), index_);
}

at::Tensor Step::normal(at::IntArrayRef shape) { return to_device(random_.normal(shape), device_); }

at::Tensor Step::uniform(at::IntArrayRef shape, double low, double high) {
  return to_device(random_.uniform(shape, low, high), device_);
}

at::Tensor Step::latents(const Latent& latent, int64_t count) {
  return to_device(latent.draw(random_, count), device_);
}

at::Tensor Step::once(const std::string& name, const std::function<at::Tensor()>& make) {
  if (const auto found = shared_.find(name); found != shared_.end()) return found->second;
  const EverythingTrains scope(gan_, random_);
  random_ = Stream(seed_, "once/" + name + "/" + std::to_string(fresh_batches_), index_);
  return shared_[name] = make();
}

std::vector<std::pair<const char*, Latent::Kind>> enum_names(Latent::Kind) {
  return {{"normal", Latent::Kind::kNormal}, {"uniform", Latent::Kind::kUniform}};
}

at::Tensor Latent::draw(Stream& random, int64_t count) const {
  return kind == Kind::kNormal ? random.normal({count, dim})
                               : random.uniform({count, dim}, low, high);
}

at::Tensor Request::latents(const Latent& latent) const {
  if (z.defined()) return z.to(device);
  at::Tensor rows = at::empty({count(), latent.dim});
  for (int64_t i = 0; i < count(); ++i) {
    Stream random(seeds[static_cast<size_t>(i)], "latent");
    rows[i].copy_(latent.draw(random, 1)[0]);
  }
  return rows.to(device);
}

at::Tensor Request::conditions(const SampleSpec& spec) const {
  if (condition.defined()) return condition.to(device);
  if (spec.condition_width() == 0) return {};
  if (seeds.empty() && count() > 0) {
    throw UsageError({.where = "samples of given z",
                      .found = "no seeds and no condition",
                      .allowed = "one of both, to choose what the rows are like"});
  }
  at::Tensor rows = at::zeros({count(), spec.condition_width()});
  for (int64_t i = 0; i < count(); ++i) {
    Stream random(seeds[static_cast<size_t>(i)], "condition");
    draw_condition(spec, random, rows[i].data_ptr<float>());
  }
  return rows.to(device);
}

at::Tensor Gan::score(const at::Tensor&, const at::Tensor&) { return {}; }

at::Tensor Gan::features(const at::Tensor&) { return {}; }

at::Tensor Gan::classify(const at::Tensor&) { return {}; }

at::Tensor Gan::log_likelihood(const at::Tensor&) { return {}; }

at::Tensor Gan::impute(const at::Tensor&, const Request&) { return {}; }

Network& Gan::network(const std::string& name) const {
  for (const auto& network : networks_) {
    if (network->name == name) return *network;
  }
  throw Error({.where = "Gan::network", .found = "no network is named " + name});
}

NetworkRef Gan::network(const std::string& name, Role role,
                        const std::function<nn::ModulePtr()>& build) {
  auto network = std::make_unique<Network>(Network{name, role, build(), nullptr, {}});
  if (role == Role::kAveraged) {
    network->average = build();
    network->average->set_frozen(true);
  }
  return NetworkRef(networks_.emplace_back(std::move(network)).get());
}

std::map<std::string, nn::TensorMap> Gan::state() const {
  std::map<std::string, nn::TensorMap> state;
  for (const auto& network : networks_) {
    state[network->name] = network->module->state();
    if (network->average) state[network->name + "_ema"] = network->average->state();
  }
  return state;
}

void Gan::load_state(const std::map<std::string, nn::TensorMap>& state, const std::string& where) {
  for (const auto& network : networks_) {
    const auto trained = state.find(network->name);
    const auto average = state.find(network->name + "_ema");
    const auto& fallback = trained != state.end() ? trained : average;
    if (fallback == state.end()) {
      throw ModelError({.where = where, .found = "no weights of the network " + network->name});
    }
    const std::string place = where + ": " + network->name;
    network->module->load_state(fallback->second, place);
    if (!network->average) continue;
    network->average->load_state(average != state.end() ? average->second : fallback->second,
                                 place);
  }
}

void Gan::initialize(uint64_t seed) {
  for (const auto& network : networks_) {
    network->module->initialize(seed, "init/" + network->name);
  }
  reset_averages();
}

void Gan::reset_averages() {
  for (const auto& network : networks_) {
    if (network->average) network->average->load_state(network->module->state(), network->name);
  }
}

void Gan::to(const at::Device& device) {
  for (const auto& network : networks_) {
    network->module->to(device);
    if (network->average) network->average->to(device);
  }
}

}  // namespace ganymede::gans
