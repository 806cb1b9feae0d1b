// What tests of kernels share: ways to run their loops, the machine's vectors, random sizes.
#pragma once

#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include "ganymede/core/random.h"
#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

// Pieces in reverse order, as another thread pool might run them.
inline void run_backwards(int64_t count, Executor::Body body, void* context) {
  for (int64_t index = count; index > 0; --index) body(context, index - 1, index);
}

// From `low` to `high`, both included.
inline int64_t pick(Stream& stream, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(stream.below(static_cast<uint64_t>(high - low + 1)));
}

// A test for each of vector_targets(), skipped where the machine has it not.
class VectorTarget : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    const int64_t target = GetParam();
    if ((hwy::SupportedTargets() & target) == 0) GTEST_SKIP() << "not on this machine";
    hwy::SetSupportedTargetsForTest(target);
  }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }

 public:
  static const char* name(const ::testing::TestParamInfo<int64_t>& target) {
    return hwy::TargetName(target.param);
  }
};

// Every vector target that this kind of machine may have, the scalar one included.
inline auto vector_targets() {
#if HWY_ARCH_X86
  return ::testing::Values(HWY_AVX3, HWY_AVX2, HWY_SCALAR);
#else
  return ::testing::Values(HWY_NEON, HWY_SCALAR);
#endif
}

}  // namespace ganymede::ops
