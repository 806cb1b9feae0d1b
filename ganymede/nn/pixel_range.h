// Papers whose pixels lie in [0, 1] play the same game on ours in [-1, 1].
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

ModulePtr unit_pixels();     // at the entrance of D: (x + 1) / 2
ModulePtr sigmoid_pixels();  // at the end of G: 2 sigmoid(x) - 1

}  // namespace ganymede::nn
