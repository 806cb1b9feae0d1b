#include "ganymede/ops/joined_linear.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ganymede/ops/linear.h"

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::Variable;
using torch::autograd::variable_list;

constexpr size_t kFirstPart = 2;  // of what is saved, behind weight and bias

// The columns of `weight` that belong to `part`, which begin at `from`; moves `from` on.
at::Tensor columns_of(const at::Tensor& weight, const at::Tensor& part, int64_t& from) {
  const at::Tensor columns = weight.narrow(1, from, part.size(1));
  from += part.size(1);
  return columns;
}

at::Tensor sum_of_products(at::TensorList parts, const at::Tensor& weight, const at::Tensor& bias) {
  int64_t from = 0;
  at::Tensor y = at::addmm(bias, parts[0], columns_of(weight, parts[0], from).t());
  for (const at::Tensor& part : parts.slice(1)) y.addmm_(part, columns_of(weight, part, from).t());
  return y;
}

class JoinedLinear : public Function<JoinedLinear> {
 public:
  static Variable forward(AutogradContext* context, const Variable& weight, const Variable& bias,
                          at::TensorList parts) {
    variable_list saved = {weight, bias};
    saved.insert(saved.end(), parts.begin(), parts.end());
    context->save_for_backward(std::move(saved));
    return sum_of_products(parts, weight, bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Variable& gradient = gradients[0];
    variable_list of(saved.size());
    if (context->needs_input_grad(0)) of[0] = of_weight(saved, gradient);
    if (context->needs_input_grad(1)) of[1] = gradient.sum(0);
    int64_t from = 0;
    for (size_t i = kFirstPart; i < saved.size(); ++i) {
      const at::Tensor columns = columns_of(saved[0], saved[i], from);
      if (context->needs_input_grad(i)) of[i] = at::mm(gradient, columns);
    }
    return of;
  }

 private:
  static at::Tensor of_weight(const variable_list& saved, const at::Tensor& gradient) {
    const at::Tensor turned = gradient.t();
    if (at::GradMode::is_enabled()) {  // to be differentiated again
      variable_list products;
      for (size_t i = kFirstPart; i < saved.size(); ++i)
        products.push_back(at::mm(turned, saved[i]));
      return at::cat(products, 1);
    }
    at::Tensor result = at::empty_like(saved[0]);
    int64_t from = 0;
    for (size_t i = kFirstPart; i < saved.size(); ++i) {
      at::Tensor columns = columns_of(result, saved[i], from);
      at::mm_out(columns, turned, saved[i]);
    }
    return result;
  }
};

}  // namespace

at::Tensor joined_linear(at::TensorList parts, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor& first = parts[0];
  if (first.device().is_cpu() &&
      linear_uses_onednn(first.size(0), weight.size(1), weight.size(0))) {
    return linear(at::cat(parts, 1), weight, bias);
  }
  return JoinedLinear::apply(weight, bias, parts);
}

}  // namespace ganymede::ops
