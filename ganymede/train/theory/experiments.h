// The experiments behind theory::run, and the small tools that they share.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "ganymede/core/random.h"
#include "ganymede/media/plot.h"
#include "ganymede/metrics/divergence.h"
#include "ganymede/nn/module.h"
#include "ganymede/train/optimizer.h"
#include "ganymede/train/theory.h"

namespace ganymede::train::theory {

TheoryResult optimal_discriminator(uint64_t seed, const TheoryOptions& options);
TheoryResult equilibrium(uint64_t seed, const TheoryOptions& options);
TheoryResult jensen_shannon(uint64_t seed, const TheoryOptions& options);
TheoryResult bilinear_game(uint64_t seed, const TheoryOptions& options);
TheoryResult vanishing_gradient(uint64_t seed, const TheoryOptions& options);
TheoryResult algorithm_one(uint64_t seed, const TheoryOptions& options);

inline int64_t steps_or(const TheoryOptions& options, int64_t usual) {
  return options.steps > 0 ? options.steps : usual;
}

// float32 [count, 1] from the mixture.
at::Tensor draw(const metrics::GaussianMixture& mixture, int64_t count, Stream& random);

// Points as a column [n, 1] float32, and a tensor's values as numbers.
at::Tensor column(const std::vector<double>& points);
std::vector<double> numbers(const at::Tensor& tensor);

// An MLP 1 -> 48 -> 48 -> 1 with tanh: smooth, as the densities are.
nn::ModulePtr small_discriminator(uint64_t seed);
NamedParameters parameters_of(nn::Module& module);

// Adam whose rate falls linearly to zero at update `steps`.
Optimizer decaying_adam(nn::Module& module, double learning_rate, double beta1, int64_t steps);
// One update of the optimizer's parameters down the gradient of `loss`.
void descend(Optimizer& optimizer, const at::Tensor& loss, int64_t step);

// Trains `discriminator` by the minimax loss on fresh samples of p (real) and q (fake).
// `watch` runs before each step.
void train_discriminator(nn::Module& discriminator, const metrics::GaussianMixture& p,
                         const metrics::GaussianMixture& q, int64_t steps, uint64_t seed,
                         const std::function<void(int64_t step)>& watch = {});

// E_p log D + E_q log(1 - D) of a discriminator on `count` fresh samples of each.
double value_of_game(nn::Module& discriminator, const metrics::GaussianMixture& p,
                     const metrics::GaussianMixture& q, int64_t count, uint64_t seed);

// D at each point, in (0, 1).
std::vector<double> probabilities(nn::Module& discriminator, const std::vector<double>& points);

}  // namespace ganymede::train::theory
