#include "ganymede/nn/conditioning.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"

namespace ganymede::nn {
namespace {

class TwoBranches final : public Module {
 public:
  TwoBranches(int64_t columns, ModulePtr input, ModulePtr condition)
      : columns_(columns),
        input_(child("input", std::move(input))),
        condition_(child("condition", std::move(condition))) {}

  at::Tensor forward(const at::Tensor& both) override {
    const at::Tensor input = both.narrow(1, 0, columns_);
    const at::Tensor condition = both.narrow(1, columns_, both.size(1) - columns_);
    return at::cat({input_(input), condition_(condition)}, 1);
  }

 private:
  int64_t columns_;
  Module& input_;
  Module& condition_;
};

}  // namespace

at::Tensor one_hot(const at::Tensor& labels, int64_t classes) {
  if (labels.is_floating_point() && labels.dim() == 2 && labels.size(1) == classes) return labels;
  if (labels.scalar_type() != at::kLong || labels.dim() != 1) {
    throw UsageError({.where = "nn::one_hot",
                      .found = "labels of another shape or type",
                      .allowed = "int64 [N], or floating [N, " + std::to_string(classes) + "]"});
  }
  const at::Tensor numbers = at::arange(classes, labels.options());
  return labels.unsqueeze(1).eq(numbers).to(at::kFloat);
}

at::Tensor beside(const at::Tensor& input, const at::Tensor& condition) {
  at::Tensor shares = condition.to(input.device(), input.scalar_type());
  if (input.dim() == 4) {
    shares = shares.reshape({shares.size(0), shares.size(1), 1, 1})
                 .expand({-1, -1, input.size(2), input.size(3)});
  }
  return at::cat({input, shares}, 1);
}

ModulePtr two_branches(int64_t columns, ModulePtr input, ModulePtr condition) {
  return std::make_shared<TwoBranches>(columns, std::move(input), std::move(condition));
}

}  // namespace ganymede::nn
