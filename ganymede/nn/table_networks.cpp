#include "ganymede/nn/table_networks.h"

#include <ATen/ATen.h>

#include <utility>

#include "ganymede/ops/joined_linear.h"
#include "ganymede/ops/noise.h"
#include "ganymede/ops/span_heads.h"

namespace ganymede::nn {
namespace {

constexpr double kSlope = 0.2;  // of the critic's leaky ReLU

// A linear layer of parts that lie beside one another, in themselves never joined.
class JoinedLinear final : public Module {
 public:
  JoinedLinear(int64_t in, int64_t out)
      : weight_(parameter("weight", {out, in}, Init::fan_in(in))),
        bias_(parameter("bias", {out}, Init::fan_in(in))) {}
  at::Tensor forward(const at::Tensor& input) override { return of_parts({input}); }
  at::Tensor of_parts(at::TensorList parts, const at::Tensor& codes = {}) {
    return ops::joined_linear(parts, weight_, bias_, codes);
  }

 private:
  at::Tensor& weight_;
  at::Tensor& bias_;
};

class ConcatBlock final : public Module {
 public:
  ConcatBlock(int64_t in, int64_t out)
      : fc_(child("fc", std::make_shared<JoinedLinear>(in, out))),
        bn_(child("bn", std::make_shared<BatchNorm>(out))) {}
  at::Tensor forward(const at::Tensor& input) override {
    return at::cat({of_parts({input}), input}, 1);
  }
  at::Tensor of_parts(at::TensorList parts, const at::Tensor& codes = {}) {
    return bn_.forward(fc_.of_parts(parts, codes), 0);
  }

 private:
  JoinedLinear& fc_;
  BatchNorm& bn_;
};

class ConcatMlp final : public Module {
 public:
  ConcatMlp(int64_t in, const std::vector<int64_t>& units, int64_t out, int64_t one_hot)
      : dense_(in - one_hot) {
    for (const int64_t width : units) {
      blocks_.push_back(
          &child(std::to_string(blocks_.size()), std::make_shared<ConcatBlock>(in, width)));
      in += width;
    }
    last_ = &child(std::to_string(blocks_.size()), std::make_shared<JoinedLinear>(in, out));
  }
  at::Tensor forward(const at::Tensor& input) override {
    const int64_t one_hot = input.size(1) - dense_;
    const at::Tensor codes =
        one_hot > 0 ? ops::one_hot_codes(input.narrow(1, dense_, one_hot)) : at::Tensor();
    std::vector<at::Tensor> parts = {codes.defined() ? input.narrow(1, 0, dense_) : input};
    for (ConcatBlock* block : blocks_) parts.insert(parts.begin(), block->of_parts(parts, codes));
    return last_->of_parts(parts, codes);
  }

 private:
  int64_t dense_;  // inputs before the condition
  std::vector<ConcatBlock*> blocks_;
  JoinedLinear* last_;
};

// Leaky ReLU, then dropout, as one factor of each element. The factor is no function of the input
// to be differentiated: a gradient penalty's second derivative has no part through it.
class LeakyDropout final : public Module {
 public:
  explicit LeakyDropout(double keep) : keep_(keep) {}
  at::Tensor forward(const at::Tensor& input) override {
    if (ForwardScope::mode() != Mode::kTrain) return at::leaky_relu(input, kSlope);
    const at::Tensor kept = ForwardScope::random().bernoulli(input.sizes(), keep_);
    return input * ops::leaky_dropout_factors(input, kept.to(input.options()), kSlope, keep_);
  }

 private:
  double keep_;
};

// Keeps a number of the stack.
class Nothing final : public Module {
 public:
  at::Tensor forward(const at::Tensor& input) override { return input; }
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

at::Tensor gumbel_of(at::Tensor uniform) { return ops::as_gumbel(std::move(uniform)); }

ModulePtr concat_mlp(int64_t in, const std::vector<int64_t>& units, int64_t out, int64_t one_hot) {
  return std::make_shared<ConcatMlp>(in, units, out, one_hot);
}

ModulePtr dropout_critic(int64_t in, const std::vector<int64_t>& units, double keep) {
  auto net = std::make_shared<Sequential>();
  for (const int64_t width : units) {
    net->push(linear(in, width));
    net->push(std::make_shared<LeakyDropout>(keep));
    net->push(std::make_shared<Nothing>());  // the published numbering of the layers
    in = width;
  }
  net->push(linear(in, 1));
  return net;
}

}  // namespace ganymede::nn
