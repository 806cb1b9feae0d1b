// Evidence that several ranks gather together: threads with a group of their own here.
#include "ganymede/metrics/evidence.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/metrics/function_net.h"

namespace ganymede::metrics {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kCount = 1100;  // five blocks
constexpr Wanted kWanted = {.features = true, .probabilities = false, .pictures = true};

void with_ranks(int size, const std::function<void(dist::Group&)>& work) {
  const fs::path file =
      fs::temp_directory_path() / ("ganymede-evidence-" + std::to_string(::getpid()));
  fs::remove(file);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      dist::Group group =
          dist::Group::meet_in_file(file, rank, size, std::chrono::milliseconds(20000));
      work(group);
    });
  }
  for (std::thread& thread : threads) thread.join();
  fs::remove(file);
}

FunctionFeatureNet two_features() {
  return {"two", std::string(64, '0'), 2,
          [](const at::Tensor& x) { return x.flatten(1).slice(1, 0, 2); }};
}

// Sample i of [kCount, 1, 2, 2].
at::Tensor pictures(int64_t first, int64_t count) {
  const at::Tensor all = at::arange(kCount * 4, at::kFloat).view({kCount, 1, 2, 2}).sin();
  return all.narrow(0, first, count);
}

Evidence gathered(const TakeSamples& take, dist::Group* group) {
  Meter meter(nullptr, kCount);
  return gather(take, kCount, kWanted, two_features(), /*quantise=*/true, meter, "test", group);
}

TEST(SharedEvidence, IsThatOfOneProcess) {
  const Evidence alone = gathered(pictures, nullptr);
  for (const int size : {1, 2, 3, 7}) {  // seven: two ranks have nothing to do
    with_ranks(size, [&](dist::Group& group) {
      const Evidence shared = gathered(pictures, &group);
      EXPECT_EQ(shared.count, kCount);
      EXPECT_TRUE(at::equal(shared.samples, alone.samples));
      EXPECT_TRUE(at::equal(shared.features->features(), alone.features->features()));
      EXPECT_TRUE(at::equal(shared.features->mean(), alone.features->mean()));
      EXPECT_TRUE(at::equal(shared.features->covariance(), alone.features->covariance()));
    });
  }
}

TEST(SharedEvidence, EachSampleIsTakenOnce) {
  with_ranks(3, [](dist::Group& group) {
    at::Tensor taken = at::zeros({kCount}, at::kLong);
    gathered(
        [&](int64_t first, int64_t count) {
          taken.narrow(0, first, count) += 1;
          return pictures(first, count);
        },
        &group);
    EXPECT_TRUE(at::equal(group.sum(taken), at::ones({kCount}, at::kLong)));
  });
}

TEST(SharedEvidence, AFailureReachesAllRanks) {
  with_ranks(2, [](dist::Group& group) {
    const TakeSamples broken = [](int64_t first, int64_t count) {
      at::Tensor samples = pictures(first, count).clone();
      if (first == 0) samples[5].fill_(std::numeric_limits<float>::quiet_NaN());
      return samples;
    };
    if (group.is_first()) {
      EXPECT_THROW(gathered(broken, &group), NumericError);
    } else {
      EXPECT_THROW(gathered(broken, &group), dist::GroupError);
    }
  });
}

}  // namespace
}  // namespace ganymede::metrics
