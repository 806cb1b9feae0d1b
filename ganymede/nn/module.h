// A network or a part of one: named parameters, buffers and children, with PyTorch's naming rules
// ("0.weight"), but light to compile (ATen only) and without hidden randomness.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/core/random.h"

namespace ganymede::nn {

using TensorMap = std::map<std::string, at::Tensor>;

// How a parameter begins. Uniform(low, high), normal(mean, deviation) or a constant.
struct Init {
  enum class Kind { kConstant, kUniform, kNormal };
  Kind kind = Kind::kConstant;
  double a = 0;  // constant, low or mean
  double b = 0;  // high or deviation

  static Init constant(double value) { return {Kind::kConstant, value, 0}; }
  static Init uniform(double low, double high) { return {Kind::kUniform, low, high}; }
  static Init normal(double mean, double deviation) { return {Kind::kNormal, mean, deviation}; }
  // PyTorch's default for linear and convolution layers: uniform +-1/sqrt(fan_in).
  static Init fan_in(int64_t fan_in);
  // Uniform +-gain * sqrt(3 / fan_in) and +-gain * sqrt(6 / (fan_in + fan_out))
  // (He et al. 2015, arXiv 1502.01852; Glorot & Bengio 2010).
  static Init he_uniform(int64_t fan_in, double gain = 1.4142135623730951);
  static Init glorot_uniform(int64_t fan_in, int64_t fan_out, double gain = 1.0);
};

enum class Mode { kEvaluate, kTrain };

// While it lives, forward passes of this thread run in `mode` and draw (dropout, noise) from
// `random`. Without any scope: kEvaluate and no randomness, so that sampling is safe by default.
class ForwardScope {
 public:
  ForwardScope(Mode mode, Stream* random);
  ~ForwardScope();
  ForwardScope(const ForwardScope&) = delete;
  ForwardScope& operator=(const ForwardScope&) = delete;

  static Mode mode();
  static Stream& random();  // throws Error when the scope has none

 private:
  Mode previous_mode_;
  Stream* previous_random_;
};

class Module {
 public:
  using Visitor = std::function<void(const std::string& path, at::Tensor& tensor)>;

  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  virtual at::Tensor forward(const at::Tensor& input) = 0;
  at::Tensor operator()(const at::Tensor& input) { return forward(input); }

  // What the last layer of a stack sees, float32 [N, dim]; undefined for modules that are no stack.
  virtual at::Tensor features(const at::Tensor& input);

  // Parameters and buffers, depth first in order of definition, paths joined with '.'.
  void each_parameter(const Visitor& visit, const std::string& prefix = "");
  void each_buffer(const Visitor& visit, const std::string& prefix = "");

  // Draws every parameter from Stream(seed, purpose + "/" + path) and resets the buffers.
  void initialize(uint64_t seed, const std::string& purpose);

  // Parameters and buffers by path, sharing storage with the module (detached).
  TensorMap state();
  // Copies values in; throws ModelError listing missing, unexpected and misshapen names.
  void load_state(const TensorMap& state, const std::string& where);

  // Frozen: parameters take no gradient and buffers (running means) do not move.
  void set_frozen(bool frozen);
  bool frozen() const { return frozen_; }

  void to(const at::Device& device);
  void to(at::ScalarType dtype);  // floating type of parameters and buffers
  // How parameters with four dimensions (kernels of convolutions) lie in memory.
  void to(at::MemoryFormat format);
  int64_t parameter_count();

 protected:
  at::Tensor& parameter(const std::string& name, at::IntArrayRef shape, Init init);
  at::Tensor& buffer(const std::string& name, at::IntArrayRef shape, double value);
  template <typename M>
  M& child(const std::string& name, std::shared_ptr<M> module) {
    children_.emplace_back(name, module);
    return *module;
  }

 private:
  void convert(const std::function<at::Tensor(const at::Tensor&)>& conversion);

  struct Slot {
    std::string name;
    at::Tensor tensor;
    Init init;
  };
  std::deque<Slot> parameters_;  // deque: references stay valid
  std::deque<Slot> buffers_;
  std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
  bool frozen_ = false;
};

using ModulePtr = std::shared_ptr<Module>;

}  // namespace ganymede::nn
