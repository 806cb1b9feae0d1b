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
  // AMD's first cores with AVX-512 (Zen 4) add and multiply 256 bits at a time.
  const bool halves = __builtin_cpu_is("amdfam19h") != 0;
  if (__builtin_cpu_supports("avx2") != 0 && (!widest || halves)) return Engine::kOwn;
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

// A factor of a product, as it lies or turned, which takes no call of LibTorch.
struct Factor {
  at::Tensor matrix;
  bool turned = false;

  int64_t rows() const { return matrix.size(turned ? 1 : 0); }
  int64_t columns() const { return matrix.size(turned ? 0 : 1); }
  Factor transposed() const { return {matrix, !turned}; }
  at::Tensor as_tensor() const { return turned ? matrix.t() : matrix; }
  Factor line_by_line() const {
    const MatrixView view = view_of(matrix);
    if (view.row_stride == 1 || view.column_stride == 1) return *this;
    return {matrix.contiguous(), turned};
  }
  MatrixView view() const {
    const MatrixView lying = view_of(matrix);
    if (!turned) return lying;
    return {lying.data, lying.column_stride, lying.row_stride};
  }
};

void multiply_by_own(const at::Tensor& out, const Factor& a, const Factor& b,
                     const at::Tensor& bias, bool add) {
  const Factor left = a.line_by_line();
  const Factor right = b.line_by_line();
  const at::Tensor offset = bias.defined() ? bias.contiguous() : bias;
  const ProductProblem problem{
      .rows = a.rows(),
      .columns = b.columns(),
      .depth = a.columns(),
      .a = left.view(),
      .b = right.view(),
      .bias = offset.defined() ? offset.const_data_ptr<float>() : nullptr,
      .out = out.data_ptr<float>(),
      .out_stride = out.size(0) > 1 ? out.stride(0) : out.size(1),
      .add = add,
  };
  const bool small = problem.rows * problem.columns * problem.depth < kWorthThreads;
  multiply(problem, small ? inline_executor() : pool_executor());
}

at::Tensor product(const Factor& a, const Factor& b, const at::Tensor& bias = {}) {
  if (engine_of(a.rows(), a.columns(), b.columns()) == Engine::kOnednn) {
    const auto maybe = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
    return onednn()->call(a.as_tensor(), dense(b.transposed().as_tensor()), maybe, "none",
                          c10::List<std::optional<at::Scalar>>(), "");
  }
  at::Tensor out = at::empty({a.rows(), b.columns()}, a.matrix.options());
  multiply_by_own(out, a, b, bias, /*add=*/false);
  return out;
}

bool fits(const at::Tensor& x, const at::Tensor& weight, int64_t outputs) {
  return x.dim() == 2 && x.device().is_cpu() && x.scalar_type() == at::kFloat &&
         weight.scalar_type() == at::kFloat && x.layout() == at::kStrided &&
         engine_of(x.size(0), x.size(1), outputs) != Engine::kLibTorch;
}

// a b, a [n, k], b [k, m], each maybe turned: its own derivatives are such products.
struct Product : torch::autograd::Function<Product> {
  static Variable forward(AutogradContext* context, const Variable& a, bool a_turned,
                          const Variable& b, bool b_turned) {
    context->save_for_backward({a, b});
    context->saved_data["turned"] = (a_turned ? 1 : 0) + (b_turned ? 2 : 0);
    return product({a, a_turned}, {b, b_turned});
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const int64_t turned = context->saved_data["turned"].toInt();
    const Factor a{saved[0], (turned & 1) != 0}, b{saved[1], (turned & 2) != 0};
    const Factor gradient{gradients[0]};
    Variable of_a, of_b;
    if (context->needs_input_grad(0))
      of_a = a.turned ? of(b, gradient.transposed()) : of(gradient, b.transposed());
    if (context->needs_input_grad(1))
      of_b = b.turned ? of(gradient.transposed(), a) : of(a.transposed(), gradient);
    return {of_a, {}, of_b, {}};
  }

  // A node of the graph only where one is recorded.
  static Variable of(const Factor& a, const Factor& b) {
    if (!at::GradMode::is_enabled()) return product(a, b);
    return apply(a.matrix, a.turned, b.matrix, b.turned);
  }
};

struct Linear : torch::autograd::Function<Linear> {
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& weight,
                          const Variable& bias) {
    context->save_for_backward({x, weight});
    return product({x}, {weight, true}, bias);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Variable& gradient = gradients[0];
    Variable of_x, of_weight, of_bias;
    if (context->needs_input_grad(0)) of_x = Product::of({gradient}, {saved[1]});
    if (context->needs_input_grad(1)) of_weight = Product::of({gradient, true}, {saved[0]});
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
  multiply_by_own(out, {a}, {b}, bias, add);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!fits(x, weight, weight.size(0))) return at::linear(x, weight, bias);
  return bias.defined() ? Linear::apply(x, weight, bias) : Product::of({x}, {weight, true});
}

at::Tensor matrix_product(const at::Tensor& a, const at::Tensor& b) {
  return fits(a, b, b.size(1)) ? Product::of({a}, {b}) : at::mm(a, b);
}

}  // namespace ganymede::ops
