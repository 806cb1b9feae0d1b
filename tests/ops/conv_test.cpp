// The differentiable operators against LibTorch's in float64: values, gradients, second gradients.
#include "ganymede/ops/conv.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/ops/conv_choice.h"
#include "ganymede/ops/weight_cache.h"
#include "kernel_testing.h"

namespace ganymede::ops {
namespace {

enum class Operator {
  kConv3,
  kConv4,
  kTransposed3,
  kTransposed4,
  kUpsample,
  kPool,
  kToThin,          // 9x9, to at most four channels
  kFromThin,        // 5x5 with stride 2, of one or two channels
  kTransposedThin,  // 4x4 with stride 2, to one or two channels
  kWhole,           // the kernel covers the picture
  kTransposedWhole,
};
constexpr std::array kOperators = {
    Operator::kConv3,          Operator::kConv4, Operator::kTransposed3,    Operator::kTransposed4,
    Operator::kUpsample,       Operator::kPool,  Operator::kToThin,         Operator::kFromThin,
    Operator::kTransposedThin, Operator::kWhole, Operator::kTransposedWhole};

bool is_transposed(Operator op) {
  return op == Operator::kTransposed3 || op == Operator::kTransposed4 ||
         op == Operator::kTransposedThin || op == Operator::kTransposedWhole;
}

at::Tensor ours(Operator op, const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  switch (op) {
    case Operator::kConv3:
      return conv2d(x, w, b, 1, 1);
    case Operator::kConv4:
      return conv2d(x, w, b, 2, 1);
    case Operator::kTransposed3:
      return conv_transpose2d(x, w, b, 1, 1);
    case Operator::kTransposed4:
    case Operator::kTransposedThin:
      return conv_transpose2d(x, w, b, 2, 1);
    case Operator::kTransposedWhole:
      return conv_transpose2d(x, w, b, 1, 0);
    case Operator::kWhole:
      return conv2d(x, w, b, 1, 0);
    case Operator::kToThin:
      return conv2d(x, w, b, 1, 4);
    case Operator::kFromThin:
      return conv2d(x, w, b, 2, 2);
    case Operator::kUpsample:
      return upsample_conv2d(x, w, b);
    case Operator::kPool:
      return conv2d_pool(x, w, b);
  }
  return {};
}

at::Tensor reference(Operator op, const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  switch (op) {
    case Operator::kConv3:
      return at::conv2d(x, w, b, 1, 1);
    case Operator::kConv4:
      return at::conv2d(x, w, b, 2, 1);
    case Operator::kTransposed3:
      return at::conv_transpose2d(x, w, b, 1, 1);
    case Operator::kTransposed4:
    case Operator::kTransposedThin:
      return at::conv_transpose2d(x, w, b, 2, 1);
    case Operator::kTransposedWhole:
      return at::conv_transpose2d(x, w, b, 1, 0);
    case Operator::kWhole:
      return at::conv2d(x, w, b);
    case Operator::kToThin:
      return at::conv2d(x, w, b, 1, 4);
    case Operator::kFromThin:
      return at::conv2d(x, w, b, 2, 2);
    case Operator::kUpsample:
      return at::conv2d(at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}), w, b, 1, 1);
    case Operator::kPool:
      return at::avg_pool2d(at::conv2d(x, w, b, 1, 1), 2);
  }
  return {};
}

struct Inputs {
  at::Tensor x, w, b;

  Inputs as(at::ScalarType type) const {
    const auto leaf = [&](const at::Tensor& t) { return t.to(type).clone().requires_grad_(true); };
    return {leaf(x), leaf(w), leaf(b)};
  }
};

// `least`: of channels, and of pixels of a side but two.
Inputs random_inputs(Operator op, Stream& stream, int64_t least = 1) {
  int64_t in = pick(stream, least, 50);
  int64_t out = pick(stream, least, 50);
  int64_t k = 3;
  if (op == Operator::kConv4 || op == Operator::kTransposed4) k = 4;
  if (op == Operator::kToThin) in += 8, out = pick(stream, 1, 4), k = 9;
  if (op == Operator::kFromThin) in = pick(stream, 1, 2), out += 8, k = 5;
  if (op == Operator::kTransposedThin) in += 8, out = pick(stream, 1, 2), k = 4;
  const bool whole = op == Operator::kWhole || op == Operator::kTransposedWhole;
  if (whole) k = pick(stream, 1, 5);
  const std::vector<int64_t> shape =
      is_transposed(op) ? std::vector{in, out, k, k} : std::vector{out, in, k, k};
  // Many large terms would leave nothing of the sine's digits in single precision, whoever adds
  // them.
  const double scale = k == 9 ? 0.1 : 1;
  if (whole) {  // half of them large enough for a product of matrices
    const int64_t side = is_transposed(op) ? 1 : k;
    return {stream.normal({pick(stream, 1, 40), in, side, side}) * 0.1, stream.normal(shape),
            stream.normal({out})};
  }
  const int64_t height = pick(stream, least + 2, 17), width = pick(stream, least + 2, 17);
  return {stream.normal({pick(stream, 1, 3), in, height, width}), stream.normal(shape) * scale,
          stream.normal({out})};
}

// Value, gradients of a nonlinear function of it, and gradients of those gradients' squares: the
// shape of a gradient penalty.
template <typename F>
std::vector<at::Tensor> derivatives(const F& function, const Inputs& inputs) {
  using torch::autograd::grad;
  const at::Tensor y = function(inputs.x, inputs.w, inputs.b);
  const auto first = grad({(y * y.sin()).mean()}, {inputs.x, inputs.w, inputs.b}, {}, true, true);
  const at::Tensor penalty = first[0].square().sum() + first[1].square().sum();
  const auto second = grad({penalty}, {inputs.x, inputs.w, inputs.b});
  return {y, first[0], first[1], first[2], second[0], second[1], second[2]};
}

double error(const at::Tensor& found, const at::Tensor& expected) {
  const double scale = std::max(1e-30, expected.abs().max().item<double>());
  return (found.to(at::kDouble) - expected).abs().max().item<double>() / scale;
}

class Conv : public ::testing::TestWithParam<ConvMode> {
 protected:
  void SetUp() override { set_conv_mode(GetParam()); }
  void TearDown() override { set_conv_mode(ConvMode::kAuto); }
};

TEST_P(Conv, ValuesAndTwoDerivativesMatchFloat64) {
  for (const Operator op : kOperators) {
    for (int index = 0; index < 5; ++index) {
      Stream stream(1, "ops.conv", 10 * static_cast<int>(op) + index);
      const Inputs inputs = random_inputs(op, stream);
      const auto function = [&](auto... t) { return ours(op, t...); };
      const auto expected =
          derivatives([&](auto... t) { return reference(op, t...); }, inputs.as(at::kDouble));
      const auto found = derivatives(function, inputs.as(at::kFloat));
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_LT(error(found[i], expected[i]), 2e-4)
            << "operator " << static_cast<int>(op) << " input " << inputs.x.sizes() << " weight "
            << inputs.w.sizes() << " derivative " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Conv,
                         ::testing::Values(ConvMode::kAuto, ConvMode::kStrict, ConvMode::kTorch));

TEST(ConvOperators, TakeWhatTheEngineDoesNot) {
  Stream stream(3, "ops.conv", 0);
  const at::Tensor x = stream.normal({2, 20, 9, 8});
  const auto check = [](const at::Tensor& found, const at::Tensor& expected) {
    EXPECT_TRUE(at::allclose(found, expected, 1e-4, 1e-4));
  };
  const at::Tensor w5 = stream.normal({24, 20, 5, 5});
  check(conv2d(x, w5, {}, 2, 2), at::conv2d(x, w5, {}, 2, 2));
  const at::Tensor w3 = stream.normal({24, 20, 3, 3});
  check(conv2d(x, w3, {}, 2, 1), at::conv2d(x, w3, {}, 2, 1));
  check(conv2d(x, w3, {}, 1, 0), at::conv2d(x, w3, {}, 1, std::vector<int64_t>{0, 0}));
  check(conv2d(x.to(at::kDouble), w3.to(at::kDouble), {}, 1, 1),
        at::conv2d(x.to(at::kDouble), w3.to(at::kDouble), {}, 1, 1));
  const at::Tensor last = x.contiguous(at::MemoryFormat::ChannelsLast);
  check(conv2d(last, w3, {}, 1, 1), at::conv2d(x, w3, {}, 1, 1));
  check(conv2d(x.slice(3, 0, 8, 2), w3, {}, 1, 1), at::conv2d(x.slice(3, 0, 8, 2), w3, {}, 1, 1));
  const at::Tensor w4 = stream.normal({20, 24, 4, 4});
  check(conv_transpose2d(x, w4, {}, 2, 1, 1), at::conv_transpose2d(x, w4, {}, 2, 1, 1));
  EXPECT_EQ(conv2d(x.slice(0, 0, 0), w3, {}, 1, 1).size(0), 0);
  EXPECT_THROW(conv2d(x, stream.normal({24, 19, 3, 3}), {}, 1, 1), c10::Error);
}

TEST(ConvOperators, SeeChangedWeights) {
  Stream stream(4, "ops.conv", 0);
  const at::Tensor x = stream.normal({2, 32, 16, 16});
  const at::Tensor w = stream.normal({32, 32, 3, 3});
  const auto check = [&](const char* what) {
    const at::Tensor expected = at::conv2d(x.to(at::kDouble), w.to(at::kDouble), {}, 1, 1);
    EXPECT_LT(error(conv2d(x, w, {}, 1, 1), expected), 2e-5) << what;
  };
  clear_weight_cache();
  check("in training");
  EXPECT_EQ(weight_cache_bytes(), 0U);
  begin_or_end_conv_rules(+1);
  check("first use");
  const size_t bytes = weight_cache_bytes();
  EXPECT_GT(bytes, 0U);
  check("second use");
  w.mul_(2);
  check("an operation in place");
  w.detach().add_(1);
  check("an operation on an alias");
  float* data = w.data_ptr<float>();
  for (int64_t i = 0; i < w.numel(); ++i) data[i] -= 0.5F;
  check("a write through the pointer");
  EXPECT_EQ(weight_cache_bytes(), bytes) << "old results must be replaced";
  begin_or_end_conv_rules(-1);
}

TEST(ConvOperators, ReuseOfMemoryIsNoticed) {
  Stream stream(5, "ops.conv", 0);
  const at::Tensor x = stream.normal({1, 32, 16, 16});
  begin_or_end_conv_rules(+1);
  for (int round = 0; round < 8; ++round) {  // each weight is likely to get the memory of the last
    const at::Tensor w = stream.normal({32, 32, 3, 3});
    const at::Tensor expected = at::conv2d(x.to(at::kDouble), w.to(at::kDouble), {}, 1, 1);
    EXPECT_LT(error(conv2d(x, w, {}, 1, 1), expected), 2e-5);
  }
  begin_or_end_conv_rules(-1);
}

TEST(ConvOperators, ThreadsComputeTheSameBits) {
  const int threads = at::get_num_threads();
  Stream stream(6, "ops.conv", 0);
  for (const Operator op : kOperators) {
    // Products are tested for it in product_test; small ones are LibTorch's.
    if (op == Operator::kWhole || op == Operator::kTransposedWhole) continue;
    // So large that nothing is left to LibTorch, which promises no such thing.
    const Inputs inputs = random_inputs(op, stream, /*least=*/13).as(at::kFloat);
    const auto function = [&](auto... t) { return ours(op, t...); };
    at::set_num_threads(1);
    const auto one = derivatives(function, inputs);
    for (const int count : {2, 4}) {
      at::set_num_threads(count);
      const auto many = derivatives(function, inputs);
      for (const size_t i : {0U, 1U, 2U}) {
        EXPECT_TRUE(at::equal(one[i], many[i])) << static_cast<int>(op) << " derivative " << i;
      }
    }
  }
  at::set_num_threads(threads);
}

// Values that people have and values that they should not have.
at::Tensor soak_values(at::IntArrayRef shape, int64_t kind, Stream& stream) {
  const at::Tensor x = stream.normal(shape);
  if (kind == 1) return x + 100;
  if (kind == 2) return x.pow(5);
  if (kind == 3) return x * stream.bernoulli(shape, 0.05);
  if (kind == 4) return x * 1e-40;
  return x;
}

// One random convolution: any geometry, mode, number of threads and kind of values.
struct Soaked {
  explicit Soaked(uint64_t index) {
    Stream stream(11, "ops.conv.soak", index);
    mode = static_cast<ConvMode>(pick(stream, 0, 2));
    threads = static_cast<int>(pick(stream, 1, 4));
    transposed = pick(stream, 0, 1) == 1;
    const int64_t family = pick(stream, 0, 3);
    kernel = family == 0 ? 3 : family == 1 ? 4 : pick(stream, 1, 9);
    stride = family == 0 ? 1 : family == 1 ? 2 : pick(stream, 1, 3);
    padding = family < 2 ? 1 : pick(stream, 0, transposed ? (kernel - 1) / 2 : kernel - 1);
    const int64_t in = pick(stream, 1, 80), out = pick(stream, 1, 80);
    const int64_t least = transposed ? 1 : std::max<int64_t>(1, kernel - 2 * padding);
    const int64_t height = pick(stream, least, 34), width = pick(stream, least, 34);
    const int64_t kind = pick(stream, 0, 4);
    const at::Tensor x = soak_values({pick(stream, 1, 5), in, height, width}, kind, stream);
    const at::Tensor w = stream.normal(transposed ? std::vector{in, out, kernel, kernel}
                                                  : std::vector{out, in, kernel, kernel});
    inputs = {x, w, stream.normal({out})};
    text = (transposed ? "transposed " : "") + std::to_string(kernel) + "x" +
           std::to_string(kernel) + " stride " + std::to_string(stride) + " padding " +
           std::to_string(padding) + ", values " + std::to_string(kind) + ", threads " +
           std::to_string(threads) + ", mode " + std::to_string(static_cast<int>(mode));
  }

  // Value and gradients of the sum of squares.
  std::vector<at::Tensor> run(at::ScalarType type) const {
    const Inputs in = inputs.as(type);
    const bool exact = type == at::kDouble;
    at::Tensor y;
    if (transposed) {
      y = exact ? at::conv_transpose2d(in.x, in.w, in.b, stride, padding)
                : conv_transpose2d(in.x, in.w, in.b, stride, padding);
    } else {
      y = exact ? at::conv2d(in.x, in.w, in.b, stride, padding)
                : conv2d(in.x, in.w, in.b, stride, padding);
    }
    const auto gradients = torch::autograd::grad({y.square().mean()}, {in.x, in.w, in.b});
    return {y.detach(), gradients[0], gradients[1], gradients[2]};
  }

  // Leaky ReLU and a scale behind it.
  at::Tensor finished() const {
    const at::NoGradGuard no_grad;
    const ConvFinish finish{.scale = inputs.b * 2, .shift = inputs.b, .slope = 0.2};
    return transposed ? finished_conv_transpose2d(inputs.x, inputs.w, finish, stride, padding)
                      : finished_conv2d(inputs.x, inputs.w, finish, stride, padding);
  }

  ConvMode mode;
  int threads;
  bool transposed;
  int64_t kernel, stride, padding;
  Inputs inputs;
  std::string text;
};

TEST(ConvLong, SoakOfShapesModesThreadsAndValues) {
  const int threads = at::get_num_threads();
  for (uint64_t index = 0; index < 5000; ++index) {
    const Soaked c(index);
    set_conv_mode(c.mode);
    at::set_num_threads(c.threads);
    const auto found = c.run(at::kFloat);
    const auto expected = c.run(at::kDouble);
    for (size_t i = 0; i < found.size(); ++i) {
      // The bias' gradient is a sum in which much may cancel.
      EXPECT_LT(error(found[i], expected[i]), i == 3 ? 2e-3 : 2e-4)
          << "case " << index << ": " << c.text << ", input " << c.inputs.x.sizes() << ", weight "
          << c.inputs.w.sizes() << ", result " << i;
    }
    const auto line = c.inputs.b.to(at::kDouble).view({1, -1, 1, 1});
    const at::Tensor finished = at::leaky_relu((expected[0] - line) * line * 2 + line, 0.2);
    EXPECT_LT(error(c.finished(), finished), 2e-4) << "case " << index << ": " << c.text;
  }
  at::set_num_threads(threads);
  set_conv_mode(ConvMode::kAuto);
}

TEST(ConvOperators, ModelsInTwoThreadsDoNotDisturbEachOther) {
  const auto work = [](uint64_t seed) {
    Stream stream(seed, "ops.conv", 0);
    const Inputs a = random_inputs(Operator::kConv3, stream).as(at::kFloat);
    const Inputs b = random_inputs(Operator::kTransposed4, stream).as(at::kFloat);
    at::Tensor sum = at::zeros({});
    for (int round = 0; round < 20; ++round) {
      for (const auto& t : derivatives([](auto... v) { return ours(Operator::kConv3, v...); }, a)) {
        sum = sum + t.detach().abs().sum();
      }
      for (const auto& t :
           derivatives([](auto... v) { return ours(Operator::kTransposed4, v...); }, b)) {
        sum = sum + t.detach().abs().sum();
      }
    }
    return sum.item<float>();
  };
  const std::array<float, 2> expected = {work(1), work(2)};
  std::array<float, 2> found{};
  std::thread first([&] { found[0] = work(1); });
  std::thread second([&] { found[1] = work(2); });
  first.join();
  second.join();
  EXPECT_EQ(found, expected);
}

TEST(ConvChoices, ArePassedOnAsText) {
  const ConvGeometry geometry{.kernel = 3, .stride = 1, .padding = 1};
  const ConvSizes sizes{3, 40, 48, 24, 24};
  const ConvChoice choice = choose_conv(ConvPart::kForward, geometry, sizes);
  EXPECT_NE(choice, ConvChoice::kTorch);
  const std::string line = "auto forward 3x3 3 40 48 24 24 ";
  EXPECT_NE(conv_choices().find(line), std::string::npos);
  load_conv_choices(line + "torch\n");
  EXPECT_EQ(choose_conv(ConvPart::kForward, geometry, sizes), ConvChoice::kTorch);
  const ConvGeometry wide{.kernel = 9, .stride = 1, .padding = 4};
  EXPECT_EQ(choose_conv(ConvPart::kTransposed, wide, {3, 3, 48, 24, 24}), ConvChoice::kThin);
  EXPECT_NE(conv_choices().find("auto transposed 9x9s1p4 3 3 48 24 24 thin"), std::string::npos);
  const std::string text = conv_choices();
  load_conv_choices(text);
  EXPECT_EQ(conv_choices(), text);
  for (const char* wrong :
       {"auto forward 3x3 3 40 48 24 torch", "auto sideways 3x3 1 1 1 1 1 torch",
        "auto forward 3x3 3 40 48 24 24 torch more", "auto forward 9x8s1p4 1 1 1 1 1 thin",
        "auto forward 9x9s1p4q 1 1 1 1 1 thin", "auto forward 3x3 3 40 48 -24 24 torch"}) {
    EXPECT_THROW(load_conv_choices(wrong), UsageError) << wrong;
  }
  EXPECT_EQ(conv_choices(), text);
}

}  // namespace
}  // namespace ganymede::ops
