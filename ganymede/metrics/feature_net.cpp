#include "ganymede/metrics/feature_net.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/metrics/classifier.h"
#include "ganymede/metrics/function_net.h"
#include "ganymede/metrics/pca_net.h"
#include "ganymede/metrics/pretrained_nets.h"
#include "ganymede/metrics/random_net.h"

namespace ganymede::metrics {
namespace {

constexpr size_t kHashDigits = 8;

const std::vector<std::string>& built_in() {
  static const std::vector<std::string> names = {"random", "pca", "identity"};
  return names;
}

[[noreturn]] void refuse_name(const std::string& name) {
  const auto near = did_you_mean(name, built_in());
  throw UsageError(
      {.where = "features",
       .found = "\"" + name + "\" is neither a file nor a built-in network",
       .allowed = join(built_in()) + ", or a .safetensors file",
       .remedy = near ? *near : "gan features train --data DATA --out net.safetensors"});
}

void check_shape(const TrainedNetInfo& info, const SampleSpec& spec, const std::string& file) {
  if (info.shape == spec.shape) return;
  throw UsageError({.where = "features " + file,
                    .found = fmt::format("a network for samples of [{}] and data of [{}]",
                                         fmt::join(info.shape, ", "), fmt::join(spec.shape, ", ")),
                    .allowed = "equal shapes",
                    .remedy = "gan features train with these data, or resize them (--size)"});
}

std::unique_ptr<FeatureNet> open_file(const fs::path& path, const data::Dataset& reference,
                                      const FeatureNetOptions& options) {
  if (path.extension() != ".safetensors") {
    throw UsageError({.where = "features " + path.string(),
                      .found = "a file that is no .safetensors",
                      .allowed = "safetensors",
                      .remedy = "docs/features.md says how to convert a checkpoint"});
  }
  const media::ByteSource source(read_file(path), path.string());
  const std::string sha256 = sha256_hex(source.buffer());
  if (!is_trained_net(source)) {
    return pretrained_net(media::decode_tensors(source), sha256, path.string(), options);
  }
  TrainedNet net = load_trained_net(source);
  check_shape(net.info, reference.spec(), path.string());
  return trained_feature_net(std::move(net), sha256);
}

}  // namespace

at::Tensor FeatureNet::class_probabilities(const at::Tensor&) const { return {}; }

at::Tensor FeatureNet::probabilities(const at::Tensor& samples) const {
  return classes() > 0 ? class_probabilities(features(samples)) : at::Tensor();
}

std::string FeatureNet::distance_name() const {
  const std::string hash = sha256();
  if (published_name(hash) == name()) return "FID";
  return "FD[" + name() + ":" + hash.substr(0, kHashDigits) + "]";
}

std::unique_ptr<FeatureNet> open_feature_net(const std::string& name,
                                             const data::Dataset& reference,
                                             const FeatureNetOptions& options, Progress* progress) {
  if (name == "random") return random_net(reference.spec(), options.seed);
  if (name == "pca") return pca_net(reference, progress);
  if (name == "identity") return identity_net(reference.spec());
  if (!fs::exists(name)) refuse_name(name);
  return open_file(name, reference, options);
}

}  // namespace ganymede::metrics
