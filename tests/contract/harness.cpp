#include "harness.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/core/token_spec.h"

namespace ganymede::contract {
namespace {

constexpr int64_t kBatch = 4;
constexpr int64_t kClasses = 3;  // of samples for gans that cannot do without labels

// Rows of a small table as CTGAN sees them, and as GAIN does.
std::vector<SampleSpec> table_specs() {
  using Kind = Span::Kind;
  return {{.domain = "table",
           .shape = {9},
           .spans = {{.kind = Kind::kScalar},
                     {.kind = Kind::kOneHot, .width = 3},
                     {.kind = Kind::kOneHot, .width = 3, .column = 1, .shares = {0.5, 0.3, 0.2}},
                     {.kind = Kind::kOneHot, .width = 2, .column = 2, .shares = {0.9, 0.1}}}},
          {.domain = "table",
           .shape = {5},
           .spans = {{.kind = Kind::kUnit},
                     {.kind = Kind::kUnit, .column = 1},
                     {.kind = Kind::kOneHot, .width = 3, .column = 2}}}};
}

// Events with parameters, and without.
std::vector<SampleSpec> detector_specs() {
  return {{.domain = "detector",
           .shape = {1, 8, 16},
           .given = {{.domain = "parameters", .shape = {2}}}},
          {.domain = "detector", .shape = {2, 17, 17}}};
}

// Texts that may end, and of one length.
std::vector<SampleSpec> text_specs() {
  return {{.domain = "text", .shape = {7}, .domain_state = R"({"ends":true,"vocabulary":13})"},
          {.domain = "text", .shape = {5}, .domain_state = R"({"ends":false,"vocabulary":9})"}};
}

// Tunes of three bars of 4/4 and of 6/8, on chords.
std::vector<SampleSpec> music_specs() {
  std::vector<SampleSpec> specs;
  for (const int64_t steps : {16, 12}) {
    SampleSpec spec{.domain = "music", .shape = {3, (steps + 1) * 128}};
    spec.given = {{.domain = "chords", .shape = {3, 13}}};
    specs.push_back(std::move(spec));
  }
  return specs;
}

// Token numbers; texts that may end do so after the third token, every other one.
at::Tensor text_rows(const SampleSpec& spec, int64_t count, Stream& random) {
  const TokenSpec tokens = token_spec_of(spec);
  at::Tensor rows = random.integers({count, tokens.length}, kFirstToken, tokens.vocabulary);
  for (int64_t row = 0; tokens.ends && row < count; row += 2) {
    rows[row].slice(0, 3).fill_(kPadToken);
    rows[row][3] = kEndToken;
  }
  return rows.to(at::kFloat);
}

std::vector<SampleSpec> specs_of(const std::string& domain) {
  if (domain == "image") return {{"image", {1, 28, 28}}, {"image", {3, 32, 32}}};
  if (domain == "points") return {{"points", {2}}, {"points", {1}}};
  if (domain == "table") return table_specs();
  if (domain == "detector") return detector_specs();
  if (domain == "video") return {{"video", {3, 13, 32, 32}}};
  if (domain == "voxels") return {{"voxels", {1, 16, 16, 16}}};
  if (domain == "text") return text_specs();
  if (domain == "music") return music_specs();
  return {};
}

// Pictures made from a picture, for gans that make them from nothing else: as large, with other
// channels on an oblong, half as large.
std::vector<SampleSpec> pairs_of(const std::string& domain) {
  if (domain != "image") return {};
  return {{.domain = "image", .shape = {3, 32, 32}, .given = {{"image", {3, 32, 32}}}},
          {.domain = "image", .shape = {3, 32, 48}, .given = {{"image", {1, 32, 48}}}},
          {.domain = "image", .shape = {3, 32, 32}, .given = {{"image", {3, 16, 16}}}}};
}

// Pictures made from captions of up to 6 tokens of a vocabulary of 12.
std::vector<SampleSpec> captioned_of(const std::string& domain) {
  if (domain != "image") return {};
  SampleSpec spec{.domain = "image", .shape = {3, 32, 32}};
  spec.given = {
      {.domain = "text", .shape = {6}, .domain_state = R"({"vocabulary": 12, "ends": true})"}};
  return {spec};
}

// One row of a table: one-hot spans with one 1; unit numbers in [0, 1], of which the first is
// missing (NaN) in every third row. Its condition is the last category of the last such span.
void fill_row(const SampleSpec& spec, int64_t row, Stream& random, float* out) {
  for (const Span& span : spec.spans) {
    if (span.kind == Span::Kind::kOneHot) {
      std::fill_n(out, span.width, 0.0F);
      out[random.below(static_cast<uint64_t>(span.width))] = 1.0F;
    } else {
      const auto u = static_cast<float>(random.next_uniform());
      *out = span.kind == Span::Kind::kUnit ? u : 2 * u - 1;
      if (span.kind == Span::Kind::kUnit && span.column == 0 && row % 3 == 0) *out = NAN;
    }
    out += span.width;
  }
}

Batch table_rows(const SampleSpec& spec, int64_t count, Stream random) {
  Batch batch{.samples = at::empty({count, spec.shape[0]}), .labels = {}};
  for (int64_t row = 0; row < count; ++row)
    fill_row(spec, row, random, batch.samples[row].data_ptr<float>());
  const int64_t conditions = spec.condition_width();
  if (conditions == 0) return batch;
  batch.condition = at::zeros({count, conditions});
  const int64_t last = spec.spans.back().width;
  batch.condition.slice(1, conditions - last).copy_(batch.samples.slice(1, -last));
  return batch;
}

std::string name_of(const std::string& gan, const SampleSpec& spec) {
  std::string name = gan + "_" + spec.domain + "_";
  for (size_t i = 0; i < spec.shape.size(); ++i) {
    name += (i > 0 ? "x" : "") + std::to_string(spec.shape[i]);
  }
  if (spec.takes_given()) name += name_of("_of", spec.given[0]);
  return name;
}

// The gan's builder with its defaults. Networks that make pictures from pictures have tens of
// millions of weights by default, which would prove no more than these.
std::unique_ptr<gans::GanBuilder> builder_for(const gans::Registry::Entry& entry,
                                              const SampleSpec& spec) {
  auto builder = entry.builder();
  config::Recipe recipe;
  for (const char* key : {"base_channels", "channels", "discriminator_channels", "blocks"}) {
    const bool narrow = spec.takes_given() && builder->defaults().find(key) != nullptr;
    if (narrow) recipe.set(std::string("gan.") + key + "=4");
  }
  recipe.bind(builder->section());
  return builder;
}

// Samples of that shape without labels, or with them where the gan asks for labels.
std::optional<SampleSpec> accepted_by(const gans::Registry::Entry& entry, SampleSpec spec) {
  for (const int64_t classes : {int64_t{0}, kClasses}) {
    spec.classes = classes;
    try {
      builder_for(entry, spec)->build(spec);
      return spec;
    } catch (const UsageError&) {
      continue;
    }
  }
  return std::nullopt;
}

// Sizes that this gan does not make are left out; see EveryDomainIsCovered.
std::vector<Case> accepted_of(const gans::Registry::Entry& entry,
                              const std::vector<SampleSpec>& specs) {
  std::vector<Case> found;
  for (const SampleSpec& spec : specs) {
    const auto accepted = accepted_by(entry, spec);
    if (accepted) found.push_back({entry.info.name, name_of(entry.info.name, spec), *accepted});
  }
  return found;
}

std::vector<Case> find_cases() {
  std::vector<Case> all;
  for (const auto& entry : gans::registry().entries()) {
    for (const std::string& domain : entry.info.domains) {
      std::vector<Case> found = accepted_of(entry, specs_of(domain));
      for (const auto& specs : {pairs_of(domain), captioned_of(domain)}) {
        if (found.empty()) found = accepted_of(entry, specs);
      }
      all.insert(all.end(), found.begin(), found.end());
    }
  }
  return all;
}

}  // namespace

int64_t batch_of(const SampleSpec& spec) { return spec.domain == "table" ? 20 : 4; }

void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

const std::vector<Case>& cases() {
  static const std::vector<Case> found = find_cases();
  return found;
}

std::unique_ptr<gans::Gan> make(const Case& value, uint64_t seed) {
  auto gan = builder_for(gans::registry().find(value.gan), value.spec)->build(value.spec);
  gan->initialize(seed);
  return gan;
}

Batch reals(const SampleSpec& spec, int64_t count, uint64_t seed) {
  std::vector<int64_t> shape = spec.shape;
  shape.insert(shape.begin(), count);
  Stream random(seed, "contract reals");
  if (!spec.spans.empty()) return table_rows(spec, count, random);
  if (spec.domain == "text") return {.samples = text_rows(spec, count, random), .labels = {}};
  Batch batch{.samples = random.uniform(shape, -1, 1), .labels = {}};
  if (spec.domain == "voxels") batch.samples = (batch.samples > 0).to(at::kFloat);
  if (spec.classes > 0) batch.labels = random.integers({count}, 0, spec.classes);
  batch.given = given(spec, count, seed);
  return batch;
}

at::Tensor given(const SampleSpec& spec, int64_t count, uint64_t seed) {
  if (!spec.takes_given()) return {};
  std::vector<int64_t> shape = spec.given[0].shape;
  shape.insert(shape.begin(), count);
  Stream random(seed, "contract given");
  if (spec.given[0].domain == "text") {
    const TokenSpec tokens = token_spec_of(spec.given[0]);
    return random.integers(shape, kFirstToken, tokens.vocabulary).to(at::kFloat);
  }
  return random.uniform(shape, -1, 1);
}

gans::Request seeds_for(const SampleSpec& spec, std::vector<uint64_t> values) {
  gans::Request request{.seeds = std::move(values)};
  if (!spec.takes_given()) return request;
  std::vector<at::Tensor> rows;
  for (const uint64_t seed : request.seeds) rows.push_back(given(spec, 1, seed));
  request.given = at::cat(rows);
  return request;
}

at::Tensor phase_loss(gans::Gan& gan, const gans::Phase& phase, const Batch& reals,
                      gans::Step& step) {
  for (const auto& network : gan.networks()) {
    network->module->set_frozen(
        std::none_of(phase.networks.begin(), phase.networks.end(),
                     [&](const auto& updated) { return &*updated == network.get(); }));
  }
  const nn::ForwardScope scope(nn::Mode::kTrain, &step.random());
  at::Tensor total;
  for (const gans::Term& term : gan.loss(phase, reals, step)) {
    EXPECT_EQ(term.value.dim(), 0) << term.name;
    if (term.observed) continue;
    const at::Tensor weighted = term.value * term.weight;
    total = total.defined() ? total + weighted : weighted;
  }
  if (!total.defined()) total = at::zeros({}).set_requires_grad(true);  // the player rests
  return total;
}

void descend(const gans::Phase& phase) {
  const at::NoGradGuard no_grad;
  for (const auto& network : phase.networks) {
    network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
      if (!parameter.grad().defined()) return;
      EXPECT_TRUE(at::isfinite(parameter.grad()).all().item<bool>())
          << network->name << "/" << path;
      parameter.sub_(parameter.grad().sign(), 1e-3);
      if (phase.weight_clip > 0) parameter.clamp_(-phase.weight_clip, phase.weight_clip);
      parameter.mutable_grad().reset();
    });
  }
}

void train(gans::Gan& gan, int64_t count, uint64_t seed,
           const std::function<void()>& between_phases) {
  for (int64_t index = 0; index < count; ++index) {
    gans::Step step(gan, seed, index, at::kCPU);
    uint64_t batch = 0;
    for (const gans::Phase& phase : gan.phases()) {
      if (index % phase.interval != 0) continue;
      for (int64_t repeat = 0; repeat < phase.repeats; ++repeat) {
        step.begin_phase(phase, repeat);
        const uint64_t key = seed + 1000 * static_cast<uint64_t>(index) + batch;
        if (repeat + 1 < phase.repeats) ++batch;
        phase_loss(gan, phase, reals(gan.spec(), batch_of(gan.spec()), key), step).backward();
        if (between_phases) between_phases();
        descend(phase);
      }
    }
  }
}

State copy_of(const State& state) {
  State copy = state;
  for (auto& [network, tensors] : copy) {
    for (auto& [path, tensor] : tensors) tensor = tensor.clone();
  }
  return copy;
}

std::vector<std::string> differences(const State& a, const State& b) {
  std::vector<std::string> names;
  std::set<std::string> all;
  for (const State* state : {&a, &b}) {
    for (const auto& [network, tensors] : *state) {
      for (const auto& [path, tensor] : tensors) all.insert(network + "/" + path);
    }
  }
  for (const std::string& name : all) {
    const std::string network = name.substr(0, name.find('/'));
    const std::string path = name.substr(name.find('/') + 1);
    const bool both = a.contains(network) && b.contains(network) && a.at(network).contains(path) &&
                      b.at(network).contains(path);
    if (!both || !at::equal(a.at(network).at(path), b.at(network).at(path))) names.push_back(name);
  }
  return names;
}

State without_updated(const State& state, const gans::Phase& phase) {
  State rest = state;
  for (const auto& network : phase.networks) rest.erase(network->name);
  return rest;
}

}  // namespace ganymede::contract
