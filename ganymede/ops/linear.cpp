// LibTorch's matrix product on a CPU is MKL's, which gives AMD processors a kernel without their
// widest vectors (80 of 234 GFLOP/s on a core with AVX-512). oneDNN, which LibTorch also holds,
// writes its kernel for the vectors that the CPU has (130 to 190 GFLOP/s).
#include "ganymede/ops/linear.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// Below this many multiply-adds the call itself is what takes the time.
constexpr int64_t kLeastProducts = int64_t{1} << 18;

bool cpu_is_intel() {
#if defined(__x86_64__)
  return __builtin_cpu_is("intel") != 0;
#else
  return false;
#endif
}

using Onednn = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                          c10::string_view, c10::List<std::optional<at::Scalar>>,
                          std::optional<c10::string_view>);

// LibTorch's operator over oneDNN's inner product; nothing in a build without oneDNN.
const std::optional<c10::TypedOperatorHandle<Onednn>>& onednn() {
  static const auto handle = []() -> std::optional<c10::TypedOperatorHandle<Onednn>> {
    const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!found || !at::hasMKLDNN()) return {};
    return found->typed<Onednn>();
  }();
  return handle;
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight,
                   const std::optional<at::Tensor>& bias) {
  return onednn()->call(x, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

bool fits(const at::Tensor& x, const at::Tensor& weight) {
  return x.dim() == 2 && x.device().is_cpu() && x.scalar_type() == at::kFloat &&
         weight.scalar_type() == at::kFloat && x.layout() == at::kStrided &&
         linear_uses_onednn(x.size(0), x.size(1), weight.size(0));
}

// a b, a [n, k], b [k, m]: its own derivatives are such products.
struct Product : torch::autograd::Function<Product> {
  static Variable forward(AutogradContext* context, const Variable& a, const Variable& b) {
    context->save_for_backward({a, b});
    return product(a, b.t(), {});
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Variable& gradient = gradients[0];
    Variable of_a, of_b;
    if (context->needs_input_grad(0)) of_a = apply(gradient, saved[1].t());
    if (context->needs_input_grad(1)) of_b = apply(saved[0].t(), gradient);
    return {of_a, of_b};
  }
};

struct Linear : torch::autograd::Function<Linear> {
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& weight,
                          const Variable& bias) {
    context->save_for_backward({x, weight});
    return product(x, weight, bias);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Variable& gradient = gradients[0];
    Variable of_x, of_weight, of_bias;
    if (context->needs_input_grad(0)) of_x = Product::apply(gradient, saved[1]);
    if (context->needs_input_grad(1)) of_weight = Product::apply(gradient.t(), saved[0]);
    if (context->needs_input_grad(2)) of_bias = gradient.sum(0);
    return {of_x, of_weight, of_bias};
  }
};

}  // namespace

bool linear_uses_onednn(int64_t rows, int64_t in, int64_t out) {
  static const bool faster = !cpu_is_intel() && onednn().has_value();
  return faster && rows > 1 && rows * in * out >= kLeastProducts;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!fits(x, weight)) return at::linear(x, weight, bias);
  return bias.defined() ? Linear::apply(x, weight, bias) : Product::apply(x, weight.t());
}

}  // namespace ganymede::ops
