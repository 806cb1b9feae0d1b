#include "ganymede/core/tuning.h"

#include <ATen/Parallel.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "ganymede/core/cgroup.h"
#include "ganymede/core/files.h"
#include "tests/core/fixture.h"

namespace ganymede {
namespace {

class Cgroup : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    fs::create_directories((root() / path).parent_path());
    write_file_durable(root() / path, text);
  }
  void belong(const std::string& text) { put("membership", text); }
  CgroupLimits read() const { return read_cgroup_limits(root(), root() / "membership"); }
  const fs::path& root() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

TEST_F(Cgroup, NothingToReadIsNoLimit) {
  EXPECT_EQ(read().cpus, 0);
  EXPECT_EQ(read().memory_bytes, 0);
  belong("0::/user.slice\n");
  EXPECT_EQ(read().cpus, 0);
}

TEST_F(Cgroup, V2OfTheGroupAndItsParents) {
  belong("0::/batch/job7\n");
  put("batch/job7/cpu.max", "max 100000\n");
  put("batch/job7/memory.max", "8589934592\n");
  put("batch/cpu.max", "250000 100000\n");
  put("batch/memory.max", "4294967296\n");
  EXPECT_DOUBLE_EQ(read().cpus, 2.5);
  EXPECT_EQ(read().memory_bytes, int64_t{4} << 30);
}

TEST_F(Cgroup, V2InsideAContainer) {
  belong("0::/\n");
  put("cpu.max", "50000 100000\n");
  put("memory.max", "max\n");
  EXPECT_DOUBLE_EQ(read().cpus, 0.5);
  EXPECT_EQ(read().memory_bytes, 0);
}

TEST_F(Cgroup, V1WithJoinedControllers) {
  belong("11:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n3:cpuset:/\n");
  put("cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "150000\n");
  put("cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  put("memory/docker/abc/memory.limit_in_bytes", "1073741824\n");
  put("memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_DOUBLE_EQ(read().cpus, 1.5);
  EXPECT_EQ(read().memory_bytes, int64_t{1} << 30);
}

TEST_F(Cgroup, V1InsideAContainerAndUnlimited) {
  belong("2:cpu:/docker/abc\n1:memory:/docker/abc\n0::/\n");
  put("cpu/cpu.cfs_quota_us", "-1\n");
  put("cpu/cpu.cfs_period_us", "100000\n");
  put("memory/memory.limit_in_bytes", "2147483648\n");
  EXPECT_EQ(read().cpus, 0);
  EXPECT_EQ(read().memory_bytes, int64_t{2} << 30);
}

TEST_F(Cgroup, NonsenseIsNoLimit) {
  belong("nonsense\n:\n0::/a\n");
  put("a/cpu.max", "many 0\n");
  put("a/memory.max", "");
  put("cpu.max", "100000 0\n");
  EXPECT_EQ(read().cpus, 0);
  EXPECT_EQ(read().memory_bytes, 0);
}

TEST(Tuning, CpusFollowAffinity) {
  const int status = status_of_child([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
    if (::sched_setaffinity(0, sizeof one, &one) != 0) ::_exit(98);
    ::_exit(usable_cpus());
  });
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_GE(usable_cpus(), 1);
}

TEST(Tuning, MemoryNumbersMoveWithMemory) {
  constexpr size_t kBytes = size_t{96} << 20;
  const int64_t before = resident_bytes();
  const int64_t faults = minor_page_faults();
  const std::unique_ptr<char[]> block(new char[kBytes]);
  std::memset(block.get(), 1, kBytes);
  EXPECT_EQ(block[kBytes / 2], 1);
  EXPECT_GT(resident_bytes() - before, static_cast<int64_t>(kBytes * 3 / 4));
  EXPECT_GE(peak_resident_bytes() + (1 << 20), resident_bytes());
  EXPECT_GT(minor_page_faults(), faults);
  EXPECT_GT(usable_memory_bytes(), resident_bytes());
}

// In a child, because the settings cannot be taken back.
TEST(Tuning, FreedPagesAreReusedAndThreadsAreSet) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer brings its own allocator, which never reuses at once";
#endif
  const int status = status_of_child([] {
    const TuningReport report = tune_process(1);
    if (report.threads != 1 || at::get_num_threads() != 1 || report.notes.size() < 2) ::_exit(3);
    constexpr size_t kBytes = size_t{64} << 20;
    int64_t faults = 0;
    for (int round = 0; round < 3; ++round) {
      if (round == 1) faults = minor_page_faults();
      const std::unique_ptr<char[]> block(new char[kBytes]);
      std::memset(block.get(), round, kBytes);
      if (block[kBytes / 2] != round) ::_exit(4);
    }
    // Untuned, each further round would fault all of its 16,384 pages in again.
    ::_exit(minor_page_faults() - faults < 100 ? 0 : 5);
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Tuning, NoSecondStartWhereTheUserHasChosen) {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "GANYMEDE_REEXEC"}) {
    const ScopedVariable variable(name, "1");
    EXPECT_FALSE(reexec_with_wait_policy(nullptr)) << name;
  }
}

// What the second start of the next test runs.
TEST(Tuning, DISABLED_InTheSecondStart) {
  EXPECT_STREQ(::getenv("GOMP_SPINCOUNT"), "1000");
  EXPECT_FALSE(reexec_with_wait_policy(nullptr)) << "a third start";
}

TEST(Tuning, StartsOnceMoreWithAShortSpin) {
  const int status = status_of_child([] {
    if (::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(98);
    std::string arguments[] = {"test_core", "--gtest_filter=*InTheSecondStart",
                               "--gtest_also_run_disabled_tests"};
    char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
    reexec_with_wait_policy(argv);
    ::_exit(97);  // nothing was started
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ganymede
