// Optimizers over a fixed list of parameters, with multi-tensor updates and a state that resumes
// bit-exactly.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/nn/module.h"
#include "ganymede/train/run_config.h"

namespace ganymede::train {

using NamedParameters = std::vector<std::pair<std::string, at::Tensor>>;

// The learning rate of update `updates` (from 0) at `kimg`, and SGD's momentum there.
double learning_rate_at(const OptimizerConfig& config, double kimg, int64_t updates);
double momentum_at(const OptimizerConfig& config, double kimg);

// SGD with momentum (v = mu v + g; p -= lr v), Adam (Kingma & Ba 2015, arXiv 1412.6980) and
// RMSProp (Hinton 2012) with PyTorch's conventions. Parameters without a gradient are left alone.
class Optimizer {
 public:
  Optimizer(const OptimizerConfig& config, NamedParameters parameters);

  void zero_grad();
  // Applies the gradients; `rate_scale` multiplies the scheduled learning rate.
  void step(double kimg, double rate_scale = 1.0);
  void scale_gradients(double factor);
  // Norm over all gradients as a 0-d tensor (no host synchronisation); 0 without gradients.
  at::Tensor gradient_norm() const;

  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }
  // Whether rate and momentum are the same at every kimg.
  bool is_constant() const;
  double learning_rate(double kimg) const { return learning_rate_at(config_, kimg, updates_); }
  const NamedParameters& parameters() const { return parameters_; }

  // Moments by "<moment>/<parameter>", and the number of updates.
  nn::TensorMap state() const;
  // Throws ModelError when names or shapes do not fit.
  void load_state(const nn::TensorMap& state, int64_t updates, const std::string& where);

 private:
  struct Active;  // the parameters that have gradients in this step
  Active active() const;
  std::vector<const char*> moment_names() const;

  OptimizerConfig config_;
  NamedParameters parameters_;
  std::vector<at::Tensor> first_;   // momentum or first moment
  std::vector<at::Tensor> second_;  // second moment
  std::vector<at::Tensor> counts_;  // Adam: updates of each parameter, as its kernel wants them
  int64_t updates_ = 0;
};

}  // namespace ganymede::train
