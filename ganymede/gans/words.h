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
inline Words* words_of(Gan& gan) { return dynamic_cast<Words*>(&gan); }

}  // namespace ganymede::gans
