// LibTorch's matrix product on a CPU is MKL's, which gives AMD processors a kernel without their
// widest vectors (80 of 234 GFLOP/s on a core with AVX-512). oneDNN, which LibTorch also holds,
// writes its kernel for the vectors that the CPU has (130 to 190 GFLOP/s there; 60 to 80 of 103 on
// a core with AVX2, where the product of matrix/product.h does 80 to 95).
#include "ganymede/ops/linear.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "ganymede/core/levers.h"
#include "ganymede/ops/matrix/product.h"
#include "ganymede/ops/pool.h"

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// Below this many multiply-adds the call itself is what takes the time.
constexpr int64_t kLeastProducts = int64_t{1} << 18;
constexpr int64_t kWorthThreads = int64_t{1} << 20;

enum class Engine { kLibTorch, kOnednn, kOwn };

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

// oneDNN has fast kernels for dense matrices and turned ones, and a very slow one for columns of a
// wider matrix.
at::Tensor dense(const at::Tensor& weight) {
  return weight.stride(0) == 1 ? weight.t().contiguous().t() : weight.contiguous();
}

Engine engine_of_cpu() {
#if defined(__x86_64__)
  if (__builtin_cpu_is("intel") != 0) return Engine::kLibTorch;
  const bool widest = __builtin_cpu_supports("avx512f") != 0;
  if (__builtin_cpu_supports("avx2") != 0 && !widest) return Engine::kOwn;
#endif
  return onednn().has_value() ? Engine::kOnednn : Engine::kLibTorch;
}

Engine engine_of(int64_t rows, int64_t in, int64_t out) {
  static const Engine fastest = engine_of_cpu();
  const bool large = rows > 1 && rows * in * out >= kLeastProducts;
  return large && is_on(Lever::kProducts) ? fastest : Engine::kLibTorch;
}

// The stride along a single row or column may be anything.
MatrixView view_of(const at::Tensor& matrix) {
  int64_t row = matrix.stride(0), column = matrix.stride(1);
  if (matrix.size(1) == 1 && row != 1) column = 1;
  if (matrix.size(0) == 1 && column != 1) row = 1;
  return {matrix.const_data_ptr<float>(), row, column};
}

bool is_line_by_line(const at::Tensor& matrix) {
  const MatrixView view = view_of(matrix);
  return view.row_stride == 1 || view.column_stride == 1;
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight,
                   const std::optional<at::Tensor>& bias) {
  if (engine_of(x.size(0), x.size(1), weight.size(0)) == Engine::kOnednn) {
    return onednn()->call(x, dense(weight), bias, "none", c10::List<std::optional<at::Scalar>>(),
                          "");
  }
  at::Tensor out = at::empty({x.size(0), weight.size(0)}, x.options());
  multiply_into(out, x, weight.t(), bias.value_or(at::Tensor()), /*add=*/false);
  return out;
}

bool fits(const at::Tensor& x, const at::Tensor& weight) {
  return x.dim() == 2 && x.device().is_cpu() && x.scalar_type() == at::kFloat &&
         weight.scalar_type() == at::kFloat && x.layout() == at::kStrided &&
         engine_of(x.size(0), x.size(1), weight.size(0)) != Engine::kLibTorch;
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

bool linear_uses_own(int64_t rows, int64_t in, int64_t out) {
  return engine_of(rows, in, out) == Engine::kOwn;
}

bool linear_uses_onednn(int64_t rows, int64_t in, int64_t out) {
  return engine_of(rows, in, out) == Engine::kOnednn;
}

void multiply_into(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                   const at::Tensor& bias, bool add) {
  const at::Tensor left = is_line_by_line(a) ? a : a.contiguous();
  const at::Tensor right = is_line_by_line(b) ? b : b.contiguous();
  const at::Tensor offset = bias.defined() ? bias.contiguous() : bias;
  const ProductProblem problem{
      .rows = a.size(0),
      .columns = b.size(1),
      .depth = a.size(1),
      .a = view_of(left),
      .b = view_of(right),
      .bias = offset.defined() ? offset.const_data_ptr<float>() : nullptr,
      .out = out.data_ptr<float>(),
      .out_stride = out.size(0) > 1 ? out.stride(0) : out.size(1),
      .add = add,
  };
  const bool small = problem.rows * problem.columns * problem.depth < kWorthThreads;
  multiply(problem, small ? inline_executor() : pool_executor());
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!fits(x, weight)) return at::linear(x, weight, bias);
  return bias.defined() ? Linear::apply(x, weight, bias) : Product::apply(x, weight.t());
}

at::Tensor matrix_product(const at::Tensor& a, const at::Tensor& b) {
  return fits(a, b.t()) ? Product::apply(a, b) : at::mm(a, b);
}

}  // namespace ganymede::ops
