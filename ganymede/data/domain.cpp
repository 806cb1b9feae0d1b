#include "ganymede/data/domain.h"

#include <ATen/ATen.h>

#include <map>
#include <mutex>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/detector/detector_domain.h"
#include "ganymede/data/image_domain.h"
#include "ganymede/data/music/music_domain.h"
#include "ganymede/data/points_domain.h"
#include "ganymede/data/table/table_domain.h"
#include "ganymede/data/text/text_domain.h"
#include "ganymede/data/video/video_domain.h"
#include "ganymede/data/voxels/voxel_domain.h"

namespace ganymede::data {

namespace {

using MakeDomain = std::unique_ptr<const Domain> (*)(const std::string& state);

template <typename D>
std::unique_ptr<const Domain> stateless(const std::string&) {
  return std::make_unique<const D>();
}

template <typename D>
std::unique_ptr<const Domain> with_state(const std::string& state) {
  return std::make_unique<const D>(state);
}

// Adding a domain is one line here.
const std::map<std::string, MakeDomain>& makers() {
  static const std::map<std::string, MakeDomain> all = {
      {"detector", with_state<DetectorDomain>}, {"parameters", with_state<ParametersDomain>},
      {"chords", stateless<ChordDomain>},       {"image", stateless<ImageDomain>},
      {"music", with_state<MusicDomain>},       {"points", stateless<PointsDomain>},
      {"table", with_state<TableDomain>},       {"video", stateless<VideoDomain>},
      {"voxels", stateless<VoxelDomain>},       {"text", with_state<TextDomain>},
  };
  return all;
}

}  // namespace

// Each state is read once; there are as many as models and data sets that a process opens.
const Domain& domain_of(const SampleSpec& spec) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, std::unique_ptr<const Domain>> known;
  const auto maker = makers().find(spec.domain);
  if (maker == makers().end()) {
    std::vector<std::string> names;
    for (const auto& [name, make] : makers()) names.push_back(name);
    throw UsageError({"sample domain", "\"" + spec.domain + "\"", join(names)});
  }
  const std::lock_guard lock(mutex);
  std::unique_ptr<const Domain>& domain = known[{spec.domain, spec.domain_state}];
  if (domain == nullptr) domain = maker->second(spec.domain_state);
  return *domain;
}

DataConfig Domain::fitting(DataConfig config, const SampleSpec&) const { return config; }

std::unique_ptr<SampleFilter> Domain::filter(const std::string& condition) const {
  throw UsageError({.where = condition,
                    .found = "a condition on samples of the domain " + name(),
                    .allowed = "conditions on rows of tables"});
}

std::vector<std::string> Domain::captions(const at::Tensor&) const { return {}; }

at::Tensor Domain::parse(const std::string& text, const SampleSpec&) const {
  throw UsageError({.where = "--given",
                    .found = "\"" + text + "\", for a model that is given " + name() + " samples",
                    .remedy = "leave it out: samples of the run's data are given"});
}

std::unique_ptr<SampleWriter> Domain::stream(const std::filesystem::path&) const { return nullptr; }

at::Tensor to_bytes(const at::Tensor& samples) {
  return ((samples.detach() + 1) * 127.5).round().clamp(0, 255).to(at::kByte).cpu();
}

}  // namespace ganymede::data
