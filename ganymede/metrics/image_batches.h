// What every feature network does around its forward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ganymede::metrics {

// Throws UsageError naming `network` unless samples are floating [N, ...shape].
void check_samples(const at::Tensor& samples, const std::vector<int64_t>& shape,
                   const std::string& network);

// Throws UsageError naming `network` unless samples are floating [N, 1 or 3, H, W].
void check_images(const at::Tensor& samples, const std::string& network);

// f on `batch` samples at a time as float32 on the CPU, without gradients; [batch, dim] each time.
// Returns float32 [N, dim]. UsageError for samples that are no floats.
at::Tensor in_batches(const at::Tensor& samples, int64_t batch, int64_t dim,
                      const std::function<at::Tensor(const at::Tensor&)>& f);

// Images of [-1, 1] (grey ones repeated to three channels) as float32 in 0..255.
at::Tensor as_bytes_scale(const at::Tensor& images);

// SHA-256 over shapes and bytes of float32 tensors: for networks that are no file.
std::string sha256_of(const std::vector<at::Tensor>& tensors);

}  // namespace ganymede::metrics
