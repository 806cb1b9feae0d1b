#include "ganymede/core/speed.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace ganymede {
namespace {

// Any CPU that runs this does more than one multiply-add in two nanoseconds, and none does 10,000.
TEST(Speed, RoofsArePossible) {
  EXPECT_GT(peak_gflops(1), 1);
  EXPECT_LT(peak_gflops(1), 20'000);
  EXPECT_GT(memory_gbytes_per_s(1), 0.05);
  EXPECT_LT(memory_gbytes_per_s(1), 5'000);
}

TEST(Speed, RateIsAmountOverTheShortestCall) {
  int calls = 0;
  const double rate = best_rate(5.0, 0.05, [&] {
    ++calls;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  });
  EXPECT_LE(rate, 500.0);  // a sleep is never too short
  EXPECT_GT(rate, 0);
  EXPECT_GE(calls, 3);
}

}  // namespace
}  // namespace ganymede
