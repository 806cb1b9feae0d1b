#include "ganymede/core/memory.h"

#include <ATen/ATen.h>

#include "ganymede/core/tuning.h"
#include "tests/core/fixture.h"

namespace ganymede {
namespace {

// A limit stays with a process, so each is set in a child; exit codes say what happened there.
constexpr int kAsExpected = 3;

TEST(Memory, BeyondTheLimitIsAnErrorInWords) {
  const int status = status_of_child([] {
    limit_memory(int64_t{2} << 30, "train.memory_mib");
    at::Tensor small = at::ones({1 << 20});
    try {
      at::Tensor large = at::ones({int64_t{1} << 30});
    } catch (const std::exception& error) {
      const std::string text = out_of_memory("phase D, step 7", error).what();
      const bool told = is_out_of_memory(error) && text.find("[phase D, step 7]") == 0 &&
                        text.find("another 4.0 GiB") != std::string::npos &&
                        text.find("allowed: 2.0 GiB") != std::string::npos &&
                        text.find("train.accumulate") != std::string::npos;
      if (!told) fputs(text.c_str(), stderr);
      ::_exit(told ? kAsExpected : 4);
    }
  });
  EXPECT_EQ(WEXITSTATUS(status), kAsExpected);
}

TEST(Memory, ALimitBelowWhatIsInUseIsRefused) {
  const int status = status_of_child([] {
    try {
      limit_memory(1 << 20, "train.memory_mib");
    } catch (const UsageError& error) {
      ::_exit(error.parts().where == "train.memory_mib" ? kAsExpected : 4);
    }
  });
  EXPECT_EQ(WEXITSTATUS(status), kAsExpected);
}

TEST(Memory, ZeroIsNoLimit) {
  const int status = status_of_child([] {
    limit_memory(0, "train.memory_mib");
    at::Tensor large = at::empty({int64_t{1} << 28});
    ::_exit(large.defined() ? kAsExpected : 4);
  });
  EXPECT_EQ(WEXITSTATUS(status), kAsExpected);
}

TEST(Memory, OtherErrorsAreNotAboutIt) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("sizes do not match")));
}

}  // namespace
}  // namespace ganymede
