// The layers that networks are made of. Shapes are PyTorch's: images [N, C, H, W], features [N, F],
// float32. State names are PyTorch's too ("weight", "bias", "running_mean", ...).
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>

#include "ganymede/nn/module.h"
#include "ganymede/ops/conv_form.h"

namespace ganymede::nn {

// The first `count` of `modules`, one after the other. A batch normalisation and the (leaky) ReLU
// behind it run as one operator; in evaluation without derivatives they are part of a convolution
// before them.
at::Tensor run_in_order(const std::vector<ModulePtr>& modules, size_t count,
                        const at::Tensor& input);

// Children named by position, run in order.
class Sequential final : public Module {
 public:
  Sequential() = default;
  Sequential(std::initializer_list<ModulePtr> modules);
  void push(ModulePtr module);  // null is skipped
  at::Tensor forward(const at::Tensor& input) override;
  at::Tensor features(const at::Tensor& input) override;  // of all modules but the last

 private:
  std::vector<ModulePtr> modules_;
};

struct LinearOptions {
  bool bias = true;
  std::optional<Init> weight_init = {};  // default: uniform +-1/sqrt(in)
  std::optional<Init> bias_init = {};    // default: the same bound
};

// y = x W^T + b; W [out, in].
class Linear final : public Module {
 public:
  Linear(int64_t in, int64_t out, const LinearOptions& options = {});
  at::Tensor forward(const at::Tensor& input) override;

 private:
  at::Tensor* weight_;
  at::Tensor* bias_ = nullptr;
};

// Maxout (Goodfellow et al. 2013, arXiv 1302.4389): the largest of `pieces` linear maps.
class Maxout final : public Module {
 public:
  Maxout(int64_t in, int64_t out, int64_t pieces, const LinearOptions& options = {});
  at::Tensor forward(const at::Tensor& input) override;

 private:
  int64_t out_;
  int64_t pieces_;
  Linear& linear_;
};

// Resampling that is part of a 3x3 convolution with padding 1: both at once cost about a third.
enum class ConvResample : uint8_t {
  kNone,
  kUpBefore,   // nearest x2, then the convolution
  kMeanAfter,  // the convolution, then the mean of 2x2
};

struct ConvOptions {
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t output_padding = 0;                   // transposed form only
  ConvResample resample = ConvResample::kNone;  // not in the transposed form
  bool bias = true;
  std::optional<Init> weight_init = {};  // default: PyTorch's
  std::optional<Init> bias_init = {};
};

class BatchNorm;

class Conv2d final : public Module {
 public:
  // UsageError for `resample` with another geometry than 3x3, stride 1, padding 1.
  Conv2d(int64_t in, int64_t out, const ConvOptions& options);
  at::Tensor forward(const at::Tensor& input) override;
  // Followed by a batch normalisation (or none) and a leaky ReLU of this slope (1: none), in
  // evaluation and without derivatives.
  at::Tensor evaluate(const at::Tensor& input, const BatchNorm* norm, double slope);

 private:
  ConvOptions options_;
  at::Tensor* weight_;  // [out, in, k, k]
  at::Tensor* bias_ = nullptr;
};

class ConvTranspose2d final : public Module {
 public:
  ConvTranspose2d(int64_t in, int64_t out, const ConvOptions& options);
  at::Tensor forward(const at::Tensor& input) override;
  at::Tensor evaluate(const at::Tensor& input, const BatchNorm* norm, double slope);

 private:
  ConvOptions options_;
  at::Tensor* weight_;  // [in, out, k, k]
  at::Tensor* bias_ = nullptr;
};

struct BatchNormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
  Init weight_init = Init::constant(1);
};

// Batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167) of [N, C] or [N, C, H, W]. Training
// uses the batch's own statistics (UsageError when it holds a single value per channel); running
// means move only while the module is not frozen.
class BatchNorm final : public Module {
 public:
  explicit BatchNorm(int64_t channels, const BatchNormOptions& options = {});
  at::Tensor forward(const at::Tensor& input) override { return forward(input, 1); }
  // Followed by a leaky ReLU of this slope (0: ReLU), as one operator.
  at::Tensor forward(const at::Tensor& input, double slope);
  // What it is in evaluation, of the sums of a layer with this bias (or undefined).
  ops::ConvFinish finish(const at::Tensor& bias, double slope) const;

 private:
  BatchNormOptions options_;
  at::Tensor* weight_;
  at::Tensor* bias_;
  at::Tensor* running_mean_;
  at::Tensor* running_var_;
};

// Layer normalisation over all but the batch dimension with per-channel gain and bias
// (the form WGAN-GP recommends for critics).
class LayerNorm final : public Module {
 public:
  explicit LayerNorm(int64_t channels, double eps = 1e-5);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  double eps_;
  at::Tensor* weight_;
  at::Tensor* bias_;
};

// Dropout in training: keeps each element with probability `keep` in (0, 1] and multiplies it by
// `scale` (default 1/keep). Draws from ForwardScope::random(); evaluation returns the input itself.
class Dropout final : public Module {
 public:
  explicit Dropout(double keep, std::optional<double> scale = {});
  at::Tensor forward(const at::Tensor& input) override;

 private:
  double keep_;
  double scale_;
};

// x > 0 ? x : slope x; slope 0 is ReLU. `in_place` overwrites the input: only behind a layer that
// makes a new tensor and does not need it again (linear, convolution, norm), never behind tanh,
// sigmoid, dropout or a shortcut's source.
class LeakyRelu final : public Module {
 public:
  explicit LeakyRelu(double slope, bool in_place = false) : slope_(slope), in_place_(in_place) {}
  at::Tensor forward(const at::Tensor& input) override;
  double slope() const { return slope_; }

 private:
  double slope_;
  bool in_place_;
};

// A function without state as a module.
class Function final : public Module {
 public:
  explicit Function(std::function<at::Tensor(const at::Tensor&)> function);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  std::function<at::Tensor(const at::Tensor&)> function_;
};

ModulePtr relu(bool in_place = false);
ModulePtr leaky_relu(double slope = 0.2, bool in_place = false);
ModulePtr tanh();
ModulePtr sigmoid();
ModulePtr softplus();
ModulePtr flatten();                            // [N, ...] -> [N, F]
ModulePtr reshape(std::vector<int64_t> shape);  // [N, ...] -> [N, ...shape]
ModulePtr upsample_nearest(int64_t factor = 2);
ModulePtr average_pool(int64_t factor = 2);
ModulePtr max_pool(int64_t size, int64_t stride);
ModulePtr crop(int64_t height, int64_t width);  // top left
ModulePtr global_mean();                        // [N, C, H, W] -> [N, C]
ModulePtr global_sum();

// Small helpers so that a network reads as a list.
template <typename... Modules>
ModulePtr sequence(Modules... modules) {
  return std::make_shared<Sequential>(std::initializer_list<ModulePtr>{modules...});
}
ModulePtr linear(int64_t in, int64_t out, const LinearOptions& options = {});
ModulePtr maxout(int64_t in, int64_t out, int64_t pieces, const LinearOptions& options = {});
ModulePtr conv(int64_t in, int64_t out, const ConvOptions& options);
ModulePtr conv_transpose(int64_t in, int64_t out, const ConvOptions& options);
ModulePtr batch_norm(int64_t channels, const BatchNormOptions& options = {});
ModulePtr layer_norm(int64_t channels);
ModulePtr dropout(double keep, std::optional<double> scale = {});

}  // namespace ganymede::nn
