#include "ganymede/data/domain.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/data/image_domain.h"
#include "ganymede/data/points_domain.h"

namespace ganymede::data {

const Domain& domain_of(const SampleSpec& spec) {
  static const ImageDomain image;
  static const PointsDomain points;
  if (spec.domain == "image") return image;
  if (spec.domain == "points") return points;
  throw UsageError({"sample domain", "\"" + spec.domain + "\"", "image, points"});
}

at::Tensor to_bytes(const at::Tensor& samples) {
  return ((samples.detach() + 1) * 127.5).round().clamp(0, 255).to(at::kByte).cpu();
}

}  // namespace ganymede::data
