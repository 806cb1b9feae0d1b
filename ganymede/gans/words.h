// What a gan that was taught with captions can do beyond making samples.
#pragma once

#include <ATen/core/Tensor.h>

#include "ganymede/gans/gan.h"

namespace ganymede::gans {

// Beside Gan: captions and samples as points of one space, in which a caption lies near its
// samples. The caller sets evaluation mode and disables gradients.
class Words {
 public:
  virtual ~Words() = default;
  // [N, ...spec.given[0].shape] -> float32 [N, dim]
  virtual at::Tensor embed_given(const at::Tensor& given) = 0;
  // float32 [N, ...spec.shape] -> float32 [N, dim]
  virtual at::Tensor embed_samples(const at::Tensor& samples) = 0;
  // As Gan::generate(), of points instead of captions; request.given is not looked at.
  virtual at::Tensor generate_from(const Request& request, const at::Tensor& points) = 0;
};

// Null for a gan that knows no captions.
Words* words_of(Gan& gan);

// Those points in evaluation mode without gradients, on the CPU. Throw UsageError for a gan that
// knows no captions.
at::Tensor embed_given(Gan& gan, const at::Tensor& given, const at::Device& device);
at::Tensor embed_samples(Gan& gan, const at::Tensor& samples, const at::Device& device);

// For each row of request (seeds or z) the samples on the line from the point of caption `a` to
// that of caption `b` ([1, ...spec.given[0].shape] each), `steps` + 1 of them with both ends:
// float32 [rows * (steps + 1), ...spec.shape] on the CPU, row after row, the same z along a row.
// Throws UsageError for a gan that knows no captions, or less than one step.
at::Tensor between_captions(Gan& gan, const Request& request, const at::Tensor& a,
                            const at::Tensor& b, int64_t steps);

}  // namespace ganymede::gans
