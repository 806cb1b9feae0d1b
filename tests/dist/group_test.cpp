// Ranks that meet, sum and part; here each is a thread with a group of its own.
#include "ganymede/dist/group.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

namespace ganymede::dist {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

fs::path meeting_file(const char* name) {
  return fs::temp_directory_path() / (std::string(name) + "-" + std::to_string(::getpid()));
}

// Runs `work` once per rank, each in a thread with a group of its own.
void with_ranks(int size, const fs::path& file, const std::function<void(Group&)>& work) {
  fs::remove(file);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      Group group = Group::meet_in_file(file, rank, size, milliseconds(20000));
      work(group);
    });
  }
  for (std::thread& thread : threads) thread.join();
  fs::remove(file);
}

TEST(Group, OneProcessIsAGroupOfOne) {
  Group group;
  EXPECT_EQ(group.rank(), 0);
  EXPECT_EQ(group.size(), 1);
  const at::Tensor values = at::arange(5, at::kDouble);
  EXPECT_TRUE(at::equal(group.sum(values), values));
  EXPECT_TRUE(at::equal(group.broadcast(values), values));
  EXPECT_EQ(group.share(7), (std::pair<int64_t, int64_t>(0, 7)));
  group.barrier();
}

TEST(Group, SharesCoverEverythingOnce) {
  with_ranks(3, meeting_file("ganymede-share"), [](Group& group) {
    for (const int64_t count : {0, 1, 2, 3, 10, 1000}) {
      const auto [begin, end] = group.share(count);
      const at::Tensor covered = group.sum(at::scalar_tensor(end - begin, at::kLong));
      EXPECT_EQ(covered.item<int64_t>(), count);
      const auto all = group.gather(at::tensor({begin, end}, at::kLong));
      for (size_t rank = 1; rank < all.size(); ++rank) {
        EXPECT_EQ(all[rank - 1][1].item<int64_t>(), all[rank][0].item<int64_t>());
      }
    }
  });
}

TEST(Group, SumsAreBitEqualOnAllRanks) {
  // 0.1 three times and 1e8 once: the order of addition shows in the last bits.
  with_ranks(4, meeting_file("ganymede-sum"), [](Group& group) {
    const float own = group.rank() == 2 ? 1e8F : 0.1F;
    const at::Tensor total = group.sum(at::full({3}, own));
    const float expected = ((0.1F + 0.1F) + 1e8F) + 0.1F;
    EXPECT_TRUE(at::equal(total, at::full({3}, expected)));
  });
}

TEST(Group, ManyCollectivesInARow) {
  with_ranks(2, meeting_file("ganymede-many"), [](Group& group) {
    for (int64_t i = 0; i < 50; ++i) {
      const at::Tensor mine = at::full({2, 2}, group.rank() * 100 + i, at::kLong);
      EXPECT_TRUE(at::equal(group.sum(mine), at::full({2, 2}, 100 + 2 * i, at::kLong)));
      EXPECT_EQ(group.broadcast(mine)[0][0].item<int64_t>(), i);
    }
  });
}

TEST(Group, MeetsOverTcp) {
  const auto port = static_cast<uint16_t>(20000 + ::getpid() % 20000);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < 2; ++rank) {
    threads.emplace_back([rank, port] {
      Group group = Group::meet_at("127.0.0.1", port, rank, 2, milliseconds(20000));
      EXPECT_EQ(group.sum(at::full({1}, rank + 1, at::kLong)).item<int64_t>(), 3);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Group, OtherShapesAreNamed) {
  with_ranks(2, meeting_file("ganymede-shape"), [](Group& group) {
    EXPECT_THROW(group.sum(at::zeros({group.rank() + 1})), GroupError);
  });
}

TEST(Group, AnAbsentRankIsAnErrorNotAHang) {
  const fs::path file = meeting_file("ganymede-absent");
  fs::remove(file);
  Group group = Group::meet_in_file(file, 0, 2, milliseconds(300));
  EXPECT_THROW(group.barrier(), GroupError);
  fs::remove(file);
}

TEST(Group, EnvironmentIsChecked) {
  EXPECT_THROW(Group::meet_in_file(meeting_file("ganymede-rank"), 2, 2), UsageError);
  ::setenv("WORLD_SIZE", "many", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_THROW(Group::from_environment(), UsageError);
  ::setenv("WORLD_SIZE", "2", 1);  // NOLINT(concurrency-mt-unsafe)
  ::unsetenv("RANK");              // NOLINT(concurrency-mt-unsafe)
  EXPECT_THROW(Group::from_environment(), UsageError);
  ::unsetenv("WORLD_SIZE");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(Group::from_environment().size(), 1);
}

}  // namespace
}  // namespace ganymede::dist
