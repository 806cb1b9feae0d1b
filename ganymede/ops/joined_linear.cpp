#include "ganymede/ops/joined_linear.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "ganymede/ops/linear.h"

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// Among the inputs that may be differentiated: weight, bias, then the parts.
constexpr size_t kFirstPart = 2;
constexpr int64_t kRowsForAThread = 128;

int64_t width_of(at::TensorList parts) {
  int64_t width = 0;
  for (const at::Tensor& part : parts) width += part.size(1);
  return width;
}

struct OneHot {
  at::Tensor codes;  // beside the differentiated inputs; may be undefined

  // Adds to rows of y [N, out] the columns of `columns` [out, C] by their codes; none where a code
  // is C.
  void add_chosen(const at::Tensor& y, const at::Tensor& columns) const {
    const int64_t width = y.size(1), count = columns.size(1);
    // Turned, columns lie in lines: pays where many rows read them.
    const bool turned = 2 * y.size(0) >= count;
    const at::Tensor table = turned ? columns.t().contiguous() : columns.t();
    const int64_t line_stride = table.stride(0), stride = table.stride(1);
    const int64_t* code = codes.const_data_ptr<int64_t>();
    const float* from = table.const_data_ptr<float>();
    float* to = y.data_ptr<float>();
    at::parallel_for(0, y.size(0), kRowsForAThread, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        if (code[row] == count) continue;
        const float* chosen = from + code[row] * line_stride;
        float* line = to + row * width;
        if (turned) {
          for (int64_t k = 0; k < width; ++k) line[k] += chosen[k];
        } else {
          for (int64_t k = 0; k < width; ++k) line[k] += chosen[k * stride];
        }
      }
    });
  }
  // The sum of `rows` [N, out] for each of C codes: [C, out].
  at::Tensor summed(const at::Tensor& rows, int64_t count) const {
    return rows.new_zeros({count + 1, rows.size(1)}).index_add(0, codes, rows).narrow(0, 0, count);
  }
};

at::Tensor columns_of(const at::Tensor& matrix, int64_t from, int64_t width) {
  return matrix.narrow(1, from, width);
}

at::Tensor sum_of_products(at::TensorList blocks, const at::Tensor& weight,
                           const at::Tensor& bias) {
  const int64_t rows = blocks[0].size(0), out = weight.size(0);
  if (linear_uses_own(rows, width_of(blocks), out)) {
    at::Tensor y = at::empty({rows, out}, blocks[0].options());
    int64_t from = 0;
    for (const at::Tensor& block : blocks) {
      const at::Tensor columns = columns_of(weight, from, block.size(1));
      multiply_into(y, block, columns.t(), from == 0 ? bias : at::Tensor(), /*add=*/from > 0);
      from += block.size(1);
    }
    return y;
  }
  int64_t from = blocks[0].size(1);
  at::Tensor y = linear(blocks[0], columns_of(weight, 0, from), bias);
  for (const at::Tensor& block : blocks.slice(1)) {
    y.addmm_(block, columns_of(weight, from, block.size(1)).t());
    from += block.size(1);
  }
  return y;
}

at::Tensor forward_pass(at::TensorList blocks, const at::Tensor& weight, const at::Tensor& bias,
                        const OneHot& one_hot) {
  at::Tensor y = sum_of_products(blocks, weight, bias);
  const int64_t in = width_of(blocks);
  if (one_hot.codes.defined()) one_hot.add_chosen(y, columns_of(weight, in, weight.size(1) - in));
  return y;
}

at::Tensor of_weight(at::TensorList blocks, const at::Tensor& gradient, int64_t columns,
                     const OneHot& one_hot) {
  const at::Tensor turned = gradient.t();
  const int64_t in = width_of(blocks);
  if (!at::GradMode::is_enabled() && linear_uses_own(turned.size(0), turned.size(1), in)) {
    at::Tensor result = at::empty({turned.size(0), columns}, gradient.options());
    int64_t from = 0;
    for (const at::Tensor& block : blocks) {
      multiply_into(columns_of(result, from, block.size(1)), turned, block, {}, /*add=*/false);
      from += block.size(1);
    }
    if (one_hot.codes.defined())
      columns_of(result, in, columns - in).copy_(one_hot.summed(gradient, columns - in).t());
    return result;
  }
  variable_list products;
  for (const at::Tensor& block : blocks) products.push_back(matrix_product(turned, block));
  if (one_hot.codes.defined()) products.push_back(one_hot.summed(gradient, columns - in).t());
  return products.size() == 1 ? products[0] : at::cat(products, 1);
}

class JoinedLinear : public Function<JoinedLinear> {
 public:
  static Variable forward(AutogradContext* context, const Variable& weight, const Variable& bias,
                          const OneHot& one_hot, at::TensorList parts) {
    // oneDNN takes one product of all; where MKL does them, parts need not be joined.
    at::Tensor joined;
    if (parts.size() > 1 && linear_uses_onednn(parts[0].size(0), width_of(parts), weight.size(0)))
      joined = at::cat(parts, 1);
    variable_list saved = {weight, one_hot.codes, joined};
    saved.insert(saved.end(), parts.begin(), parts.end());
    context->save_for_backward(std::move(saved));
    return forward_pass(joined.defined() ? at::TensorList(joined) : parts, weight, bias, one_hot);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Variable& weight = saved[0];
    const OneHot one_hot{saved[1]};
    at::Tensor joined = saved[2];
    const variable_list parts(saved.begin() + 3, saved.end());
    if (joined.defined() && at::GradMode::is_enabled()) joined = at::cat(parts, 1);
    const Variable& gradient = gradients[0];
    Variable weight_gradient, bias_gradient;
    if (context->needs_input_grad(0)) {
      const at::TensorList blocks = joined.defined() ? at::TensorList(joined) : parts;
      weight_gradient = of_weight(blocks, gradient, weight.size(1), one_hot);
    }
    if (context->needs_input_grad(1)) bias_gradient = gradient.sum(0);
    variable_list result = {weight_gradient, bias_gradient, {}};
    const variable_list of = of_parts(*context, parts, weight, gradient);
    result.insert(result.end(), of.begin(), of.end());
    return result;
  }

 private:
  // One product for the stretch from the first part that needs a gradient to the last.
  static variable_list of_parts(AutogradContext& context, const variable_list& parts,
                                const Variable& weight, const Variable& gradient) {
    variable_list of(parts.size());
    int64_t at = 0, begin = weight.size(1), end = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (context.needs_input_grad(kFirstPart + i)) {
        begin = std::min(begin, at);
        end = at + parts[i].size(1);
      }
      at += parts[i].size(1);
    }
    if (begin >= end) return of;
    const at::Tensor all = matrix_product(gradient, weight.narrow(1, begin, end - begin));
    at = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      const int64_t width = parts[i].size(1);
      if (context.needs_input_grad(kFirstPart + i)) of[i] = all.narrow(1, at - begin, width);
      at += width;
    }
    return of;
  }
};

}  // namespace

at::Tensor joined_linear(at::TensorList parts, const at::Tensor& weight, const at::Tensor& bias,
                         const at::Tensor& codes) {
  if (parts.size() == 1 && !codes.defined()) return linear(parts[0], weight, bias);
  return JoinedLinear::apply(weight, bias, OneHot{codes}, parts);
}

at::Tensor one_hot_codes(const at::Tensor& rows) {
  const bool readable = rows.device().is_cpu() && rows.scalar_type() == at::kFloat &&
                        rows.dim() == 2 && rows.size(1) > 0 && rows.stride(1) == 1 &&
                        !rows.requires_grad();
  if (!readable) return {};
  const int64_t count = rows.size(0), width = rows.size(1);
  at::Tensor codes = at::empty({count}, at::kLong);
  int64_t* to = codes.data_ptr<int64_t>();
  const float* row = rows.const_data_ptr<float>();
  for (int64_t i = 0; i < count; ++i, row += rows.stride(0)) {
    int64_t others = 0, ones = 0, place = width;
    for (int64_t k = 0; k < width; ++k) {
      if (row[k] == 0) continue;
      if (row[k] != 1) ++others;
      ++ones;
      place = k;
    }
    if (others > 0 || ones > 1) return {};
    to[i] = place;
  }
  return codes;
}

}  // namespace ganymede::ops
