#include "ganymede/nn/table_networks.h"

#include <ATen/ATen.h>

namespace ganymede::nn {
namespace {

constexpr double kLeastUniform = 1e-20;  // keeps the logarithm finite

class ConcatBlock final : public Module {
 public:
  ConcatBlock(int64_t in, int64_t out)
      : fc_(child("fc", std::make_shared<Linear>(in, out))),
        bn_(child("bn", std::make_shared<BatchNorm>(out))) {}
  at::Tensor forward(const at::Tensor& input) override {
    return at::cat({at::relu(bn_.forward(fc_.forward(input))), input}, 1);
  }

 private:
  Linear& fc_;
  BatchNorm& bn_;
};

}  // namespace

at::Tensor activate_spans(const at::Tensor& raw, const std::vector<Span>& spans, double temperature,
                          const at::Tensor& noise) {
  std::vector<int64_t> widths;
  for (const Span& span : spans) widths.push_back(span.width);
  // One split and one concatenation: their gradients touch each number once.
  std::vector<at::Tensor> parts = raw.split_with_sizes(widths, 1);
  std::vector<at::Tensor> draws;
  if (noise.defined()) draws = noise.split_with_sizes(widths, 1);
  for (size_t i = 0; i < spans.size(); ++i) {
    switch (spans[i].kind) {
      case Span::Kind::kScalar:
        parts[i] = at::tanh(parts[i]);
        break;
      case Span::Kind::kUnit:
        parts[i] = at::sigmoid(parts[i]);
        break;
      case Span::Kind::kOneHot: {
        const at::Tensor logits = draws.empty() ? parts[i] : parts[i] + draws[i];
        parts[i] = at::softmax(temperature == 1 ? logits : logits / temperature, 1);
        break;
      }
    }
  }
  return at::cat(parts, 1);
}

at::Tensor gumbel_of(const at::Tensor& uniform) {
  return uniform.clamp_min(kLeastUniform).log_().neg_().log_().neg_();
}

ModulePtr concat_block(int64_t in, int64_t out) { return std::make_shared<ConcatBlock>(in, out); }

ModulePtr concat_mlp(int64_t in, const std::vector<int64_t>& units, int64_t out) {
  auto net = std::make_shared<Sequential>();
  for (const int64_t width : units) {
    net->push(concat_block(in, width));
    in += width;
  }
  net->push(linear(in, out));
  return net;
}

ModulePtr dropout_critic(int64_t in, const std::vector<int64_t>& units, double keep) {
  auto net = std::make_shared<Sequential>();
  for (const int64_t width : units) {
    net->push(linear(in, width));
    net->push(leaky_relu(0.2, /*in_place=*/true));
    net->push(dropout(keep));
    in = width;
  }
  net->push(linear(in, 1));
  return net;
}

}  // namespace ganymede::nn
