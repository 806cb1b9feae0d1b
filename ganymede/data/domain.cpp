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

DataConfig Domain::fitting(DataConfig config, const SampleSpec&) const { return config; }

std::unique_ptr<SampleFilter> Domain::filter(const std::string& condition) const {
  throw UsageError({.where = condition,
                    .found = "a condition on samples of the domain " + name(),
                    .allowed = "conditions on rows of tables"});
}

std::unique_ptr<SampleWriter> Domain::stream(const std::filesystem::path&) const { return nullptr; }

at::Tensor to_bytes(const at::Tensor& samples) {
  return ((samples.detach() + 1) * 127.5).round().clamp(0, 255).to(at::kByte).cpu();
}

}  // namespace ganymede::data
