#include "ganymede/nn/token_networks.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ganymede/core/draw.h"
#include "ganymede/core/error.h"

namespace ganymede::nn {
namespace {

constexpr int64_t kRowsAtOnce = 1024;  // of logits while drawing
constexpr double kGateBias = -2;       // of the highway: at first it carries

at::Tensor numbers_of(const at::Tensor& tokens) { return tokens.to(at::kLong); }

}  // namespace

TokenWriter::TokenWriter(const TokenSpec& spec, const TokenWriterSizes& sizes)
    : spec_(spec),
      first_(spec.ends ? kEndToken : kFirstToken),
      keep_(sizes.keep),
      embedding_(&parameter("embedding.weight", {spec.vocabulary, sizes.embedding},
                            Init::normal(0, sizes.deviation))),
      lstm_(child("lstm", std::make_shared<Lstm>(sizes.embedding, sizes.hidden,
                                                 Init::normal(0, sizes.deviation)))),
      output_weight_(&parameter("output.weight", {spec.vocabulary - first_, sizes.hidden},
                                Init::normal(0, sizes.deviation))),
      output_bias_(&parameter("output.bias", {spec.vocabulary - first_},
                              Init::normal(0, sizes.deviation))) {}

at::Tensor TokenWriter::hidden(const at::Tensor& tokens, bool dropout) {
  const at::Tensor before = at::cat({at::full({tokens.size(0), 1}, kBeginToken, tokens.options()),
                                     tokens.narrow(1, 0, tokens.size(1) - 1)},
                                    1);
  const auto kept = [&](const at::Tensor& values) {
    if (!dropout || keep_ >= 1 || ForwardScope::mode() != Mode::kTrain) return values;
    const at::Tensor mask = ForwardScope::random().bernoulli(values.sizes(), keep_);
    return values * mask.to(values.device()) / keep_;
  };
  return kept(lstm_.forward(kept(at::embedding(*embedding_, numbers_of(before)))));
}

at::Tensor TokenWriter::forward(const at::Tensor& tokens) {
  return at::linear(hidden(tokens, true), *output_weight_, *output_bias_);
}

at::Tensor TokenWriter::log_probabilities(const at::Tensor& tokens, bool dropout) {
  const at::Tensor flat = numbers_of(tokens).flatten();
  // Only where there is a token to predict: the last layer is the dear one.
  const at::Tensor places = flat.ge(first_).nonzero().squeeze(1);
  const at::Tensor seen = hidden(tokens, dropout).flatten(0, 1).index_select(0, places);
  const at::Tensor logits = at::linear(seen, *output_weight_, *output_bias_);
  const at::Tensor losses = at::cross_entropy_loss(logits, flat.index_select(0, places) - first_,
                                                   {}, at::Reduction::None);
  return at::zeros({flat.size(0)}, losses.options().requires_grad(false))
      .index_add(0, places, -losses)
      .view(tokens.sizes());
}

Lstm::State TokenWriter::begin(int64_t rows) const {
  const auto first =
      at::full({rows}, kBeginToken, embedding_->options().dtype(at::kLong).requires_grad(false));
  return read(first, lstm_.begin(rows));
}

Lstm::State TokenWriter::read(const at::Tensor& token, const Lstm::State& state) const {
  return lstm_.step(embedding_->index_select(0, token), state);
}

at::Tensor TokenWriter::logits(const Lstm::State& state) const {
  return at::linear(state.hidden, *output_weight_, *output_bias_);
}

at::Tensor TokenWriter::draw(const Lstm::State& state, const at::Tensor& uniform,
                             double temperature) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> drawn;
  for (int64_t at = 0; at < uniform.size(0); at += kRowsAtOnce) {
    const int64_t count = std::min(kRowsAtOnce, uniform.size(0) - at);
    at::Tensor weights =
        at::linear(state.hidden.narrow(0, at, count), *output_weight_, *output_bias_);
    if (temperature != 1) weights.div_(temperature);
    drawn.push_back(draw_from_logits(weights, uniform.narrow(0, at, count)));
  }
  return at::cat(drawn) + first_;
}

at::Tensor TokenWriter::write(const at::Tensor& uniform, double temperature) const {
  const at::NoGradGuard no_grad;
  const int64_t rows = uniform.size(0), length = uniform.size(1);
  at::Tensor tokens = at::full({rows, length}, kPadToken, uniform.options().dtype(at::kLong));
  at::Tensor ended = at::zeros({rows}, uniform.options().dtype(at::kBool));
  Lstm::State state = begin(rows);
  for (int64_t t = 0; t < length; ++t) {
    const at::Tensor token = draw(state, uniform.select(1, t), temperature);
    tokens.select(1, t).copy_(token.masked_fill(ended, kPadToken));
    ended = ended.logical_or(token.eq(kEndToken));
    if (t + 1 == length || ended.all().item<bool>()) break;
    state = read(token, state);
  }
  return tokens.to(at::kFloat);
}

namespace {

std::shared_ptr<Linear> gate_layer(int64_t width) {
  return std::make_shared<Linear>(width, width,
                                  LinearOptions{.bias_init = Init::constant(kGateBias)});
}

}  // namespace

TokenCritic::TokenCritic(const TokenSpec& spec, const TokenCriticSizes& sizes)
    : embedding_(&parameter("embedding.weight", {spec.vocabulary, sizes.embedding},
                            Init::uniform(-1, 1))) {
  if (sizes.widths.size() != sizes.maps.size() || sizes.widths.empty()) {
    throw UsageError({.where = "gan.filter_maps",
                      .found = std::to_string(sizes.maps.size()) + " numbers for " +
                               std::to_string(sizes.widths.size()) + " widths",
                      .allowed = "one for each of gan.filter_widths"});
  }
  int64_t features = 0;
  for (size_t i = 0; i < sizes.widths.size(); ++i) {
    if (sizes.widths[i] > spec.length) continue;
    const std::string name = "conv." + std::to_string(windows_.size());
    const Init init = Init::fan_in(sizes.embedding * sizes.widths[i]);
    windows_.push_back(
        {&parameter(name + ".weight", {sizes.maps[i], sizes.embedding, sizes.widths[i]}, init),
         &parameter(name + ".bias", {sizes.maps[i]}, init)});
    features += sizes.maps[i];
  }
  if (windows_.empty()) {
    throw UsageError({.where = "gan.filter_widths",
                      .found = "windows that are all longer than a sample",
                      .allowed = "1 to " + std::to_string(spec.length)});
  }
  transform_ = std::make_shared<Linear>(features, features);
  gate_ = gate_layer(features);
  dropout_ = dropout(sizes.keep);
  child("highway.transform", transform_);
  child("highway.gate", gate_);
  output_weight_ = &parameter("output.weight", {1, features}, Init::fan_in(features));
  output_bias_ = &parameter("output.bias", {1}, Init::fan_in(features));
}

at::Tensor TokenCritic::features(const at::Tensor& tokens) {
  const at::Tensor embedded =
      at::embedding(*embedding_, numbers_of(tokens)).transpose(1, 2).contiguous();
  std::vector<at::Tensor> found;
  for (const Window& window : windows_) {
    // The largest of relu(x) is relu of the largest, on fewer numbers.
    found.push_back(at::relu(at::conv1d(embedded, *window.weight, *window.bias).amax(2)));
  }
  const at::Tensor x = at::cat(found, 1);
  const at::Tensor gate = at::sigmoid(gate_->forward(x));
  return x + gate * (at::relu(transform_->forward(x)) - x);
}

at::Tensor TokenCritic::forward(const at::Tensor& tokens) {
  return at::linear(dropout_->forward(features(tokens)), *output_weight_, *output_bias_);
}

at::Tensor TokenCritic::output_energy() const {
  return (output_weight_->square().sum() + output_bias_->square().sum()) * 0.5;
}

}  // namespace ganymede::nn
