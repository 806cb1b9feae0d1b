#include "ganymede/nn/table_networks.h"

#include <ATen/ATen.h>

#include "ganymede/ops/span_heads.h"

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

ops::Head head_of(Span::Kind kind) {
  switch (kind) {
    case Span::Kind::kScalar:
      return ops::Head::kTanh;
    case Span::Kind::kUnit:
      return ops::Head::kSigmoid;
    case Span::Kind::kOneHot:
      break;
  }
  return ops::Head::kSoftmax;
}

}  // namespace

at::Tensor activate_spans(const at::Tensor& raw, const std::vector<Span>& spans, double temperature,
                          const at::Tensor& noise) {
  std::vector<ops::HeadSpan> heads;
  for (const Span& span : spans) heads.push_back({head_of(span.kind), span.width});
  return ops::span_heads(raw, heads, temperature, noise);
}

at::Tensor conditioned_log_shares(const at::Tensor& raw, const std::vector<Span>& spans) {
  std::vector<ops::HeadSpan> heads;
  for (const Span& span : spans) {
    heads.push_back({span.shares.empty() ? ops::Head::kSkip : ops::Head::kLogSoftmax, span.width});
  }
  return ops::span_heads(raw, heads);
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
