#include "ganymede/ops/span_heads.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kRowsForAThread = 128;

struct Plan {
  std::vector<HeadSpan> spans;
  int64_t in = 0;   // numbers of a raw row
  int64_t out = 0;  // of a row of the result
  float scale = 1;  // 1 / temperature

  Plan(std::vector<HeadSpan> of, double temperature)
      : spans(std::move(of)), scale(static_cast<float>(1 / temperature)) {
    for (const HeadSpan& span : spans) {
      in += span.width;
      if (span.head != Head::kSkip) out += span.width;
    }
  }
};

// One span of a row; `noise` may be null.
void head(const HeadSpan& span, float scale, const float* raw, const float* noise, float* out) {
  const int64_t n = span.width;
  switch (span.head) {
    case Head::kSkip:
      break;
    case Head::kTanh:
      for (int64_t i = 0; i < n; ++i) out[i] = std::tanh(raw[i]);
      break;
    case Head::kSigmoid:
      for (int64_t i = 0; i < n; ++i) out[i] = 1.0F / (1.0F + std::exp(-raw[i]));
      break;
    case Head::kSoftmax: {
      for (int64_t i = 0; i < n; ++i) out[i] = noise != nullptr ? raw[i] + noise[i] : raw[i];
      const float most = *std::max_element(out, out + n);
      float sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += out[i] = std::exp((out[i] - most) * scale);
      for (int64_t i = 0; i < n; ++i) out[i] /= sum;
      break;
    }
    case Head::kLogSoftmax: {
      const float most = *std::max_element(raw, raw + n);
      float sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += std::exp(raw[i] - most);
      const float level = most + std::log(sum);
      for (int64_t i = 0; i < n; ++i) out[i] = raw[i] - level;
      break;
    }
  }
}

// Its gradient: `y` is what the head gave and `gradient` is of that.
void head_backward(const HeadSpan& span, float scale, const float* y, const float* gradient,
                   float* of_raw) {
  const int64_t n = span.width;
  switch (span.head) {
    case Head::kSkip:
      std::fill_n(of_raw, n, 0.0F);
      break;
    case Head::kTanh:
      for (int64_t i = 0; i < n; ++i) of_raw[i] = gradient[i] * (1.0F - y[i] * y[i]);
      break;
    case Head::kSigmoid:
      for (int64_t i = 0; i < n; ++i) of_raw[i] = gradient[i] * y[i] * (1.0F - y[i]);
      break;
    case Head::kSoftmax: {
      float mean = 0;
      for (int64_t i = 0; i < n; ++i) mean += gradient[i] * y[i];
      for (int64_t i = 0; i < n; ++i) of_raw[i] = scale * y[i] * (gradient[i] - mean);
      break;
    }
    case Head::kLogSoftmax: {
      float sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += gradient[i];
      for (int64_t i = 0; i < n; ++i) of_raw[i] = gradient[i] - std::exp(y[i]) * sum;
      break;
    }
  }
}

at::Tensor forward_pass(const Plan& plan, const at::Tensor& raw, const at::Tensor& noise) {
  at::Tensor result = at::empty({raw.size(0), plan.out}, raw.options());
  const float* from = raw.const_data_ptr<float>();
  const float* draws = noise.defined() ? noise.const_data_ptr<float>() : nullptr;
  float* to = result.data_ptr<float>();
  at::parallel_for(0, raw.size(0), kRowsForAThread, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t at = row * plan.in;
      float* out = to + row * plan.out;
      for (const HeadSpan& span : plan.spans) {
        head(span, plan.scale, from + at, draws != nullptr ? draws + at : nullptr, out);
        at += span.width;
        if (span.head != Head::kSkip) out += span.width;
      }
    }
  });
  return result;
}

at::Tensor backward_pass(const Plan& plan, const at::Tensor& y, const at::Tensor& gradient) {
  at::Tensor result = at::empty({y.size(0), plan.in}, y.options());
  const float* values = y.const_data_ptr<float>();
  const float* gradients = gradient.const_data_ptr<float>();
  float* to = result.data_ptr<float>();
  at::parallel_for(0, y.size(0), kRowsForAThread, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t from = row * plan.out;
      float* out = to + row * plan.in;
      for (const HeadSpan& span : plan.spans) {
        head_backward(span, plan.scale, values + from, gradients + from, out);
        out += span.width;
        if (span.head != Head::kSkip) from += span.width;
      }
    }
  });
  return result;
}

std::vector<int64_t> kept_widths(const Plan& plan) {
  std::vector<int64_t> widths;
  for (const HeadSpan& span : plan.spans) {
    if (span.head != Head::kSkip) widths.push_back(span.width);
  }
  return widths;
}

// backward_pass in operators that are themselves differentiable.
at::Tensor composed_backward(const Plan& plan, const at::Tensor& y, const at::Tensor& gradient) {
  const std::vector<at::Tensor> values = y.split_with_sizes(kept_widths(plan), 1);
  const std::vector<at::Tensor> gradients = gradient.split_with_sizes(kept_widths(plan), 1);
  std::vector<at::Tensor> parts;
  size_t kept = 0;
  for (const HeadSpan& span : plan.spans) {
    if (span.head == Head::kSkip) {
      parts.push_back(y.new_zeros({y.size(0), span.width}));
      continue;
    }
    const at::Tensor& v = values[kept];
    const at::Tensor& g = gradients[kept++];
    switch (span.head) {
      case Head::kSkip:
      case Head::kTanh:
        parts.push_back(g * (1 - v * v));
        break;
      case Head::kSigmoid:
        parts.push_back(g * v * (1 - v));
        break;
      case Head::kSoftmax:
        parts.push_back(v * (g - (g * v).sum(1, true)) * plan.scale);
        break;
      case Head::kLogSoftmax:
        parts.push_back(g - v.exp() * g.sum(1, true));
        break;
    }
  }
  return at::cat(parts, 1);
}

struct Draws {
  at::Tensor noise;  // beside the differentiated inputs
};

class SpanHeads : public Function<SpanHeads> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& raw, const Plan& plan,
                            const Draws& draws, double temperature) {
    at::Tensor y = forward_pass(plan, raw, draws.noise);
    std::vector<int64_t> heads, widths;
    for (const HeadSpan& span : plan.spans) {
      heads.push_back(static_cast<int64_t>(span.head));
      widths.push_back(span.width);
    }
    context->saved_data["heads"] = heads;
    context->saved_data["widths"] = widths;
    context->saved_data["temperature"] = temperature;
    context->save_for_backward({y});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const std::vector<int64_t> heads = context->saved_data["heads"].toIntVector();
    const std::vector<int64_t> widths = context->saved_data["widths"].toIntVector();
    std::vector<HeadSpan> spans;
    for (size_t i = 0; i < heads.size(); ++i)
      spans.push_back({static_cast<Head>(heads[i]), widths[i]});
    const Plan plan(std::move(spans), context->saved_data["temperature"].toDouble());
    const at::Tensor y = context->get_saved_variables()[0];
    return {at::GradMode::is_enabled() ? composed_backward(plan, y, gradients[0])
                                       : backward_pass(plan, y, gradients[0].contiguous()),
            {},
            {},
            {}};
  }
};

at::Tensor composed(const Plan& plan, const at::Tensor& raw, double temperature,
                    const at::Tensor& noise) {
  std::vector<at::Tensor> parts;
  int64_t from = 0;
  for (const HeadSpan& span : plan.spans) {
    const at::Tensor part = raw.narrow(1, from, span.width);
    switch (span.head) {
      case Head::kSkip:
        break;
      case Head::kTanh:
        parts.push_back(at::tanh(part));
        break;
      case Head::kSigmoid:
        parts.push_back(at::sigmoid(part));
        break;
      case Head::kSoftmax: {
        const at::Tensor logits = noise.defined() ? part + noise.narrow(1, from, span.width) : part;
        parts.push_back(at::softmax(logits / temperature, 1));
        break;
      }
      case Head::kLogSoftmax:
        parts.push_back(at::log_softmax(part, 1));
        break;
    }
    from += span.width;
  }
  return at::cat(parts, 1);
}

bool usable(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat &&
         tensor.layout() == at::kStrided && !tensor.requires_grad();
}

}  // namespace

at::Tensor span_heads(const at::Tensor& raw, const std::vector<HeadSpan>& spans, double temperature,
                      const at::Tensor& noise) {
  const Plan plan(spans, temperature);
  const bool fits = raw.dim() == 2 && raw.size(1) == plan.in && usable(raw.detach()) &&
                    (!noise.defined() || (usable(noise) && noise.sizes() == raw.sizes()));
  if (!fits) return composed(plan, raw, temperature, noise);
  const Draws draws{noise.defined() ? noise.contiguous() : noise};
  return SpanHeads::apply(raw.contiguous(), plan, draws, temperature);
}

}  // namespace ganymede::ops
