// Noise on activations.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// x + deviation * n with n ~ N(0, 1) in training, drawn from ForwardScope::random(); x itself in
// evaluation. Null for deviation 0: Sequential skips it.
ModulePtr gaussian_noise(double deviation);

}  // namespace ganymede::nn
