// The vector targets that kernels are compiled for: AVX2, AVX-512 and the baseline on x86, NEON on
// Arm. Included before Highway.
#pragma once

#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
