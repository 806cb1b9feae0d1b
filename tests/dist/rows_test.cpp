// Rows of unequal numbers from ranks that are threads here.
#include "ganymede/dist/rows.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

namespace ganymede::dist {
namespace {

namespace fs = std::filesystem;

void with_ranks(int size, const std::function<void(Group&)>& work) {
  const fs::path file = fs::temp_directory_path() / ("ganymede-rows-" + std::to_string(::getpid()));
  fs::remove(file);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      Group group = Group::meet_in_file(file, rank, size, std::chrono::milliseconds(20000));
      work(group);
    });
  }
  for (std::thread& thread : threads) thread.join();
  fs::remove(file);
}

TEST(GatherRows, AloneTheyAreOnesOwn) {
  Group group;
  const at::Tensor rows = at::rand({3, 2});
  EXPECT_TRUE(at::equal(gather_rows(group, rows), rows));
  EXPECT_FALSE(gather_rows(group, at::Tensor()).defined());
}

TEST(GatherRows, UnequalNumbersInTheOrderOfRanks) {
  with_ranks(3, [](Group& group) {
    // Rank 0 has none, rank 1 one row, rank 2 two of them.
    const at::Tensor all = at::arange(12, at::kFloat).view({3, 2, 2});
    const int64_t first = group.rank() == 2 ? 1 : 0;
    const at::Tensor mine = group.rank() == 0 ? at::Tensor() : all.narrow(0, first, group.rank());
    EXPECT_TRUE(at::equal(gather_rows(group, mine), all));
    const at::Tensor bytes = at::full({group.rank() + 1, 1}, group.rank(), at::kByte);
    const at::Tensor found = gather_rows(group, bytes);
    EXPECT_TRUE(at::equal(found.flatten(), at::tensor({0, 1, 1, 2, 2, 2}, at::kByte)));
    EXPECT_FALSE(gather_rows(group, at::Tensor()).defined());
  });
}

TEST(GatherRows, MoreThanAStoreTakesAtOnce) {
  with_ranks(2, [](Group& group) {
    const at::Tensor all = at::arange(3 * 700'000, at::kDouble).view({3, 700'000});  // 16.8 MB
    const at::Tensor mine = group.is_first() ? all.narrow(0, 0, 2) : all.narrow(0, 2, 1);
    EXPECT_TRUE(at::equal(gather_rows(group, mine), all));
  });
}

TEST(GatherRows, OtherShapesAreRefusedOnAllRanks) {
  with_ranks(2, [](Group& group) {
    EXPECT_THROW(gather_rows(group, at::zeros({1, 2 + group.rank()})), UsageError);
    const auto dtype = group.is_first() ? at::kFloat : at::kDouble;
    EXPECT_THROW(gather_rows(group, at::zeros({1, 2}, dtype)), UsageError);
  });
}

}  // namespace
}  // namespace ganymede::dist
