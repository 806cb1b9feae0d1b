#include "ganymede/nn/module.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/ops/conv_choice.h"

namespace ganymede::nn {
namespace {

thread_local Mode current_mode = Mode::kEvaluate;
thread_local Stream* current_random = nullptr;

std::string join_path(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

std::string shape_text(const at::Tensor& tensor) {
  std::string text = "[";
  for (const int64_t size : tensor.sizes()) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

void fill(at::Tensor& tensor, const Init& init, Stream stream) {
  const at::NoGradGuard no_grad;
  switch (init.kind) {
    case Init::Kind::kConstant:
      tensor.fill_(init.a);
      break;
    case Init::Kind::kUniform:
      tensor.copy_(stream.uniform(tensor.sizes(), init.a, init.b));
      break;
    case Init::Kind::kNormal:
      tensor.copy_(stream.normal(tensor.sizes()).mul_(init.b).add_(init.a));
      break;
  }
}

}  // namespace

Init Init::fan_in(int64_t fan_in) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  return uniform(-bound, bound);
}

Init Init::he_uniform(int64_t fan_in, double gain) {
  const double bound = gain * std::sqrt(3.0 / static_cast<double>(fan_in));
  return uniform(-bound, bound);
}

Init Init::glorot_uniform(int64_t fan_in, int64_t fan_out, double gain) {
  const double bound = gain * std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
  return uniform(-bound, bound);
}

ForwardScope::ForwardScope(Mode mode, Stream* random)
    : previous_mode_(current_mode), previous_random_(current_random) {
  current_mode = mode;
  current_random = random;
  // A seed's sample is the same whatever was timed on this machine.
  if (mode == Mode::kEvaluate) ops::begin_or_end_conv_rules(+1);
}

ForwardScope::~ForwardScope() {
  if (current_mode == Mode::kEvaluate) ops::begin_or_end_conv_rules(-1);
  current_mode = previous_mode_;
  current_random = previous_random_;
}

Mode ForwardScope::mode() { return current_mode; }

Stream& ForwardScope::random() {
  if (current_random == nullptr) {
    throw Error({.where = "nn::ForwardScope",
                 .found = "a layer draws random numbers, but the forward pass has no stream",
                 .remedy = "run it inside ForwardScope(mode, &stream)"});
  }
  return *current_random;
}

at::Tensor Module::features(const at::Tensor&) { return {}; }

void Module::each_parameter(const Visitor& visit, const std::string& prefix) {
  for (Slot& slot : parameters_) visit(join_path(prefix, slot.name), slot.tensor);
  for (auto& [name, module] : children_) module->each_parameter(visit, join_path(prefix, name));
}

void Module::each_buffer(const Visitor& visit, const std::string& prefix) {
  for (Slot& slot : buffers_) visit(join_path(prefix, slot.name), slot.tensor);
  for (auto& [name, module] : children_) module->each_buffer(visit, join_path(prefix, name));
}

void Module::initialize(uint64_t seed, const std::string& purpose) {
  for (Slot& slot : parameters_)
    fill(slot.tensor, slot.init, Stream(seed, purpose + "/" + slot.name));
  for (Slot& slot : buffers_) fill(slot.tensor, slot.init, Stream(seed, purpose + "/" + slot.name));
  for (auto& [name, module] : children_) module->initialize(seed, purpose + "/" + name);
}

TensorMap Module::state() {
  TensorMap state;
  const Visitor collect = [&](const std::string& path, at::Tensor& tensor) {
    state[path] = tensor.detach();
  };
  each_parameter(collect);
  each_buffer(collect);
  return state;
}

void Module::load_state(const TensorMap& source, const std::string& where) {
  const at::NoGradGuard no_grad;
  std::string problems;
  const TensorMap own = state();
  for (const auto& [path, tensor] : own) {
    const auto found = source.find(path);
    if (found == source.end()) {
      problems += " missing " + path + ";";
    } else if (found->second.sizes() != tensor.sizes()) {
      problems += " " + path + " is " + shape_text(found->second) + ", expected " +
                  shape_text(tensor) + ";";
    }
  }
  for (const auto& [path, tensor] : source) {
    if (!own.contains(path)) problems += " unexpected " + path + ";";
  }
  if (!problems.empty()) {
    throw ModelError({.where = where,
                      .found = "the tensors do not fit the network:" + problems,
                      .remedy = "use the recipe that the file was trained with"});
  }
  for (const auto& [path, tensor] : own) at::Tensor(tensor).copy_(source.at(path));
}

void Module::set_frozen(bool frozen) {
  frozen_ = frozen;
  for (Slot& slot : parameters_) slot.tensor.set_requires_grad(!frozen);
  for (auto& [name, module] : children_) module->set_frozen(frozen);
}

void Module::to(const at::Device& device) {
  convert([&](const at::Tensor& tensor) { return tensor.to(device); });
}

void Module::to(at::ScalarType dtype) {
  convert([&](const at::Tensor& tensor) { return tensor.to(dtype); });
}

void Module::to(at::MemoryFormat format) {
  convert([&](const at::Tensor& tensor) {
    return tensor.dim() == 4 ? tensor.contiguous(format) : tensor;
  });
}

void Module::convert(const std::function<at::Tensor(const at::Tensor&)>& conversion) {
  for (Slot& slot : parameters_) {
    slot.tensor = conversion(slot.tensor.detach()).set_requires_grad(!frozen_);
  }
  for (Slot& slot : buffers_) slot.tensor = conversion(slot.tensor);
  for (auto& [name, module] : children_) module->convert(conversion);
}

int64_t Module::parameter_count() {
  int64_t count = 0;
  each_parameter([&](const std::string&, at::Tensor& tensor) { count += tensor.numel(); });
  return count;
}

at::Tensor& Module::parameter(const std::string& name, at::IntArrayRef shape, Init init) {
  at::Tensor tensor = at::zeros(shape, at::kFloat);
  tensor.set_requires_grad(true);
  return parameters_.emplace_back(Slot{name, std::move(tensor), init}).tensor;
}

at::Tensor& Module::buffer(const std::string& name, at::IntArrayRef shape, double value) {
  return buffers_
      .emplace_back(Slot{name, at::full(shape, value, at::kFloat), Init::constant(value)})
      .tensor;
}

}  // namespace ganymede::nn
