#include "ganymede/core/signals.h"

#include <csignal>

#include "ganymede/core/error.h"
#include "tests/core/fixture.h"

namespace ganymede {
namespace {

TEST(StopSignal, FirstSignalAsksSecondEnds) {
  const int status = status_of_child([] {
    const StopSignal stop;
    if (stop.requested()) ::_exit(1);
    ::raise(SIGTERM);
    if (!stop.requested() || stop.signal() != SIGTERM) ::_exit(2);
    ::raise(SIGINT);
    ::_exit(3);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
}

TEST(StopSignal, SampleRequestIsTakenOnce) {
  StopSignal stop;
  EXPECT_FALSE(stop.take_sample_request());
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  EXPECT_TRUE(stop.take_sample_request());
  EXPECT_FALSE(stop.take_sample_request());
  EXPECT_FALSE(stop.requested());
}

volatile std::sig_atomic_t g_seen = 0;

TEST(StopSignal, FormerHandlersComeBack) {
  const auto former = std::signal(SIGINT, [](int) { g_seen = 1; });
  {
    const StopSignal stop;
    ::raise(SIGINT);
    EXPECT_EQ(g_seen, 0);
    EXPECT_EQ(stop.signal(), SIGINT);
  }
  ::raise(SIGINT);
  EXPECT_EQ(g_seen, 1);
  std::signal(SIGINT, former);
  const StopSignal fresh;
  EXPECT_FALSE(fresh.requested()) << "an earlier stop must not leak into the next run";
}

TEST(StopSignal, OneAtATime) {
  const StopSignal stop;
  EXPECT_THROW(StopSignal(), UsageError);
}

}  // namespace
}  // namespace ganymede
