#include "ganymede/metrics/statistics_file.h"

#include <ATen/ATen.h>

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "ganymede/core/answers.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/media/byte_source.h"
#include "ganymede/media/safetensors.h"
#include "ganymede/media/tensor_safetensors.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kFormat = "ganymede feature statistics 1";

using Entries = std::vector<std::pair<std::string, std::string>>;

// The identity in words: metadata of the file, and the text that its name is a hash of.
Entries entries_of(const StatisticsIdentity& identity) {
  return {{"data", identity.data_fingerprint},
          {"net", identity.net_name},
          {"net_sha256", identity.net_sha256},
          {"resize", identity.resize},
          {"split", identity.split},
          {"samples", std::to_string(identity.count)},
          {"mirrored", identity.mirrored ? "yes" : "no"}};
}

std::string content_hash(const media::TensorMap& tensors) {
  Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    hash.update(name);
    hash.update({static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()});
  }
  return hash.hex();
}

std::string value_of(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

void check_identity(const std::filesystem::path& path,
                    const std::map<std::string, std::string>& metadata,
                    const StatisticsIdentity& expected) {
  for (const auto& [key, wanted] : entries_of(expected)) {
    const std::string found = value_of(metadata, key);
    if (found == wanted) continue;
    throw DataError({.where = path.string(),
                     .found = "statistics with " + key + " \"" + found + "\"",
                     .allowed = "\"" + wanted + "\"",
                     .remedy = "use the statistics of this data set and network, or remove the "
                               "file to compute them again"});
  }
}

[[noreturn]] void refuse(const std::filesystem::path& path, std::string found) {
  throw ModelError({.where = path.string(),
                    .found = std::move(found),
                    .allowed = "feature statistics as saved",
                    .remedy = "remove the file to compute them again"});
}

void check_content(const std::filesystem::path& path, const media::TensorMap& tensors,
                   const std::string& expected_hash) {
  const auto is = [&](const char* name, at::ScalarType type, int64_t dims) {
    const auto found = tensors.find(name);
    return found != tensors.end() && found->second.scalar_type() == type &&
           found->second.dim() == dims;
  };
  const bool features = !tensors.contains("features") || is("features", at::kFloat, 2);
  const bool whole = is("mean", at::kDouble, 1) && is("covariance", at::kDouble, 2) &&
                     is("count", at::kLong, 1) && tensors.at("count").numel() == 1 && features;
  if (!whole) refuse(path, "other tensors than mean, covariance, count and features");
  if (content_hash(tensors) != expected_hash) refuse(path, "content that was changed");
}

std::filesystem::path cache_file(const StatisticsIdentity& identity) {
  const std::filesystem::path folder = cache_folder("statistics");
  if (folder.empty()) return {};
  std::string text = kFormat;
  for (const auto& [key, value] : entries_of(identity)) {
    text += "\n" + key + " " + std::to_string(value.size()) + " " + value;
  }
  return folder / (sha256_hex(text).substr(0, 32) + ".safetensors");
}

}  // namespace

void save_statistics(const std::filesystem::path& path, const FeatureStatistics& statistics,
                     const StatisticsIdentity& identity) {
  if (statistics.count() != identity.count) {
    throw UsageError({.where = "metrics::save_statistics",
                      .found = std::to_string(statistics.count()) + " samples",
                      .allowed = std::to_string(identity.count) + ", as the identity says"});
  }
  media::TensorMap tensors = {{"mean", statistics.mean()},
                              {"covariance", statistics.covariance()},
                              {"count", at::full({1}, statistics.count(), at::kLong)}};
  if (statistics.keeps()) tensors["features"] = statistics.features();
  std::map<std::string, std::string> metadata = {{"format", kFormat},
                                                 {"content_sha256", content_hash(tensors)}};
  for (const auto& [key, value] : entries_of(identity)) metadata[key] = value;
  write_file_atomic(path, media::encode_tensors(tensors, metadata));
}

FeatureStatistics load_statistics(const std::filesystem::path& path,
                                  const StatisticsIdentity& expected) {
  const media::ByteSource source(path);
  const auto metadata = media::read_safetensors_header(source).metadata;
  if (value_of(metadata, "format") != kFormat) refuse(path, "a file of another kind");
  check_identity(path, metadata, expected);
  const media::TensorMap tensors = media::decode_tensors(source);
  check_content(path, tensors, value_of(metadata, "content_sha256"));
  const auto features = tensors.find("features");
  try {
    return FeatureStatistics::restored(tensors.at("mean"), tensors.at("covariance"),
                                       tensors.at("count").item<int64_t>(),
                                       features == tensors.end() ? at::Tensor() : features->second);
  } catch (const Error& error) {
    refuse(path, error.parts().found);
  }
}

std::optional<FeatureStatistics> cached_statistics(const StatisticsIdentity& identity, bool keep) {
  const std::filesystem::path path = cache_file(identity);
  std::error_code ignored;
  if (path.empty() || !std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  try {
    FeatureStatistics statistics = load_statistics(path, identity);
    if (keep && !statistics.keeps()) return std::nullopt;
    return statistics;
  } catch (const Error&) {
    return std::nullopt;  // store_statistics will replace it
  }
}

std::filesystem::path store_statistics(const FeatureStatistics& statistics,
                                       const StatisticsIdentity& identity) {
  std::filesystem::path path = cache_file(identity);
  if (path.empty()) return path;
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) {
    throw FileError({.where = path.parent_path().string(),
                     .found = "the folder cannot be made: " + failed.message(),
                     .remedy = "set XDG_CACHE_HOME to a folder that can be written"});
  }
  save_statistics(path, statistics, identity);
  return path;
}

}  // namespace ganymede::metrics
