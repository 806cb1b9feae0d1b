// Feature statistics as files, bound to the data and the network that they come from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ganymede/metrics/feature_statistics.h"

namespace ganymede::metrics {

// Everything that the statistics of a data set depend on.
struct StatisticsIdentity {
  std::string data_fingerprint;  // of the data set's content
  std::string net_name;
  std::string net_sha256;
  std::string resize;
  std::string split;
  int64_t count = 0;      // samples
  bool mirrored = false;  // with the mirror image of every sample
  bool operator==(const StatisticsIdentity&) const = default;
};

// A safetensors file: mean (float64 [D]), covariance (float64 [D, D]), count (int64 [1]) and, where
// they were kept, features (float32 [N, D]); identity and the SHA-256 of the content in its
// metadata. Written atomically. UsageError for fewer than two samples or another count than the
// identity's; FileError when it cannot be written.
void save_statistics(const std::filesystem::path& path, const FeatureStatistics& statistics,
                     const StatisticsIdentity& identity);

// The same moments and features to the bit. Throws DataError naming what differs when the file is
// of another identity, ModelError when it is damaged or of another kind.
FeatureStatistics load_statistics(const std::filesystem::path& path,
                                  const StatisticsIdentity& expected);

// The cache: $XDG_CACHE_HOME/ganymede/statistics, else $HOME/.cache/ganymede/statistics, one file
// per identity. cached_statistics gives nothing where there is no such folder or file, the file is
// damaged, or `keep` asks for features that it has not. store_statistics returns the file, or an
// empty path where neither variable is set; throws FileError.
std::optional<FeatureStatistics> cached_statistics(const StatisticsIdentity& identity,
                                                   bool keep = false);
std::filesystem::path store_statistics(const FeatureStatistics& statistics,
                                       const StatisticsIdentity& identity);

}  // namespace ganymede::metrics
