// How a network learns of a label: beside its input, in the same tensor. A condition is float32
// [N, classes], one-hot or shares that sum to 1, and takes the last columns (channels) of the
// input; networks stay functions of one tensor.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// int64 [N] -> float32 [N, classes]; a label outside [0, classes) (unlabelled: -1) gives zeros.
// Floating [N, classes] passes through. UsageError for other shapes.
at::Tensor one_hot(const at::Tensor& labels, int64_t classes);

// [N, D] with [N, K] -> [N, D + K]; images [N, C, H, W] with [N, K] -> [N, C + K, H, W], each share
// as a constant map.
at::Tensor beside(const at::Tensor& input, const at::Tensor& condition);

// Runs `input` on the first `columns` of [N, columns + K] and `condition` on the rest, and joins
// their results: [N, A + B] (Mirza & Osindero 2014, arXiv 1411.1784, sec. 3). Children "input" and
// "condition".
ModulePtr two_branches(int64_t columns, ModulePtr input, ModulePtr condition);

}  // namespace ganymede::nn
