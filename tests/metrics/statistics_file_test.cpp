#include "ganymede/metrics/statistics_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/random.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/metrics/frechet.h"
#include "tests/data/support.h"

namespace ganymede::metrics {
namespace {

using data::testing::TempFolder;

StatisticsIdentity identity() {
  return {.data_fingerprint = "4b1d",
          .net_name = "classifier",
          .net_sha256 = "ab12",
          .resize = "clean",
          .split = "train",
          .count = 90,
          .mirrored = false};
}

FeatureStatistics statistics(bool keep) {
  FeatureStatistics result(7, keep);
  result.add(Stream(1, "statistics file").normal({90, 7}) + 4);
  return result;
}

void expect_equal(const FeatureStatistics& found, const FeatureStatistics& expected) {
  EXPECT_EQ(found.count(), expected.count());
  EXPECT_EQ(found.keeps(), expected.keeps());
  EXPECT_TRUE(found.mean().equal(expected.mean()));
  EXPECT_TRUE(found.covariance().equal(expected.covariance()));
  if (!expected.keeps()) return;
  EXPECT_TRUE(found.features().equal(expected.features()));
}

TEST(StatisticsFile, GivesBackTheSameBits) {
  const TempFolder folder;
  for (const bool keep : {false, true}) {
    save_statistics(folder / "s.safetensors", statistics(keep), identity());
    const FeatureStatistics loaded = load_statistics(folder / "s.safetensors", identity());
    expect_equal(loaded, statistics(keep));
    FeatureStatistics other(7, false);
    other.add(Stream(3, "statistics file").normal({50, 7}));
    EXPECT_EQ(frechet_distance(loaded, other).value,
              frechet_distance(statistics(keep), other).value);
  }
}

TEST(StatisticsFile, TakesMoreSamplesAfterLoading) {
  const TempFolder folder;
  save_statistics(folder / "s", statistics(true), identity());
  FeatureStatistics loaded = load_statistics(folder / "s", identity());
  FeatureStatistics whole = statistics(true);
  const at::Tensor more = Stream(2, "statistics file").normal({300, 7});
  loaded.add(more);
  whole.add(more);
  EXPECT_EQ(loaded.count(), 390);
  EXPECT_LT((loaded.mean() - whole.mean()).abs().max().item<double>(), 1e-12);
  EXPECT_LT((loaded.covariance() - whole.covariance()).abs().max().item<double>(), 1e-12);
  EXPECT_TRUE(loaded.features().equal(whole.features()));
}

TEST(StatisticsFile, AnotherIdentityIsRefusedByName) {
  const TempFolder folder;
  save_statistics(folder / "s", statistics(false), identity());
  const auto difference = [&](const StatisticsIdentity& other) {
    try {
      load_statistics(folder / "s", other);
    } catch (const DataError& error) {
      return error.parts().found;
    }
    return std::string("nothing");
  };
  StatisticsIdentity other = identity();
  other.data_fingerprint = "77";
  EXPECT_EQ(difference(other), "statistics with data \"4b1d\"");
  other = identity();
  other.net_sha256 = "";
  EXPECT_EQ(difference(other), "statistics with net_sha256 \"ab12\"");
  other = identity();
  other.resize = "legacy-pytorch";
  EXPECT_EQ(difference(other), "statistics with resize \"clean\"");
  other = identity();
  other.count = 91;
  EXPECT_EQ(difference(other), "statistics with samples \"90\"");
  other = identity();
  other.mirrored = true;
  EXPECT_EQ(difference(other), "statistics with mirrored \"no\"");
  EXPECT_EQ(difference(identity()), "nothing");
  EXPECT_THROW(save_statistics(folder / "s", statistics(false), {}), UsageError);
}

TEST(StatisticsFile, EveryFlippedByteIsRefused) {
  const TempFolder folder;
  save_statistics(folder / "s", statistics(true), identity());
  const std::string good = read_file(folder / "s");
  for (size_t i = 0; i < good.size(); i += 29) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    data::testing::write_bytes(folder / "bad", bad);
    EXPECT_THROW(load_statistics(folder / "bad", identity()), Error) << "byte " << i;
  }
  data::testing::write_bytes(folder / "bad", good.substr(0, good.size() - 9));
  EXPECT_THROW(load_statistics(folder / "bad", identity()), ModelError);
  EXPECT_THROW(load_statistics(folder / "none", identity()), FileError);
}

TEST(StatisticsFile, OtherFilesAreRefused) {
  const TempFolder folder;
  write_file_atomic(folder / "s", media::encode_tensors({{"mean", at::zeros({3})}}));
  EXPECT_THROW(load_statistics(folder / "s", identity()), ModelError);
}

// Sets a variable of the environment until the end of the test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::setenv(name_, old_.c_str(), 1); }

 private:
  const char* name_;
  std::string old_;
};

TEST(StatisticsFile, TheCacheKeepsOneFilePerIdentity) {
  const TempFolder folder;
  const Variable cache("XDG_CACHE_HOME", folder.string());
  EXPECT_FALSE(cached_statistics(identity()).has_value());
  const auto path = store_statistics(statistics(false), identity());
  EXPECT_EQ(path.parent_path(), folder.path() / "ganymede" / "statistics");
  const auto found = cached_statistics(identity());
  ASSERT_TRUE(found.has_value());
  expect_equal(*found, statistics(false));
  EXPECT_FALSE(cached_statistics(identity(), /*keep=*/true).has_value());
  store_statistics(statistics(true), identity());
  EXPECT_TRUE(cached_statistics(identity(), /*keep=*/true).has_value());
  StatisticsIdentity other = identity();
  other.split = "test";
  EXPECT_FALSE(cached_statistics(other).has_value());
  EXPECT_NE(store_statistics(statistics(false), other), path);
  // A damaged file is as good as none.
  data::testing::write_bytes(path, read_file(path).substr(0, 700));
  EXPECT_FALSE(cached_statistics(identity()).has_value());
}

TEST(StatisticsFile, TheCacheNeedsAFolder) {
  const TempFolder folder;
  const Variable cache("XDG_CACHE_HOME", "relative");
  {
    const Variable home("HOME", folder.string());
    const auto path = store_statistics(statistics(false), identity());
    EXPECT_EQ(path.parent_path(), folder.path() / ".cache" / "ganymede" / "statistics");
  }
  const Variable home("HOME", "");
  EXPECT_TRUE(store_statistics(statistics(false), identity()).empty());
  EXPECT_FALSE(cached_statistics(identity()).has_value());
}

}  // namespace
}  // namespace ganymede::metrics
