#include "ganymede/metrics/inception.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"
#include "ganymede/metrics/weight_reader.h"

namespace ganymede::metrics {
namespace {

using Block = Inception::Block;
using Branch = Inception::Branch;
using Convolution = Inception::Convolution;
using Step = Inception::Step;

constexpr double kNormEps = 1e-3;
constexpr int64_t kSmallestPx = 75;
// oneDNN is a third faster on the CPU when the channels lie innermost.
constexpr at::MemoryFormat kLayout = at::MemoryFormat::ChannelsLast;

// Kernel of a convolution; those of stride 2 are never padded.
struct Kernel {
  int64_t height = 1;
  int64_t width = 1;
  int64_t stride = 1;
  bool padded = true;
};

constexpr Kernel kPoint = {};
constexpr Kernel kSquare3 = {3, 3};
constexpr Kernel kSquare5 = {5, 5};
constexpr Kernel kRow7 = {1, 7};
constexpr Kernel kColumn7 = {7, 1};
constexpr Kernel kHalve = {3, 3, 2, false};
constexpr Kernel kBare3 = {3, 3, 1, false};

struct ConvolutionSpec {
  std::string name;
  int64_t out;
  Kernel kernel;
};

// Reads blocks in order and keeps count of the channels.
class Builder {
 public:
  Builder(WeightReader& reader, at::ScalarType dtype) : reader_(reader), dtype_(dtype) {}

  // A block of one branch of one step, as the stem is made of.
  Block stem(const ConvolutionSpec& spec) { return {chain("", {spec})}; }
  Block shrink() { return {{{Step::Kind::kShrink}}}; }

  Block wide(const std::string& name, int64_t pool_features);  // 35 x 35
  Block shrink_to_17(const std::string& name);                 // 35 x 35 -> 17 x 17
  Block factored(const std::string& name, int64_t width);      // 17 x 17
  Block shrink_to_8(const std::string& name);                  // 17 x 17 -> 8 x 8
  Block forked(const std::string& name, Step::Kind pool);      // 8 x 8

  void finish_block() { in_ = std::exchange(out_, 0); }

 private:
  Convolution convolution(const std::string& path, int64_t in, const ConvolutionSpec& spec);
  Branch chain(const std::string& prefix, const std::vector<ConvolutionSpec>& specs);
  Branch pooled(const std::string& prefix, Step::Kind pool, int64_t out);
  Branch shrunk();
  void fork(Branch& branch, const std::string& path);

  WeightReader& reader_;
  at::ScalarType dtype_;
  int64_t in_ = 3;   // channels of the block's input
  int64_t out_ = 0;  // of its outputs so far
};

Convolution Builder::convolution(const std::string& path, int64_t in, const ConvolutionSpec& spec) {
  const Kernel& kernel = spec.kernel;
  const auto vector = [&](const char* name) { return reader_.take(path + name, {spec.out}); };
  const at::Tensor weight =
      reader_.take(path + ".conv.weight", {spec.out, in, kernel.height, kernel.width});
  const at::Tensor gain = vector(".bn.weight") / (vector(".bn.running_var") + kNormEps).sqrt();
  const at::Tensor bias = vector(".bn.bias") - vector(".bn.running_mean") * gain;
  Convolution folded{(weight * gain.view({-1, 1, 1, 1})).to(dtype_, false, false, kLayout),
                     bias.to(dtype_),
                     kernel.stride,
                     {0, 0}};
  if (kernel.padded) folded.padding = {kernel.height / 2, kernel.width / 2};
  return folded;
}

Branch Builder::chain(const std::string& prefix, const std::vector<ConvolutionSpec>& specs) {
  Branch branch;
  int64_t channels = in_;
  for (const ConvolutionSpec& spec : specs) {
    branch.push_back({Step::Kind::kConvolution, {convolution(prefix + spec.name, channels, spec)}});
    channels = spec.out;
  }
  out_ += channels;
  return branch;
}

Branch Builder::pooled(const std::string& prefix, Step::Kind pool, int64_t out) {
  Branch branch = chain(prefix, {{"branch_pool", out, kPoint}});
  branch.insert(branch.begin(), Step{pool});
  return branch;
}

Branch Builder::shrunk() {
  out_ += in_;
  return {{Step::Kind::kShrink}};
}

// 1 x 3 and 3 x 1 side by side, 384 channels in and 2 x 384 out.
void Builder::fork(Branch& branch, const std::string& path) {
  constexpr int64_t kWidth = 384;
  branch.push_back({Step::Kind::kFork,
                    {convolution(path + "a", kWidth, {"", kWidth, {1, 3}}),
                     convolution(path + "b", kWidth, {"", kWidth, {3, 1}})}});
  out_ += kWidth;
}

Block Builder::wide(const std::string& name, int64_t pool_features) {
  return {chain(name, {{"branch1x1", 64, kPoint}}),
          chain(name, {{"branch5x5_1", 48, kPoint}, {"branch5x5_2", 64, kSquare5}}),
          chain(name, {{"branch3x3dbl_1", 64, kPoint},
                       {"branch3x3dbl_2", 96, kSquare3},
                       {"branch3x3dbl_3", 96, kSquare3}}),
          pooled(name, Step::Kind::kMeanPool, pool_features)};
}

Block Builder::shrink_to_17(const std::string& name) {
  return {chain(name, {{"branch3x3", 384, kHalve}}),
          chain(name, {{"branch3x3dbl_1", 64, kPoint},
                       {"branch3x3dbl_2", 96, kSquare3},
                       {"branch3x3dbl_3", 96, kHalve}}),
          shrunk()};
}

Block Builder::factored(const std::string& name, int64_t width) {
  return {chain(name, {{"branch1x1", 192, kPoint}}),
          chain(name, {{"branch7x7_1", width, kPoint},
                       {"branch7x7_2", width, kRow7},
                       {"branch7x7_3", 192, kColumn7}}),
          chain(name, {{"branch7x7dbl_1", width, kPoint},
                       {"branch7x7dbl_2", width, kColumn7},
                       {"branch7x7dbl_3", width, kRow7},
                       {"branch7x7dbl_4", width, kColumn7},
                       {"branch7x7dbl_5", 192, kRow7}}),
          pooled(name, Step::Kind::kMeanPool, 192)};
}

Block Builder::shrink_to_8(const std::string& name) {
  return {chain(name, {{"branch3x3_1", 192, kPoint}, {"branch3x3_2", 320, kHalve}}),
          chain(name, {{"branch7x7x3_1", 192, kPoint},
                       {"branch7x7x3_2", 192, kRow7},
                       {"branch7x7x3_3", 192, kColumn7},
                       {"branch7x7x3_4", 192, kHalve}}),
          shrunk()};
}

Block Builder::forked(const std::string& name, Step::Kind pool) {
  Block block = {chain(name, {{"branch1x1", 320, kPoint}}),
                 chain(name, {{"branch3x3_1", 384, kPoint}}),
                 chain(name, {{"branch3x3dbl_1", 448, kPoint}, {"branch3x3dbl_2", 384, kSquare3}}),
                 pooled(name, pool, 192)};
  fork(block[1], name + "branch3x3_2");
  fork(block[2], name + "branch3x3dbl_3");
  return block;
}

std::vector<Block> read_blocks(Builder& builder) {
  std::vector<Block> blocks;
  const auto add = [&](Block block) {
    blocks.push_back(std::move(block));
    builder.finish_block();
  };
  add(builder.stem({"Conv2d_1a_3x3", 32, kHalve}));
  add(builder.stem({"Conv2d_2a_3x3", 32, kBare3}));
  Block last = builder.stem({"Conv2d_2b_3x3", 64, kSquare3});
  last.front().push_back({Step::Kind::kShrink});
  add(std::move(last));
  add(builder.stem({"Conv2d_3b_1x1", 80, kPoint}));
  last = builder.stem({"Conv2d_4a_3x3", 192, kBare3});
  last.front().push_back({Step::Kind::kShrink});
  add(std::move(last));
  add(builder.wide("Mixed_5b.", 32));
  add(builder.wide("Mixed_5c.", 64));
  add(builder.wide("Mixed_5d.", 64));
  add(builder.shrink_to_17("Mixed_6a."));
  add(builder.factored("Mixed_6b.", 128));
  add(builder.factored("Mixed_6c.", 160));
  add(builder.factored("Mixed_6d.", 160));
  add(builder.factored("Mixed_6e.", 192));
  add(builder.shrink_to_8("Mixed_7a."));
  add(builder.forked("Mixed_7b.", Step::Kind::kMeanPool));
  add(builder.forked("Mixed_7c.", Step::Kind::kMaxPool));
  return blocks;
}

at::Tensor run(const Convolution& convolution, const at::Tensor& x) {
  return at::conv2d(x, convolution.weight, convolution.bias, convolution.stride,
                    convolution.padding)
      .relu_();
}

at::Tensor run(const Step& step, const at::Tensor& x) {
  switch (step.kind) {
    case Step::Kind::kConvolution:
      return run(step.convolutions[0], x);
    case Step::Kind::kFork:
      return at::cat({run(step.convolutions[0], x), run(step.convolutions[1], x)}, 1);
    case Step::Kind::kMeanPool:
      return at::avg_pool2d(x, 3, 1, 1, /*ceil_mode=*/false, /*count_include_pad=*/false);
    case Step::Kind::kMaxPool:
      return at::max_pool2d(x, 3, 1, 1);
    case Step::Kind::kShrink:
      break;
  }
  return at::max_pool2d(x, 3, 2);
}

at::Tensor run(const Block& block, const at::Tensor& input) {
  std::vector<at::Tensor> outputs;
  for (const Branch& branch : block) {
    at::Tensor x = input;
    for (const Step& step : branch) x = run(step, x);
    outputs.push_back(std::move(x));
  }
  return outputs.size() == 1 ? outputs[0] : at::cat(outputs, 1);
}

}  // namespace

Inception::Inception(const nn::TensorMap& tensors, const std::string& where, at::ScalarType dtype)
    : dtype_(dtype) {
  const at::NoGradGuard no_grad;
  WeightReader reader(tensors, where);
  Builder builder(reader, dtype);
  blocks_ = read_blocks(builder);
  class_weight_ = reader.take("fc.weight", {kClasses, kFeatures}).to(dtype);
  class_bias_ = reader.take("fc.bias", {kClasses}).to(dtype);
  reader.ignore(".bn.num_batches_tracked");
  reader.finish("Inception-v3 in the FID form");
}

at::Tensor Inception::features(const at::Tensor& images) const {
  if (images.dim() != 4 || images.size(1) != 3 || images.size(2) < kSmallestPx ||
      images.size(3) < kSmallestPx) {
    throw UsageError({.where = "metrics::Inception",
                      .found = "images of a wrong shape",
                      .allowed = "[N, 3, H, W] with sides of at least 75 px"});
  }
  const at::NoGradGuard no_grad;
  at::Tensor x = images.to(at::kCPU, dtype_).contiguous(kLayout);
  for (const Block& block : blocks_) x = run(block, x);
  return x.mean({2, 3});
}

at::Tensor Inception::logits(const at::Tensor& features) const {
  const at::NoGradGuard no_grad;
  return at::linear(features.to(dtype_), class_weight_, class_bias_);
}

at::Tensor Inception::probabilities(const at::Tensor& features) const {
  const at::NoGradGuard no_grad;
  return at::linear(features.to(dtype_), class_weight_).softmax(1);
}

}  // namespace ganymede::metrics
