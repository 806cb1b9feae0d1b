#include "ganymede/data/domain.h"

#include <ATen/ATen.h>

#include <map>
#include <mutex>

#include "ganymede/core/error.h"
#include "ganymede/data/image_domain.h"
#include "ganymede/data/points_domain.h"
#include "ganymede/data/table/table_domain.h"

namespace ganymede::data {

namespace {

// Each state is read once; there are as many as models and data sets that a process opens.
const Domain& table_domain(const std::string& state) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const TableDomain>> known;
  const std::lock_guard lock(mutex);
  std::unique_ptr<const TableDomain>& domain = known[state];
  if (domain == nullptr) domain = std::make_unique<const TableDomain>(state);
  return *domain;
}

}  // namespace

const Domain& domain_of(const SampleSpec& spec) {
  static const ImageDomain image;
  static const PointsDomain points;
  if (spec.domain == "image") return image;
  if (spec.domain == "points") return points;
  if (spec.domain == "table") return table_domain(spec.domain_state);
  throw UsageError({"sample domain", "\"" + spec.domain + "\"", "image, points, table"});
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
