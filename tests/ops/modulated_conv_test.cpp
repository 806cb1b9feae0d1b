// Grouped and modulated convolutions against their definitions in float64, group by group and
// sample by sample.
#include "ganymede/ops/modulated_conv.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

using Tensors = std::vector<at::Tensor>;

Tensors to_double(const Tensors& tensors) {
  Tensors all;
  for (const at::Tensor& tensor : tensors)
    all.push_back(tensor.detach().to(at::kDouble).requires_grad_(true));
  return all;
}

void expect_near(const at::Tensor& found, const at::Tensor& expected, const char* what) {
  const double scale = expected.abs().max().item<double>();
  EXPECT_LE((found.to(at::kDouble) - expected).abs().max().item<double>(), 5e-5 * scale) << what;
}

// Values, gradients of a weighted sum, and gradients of the sum of their squares.
Tensors all_of(const at::Tensor& y, const Tensors& inputs) {
  const at::Tensor weights = at::linspace(-1, 2, y.numel(), y.options()).view(y.sizes());
  Tensors all = {y};
  const auto first = torch::autograd::grad({(y * weights).sum()}, inputs, {}, true, true);
  at::Tensor squares = at::zeros({}, y.options());
  for (const at::Tensor& gradient : first) squares = squares + gradient.square().sum();
  const auto second =
      torch::autograd::grad({squares}, inputs, {}, false, false, /*allow_unused=*/true);
  all.insert(all.end(), first.begin(), first.end());
  for (size_t i = 0; i < inputs.size(); ++i)  // a bias has none
    all.push_back(second[i].defined() ? second[i] : at::zeros_like(inputs[i]));
  return all;
}

at::Tensor by_definition(const Tensors& t, bool demodulate, int64_t padding) {
  Tensors samples;
  for (int64_t n = 0; n < t[0].size(0); ++n) {
    at::Tensor weight = t[1] * t[2][n].view({1, -1, 1, 1});
    if (demodulate) weight = weight / (weight.square().sum({1, 2, 3}, true) + 1e-8).sqrt();
    samples.push_back(at::conv2d(t[0].narrow(0, n, 1), weight, {}, 1, padding));
  }
  return at::cat(samples);
}

TEST(ModulatedConv, EqualsItsDefinitionWithTwoDerivatives) {
  Stream stream(11, "modulated");
  for (const bool demodulate : {false, true}) {
    for (const int64_t kernel : {1, 3}) {
      Tensors t = {stream.normal({3, 12, 9, 10}), stream.normal({20, 12, kernel, kernel}),
                   stream.normal({3, 12}) + 1};
      for (at::Tensor& tensor : t) tensor.requires_grad_(true);
      const Tensors exact = to_double(t);
      const Tensors found = all_of(modulated_conv2d(t[0], t[1], t[2], demodulate, kernel / 2), t);
      const Tensors expected = all_of(by_definition(exact, demodulate, kernel / 2), exact);
      for (size_t i = 0; i < found.size(); ++i) expect_near(found[i], expected[i], "modulated");
    }
  }
}

TEST(GroupedConv, EqualsItsDefinitionWithTwoDerivatives) {
  Stream stream(12, "grouped");
  for (const int64_t groups : {1, 2, 4}) {
    Tensors t = {stream.normal({2, 16, 8, 9}), stream.normal({24, 16 / groups, 3, 3}),
                 stream.normal({24})};
    for (at::Tensor& tensor : t) tensor.requires_grad_(true);
    const Tensors exact = to_double(t);
    Tensors parts;
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t in = 16 / groups, out = 24 / groups;
      parts.push_back(at::conv2d(exact[0].narrow(1, g * in, in), exact[1].narrow(0, g * out, out),
                                 exact[2].narrow(0, g * out, out), 1, 1));
    }
    const Tensors found = all_of(grouped_conv2d(t[0], t[1], t[2], 1, 1, groups), t);
    const Tensors expected = all_of(at::cat(parts, 1), exact);
    for (size_t i = 0; i < found.size(); ++i) expect_near(found[i], expected[i], "grouped");
  }
}

}  // namespace
}  // namespace ganymede::ops
