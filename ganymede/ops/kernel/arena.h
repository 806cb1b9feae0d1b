// Memory of kernels: large blocks, and scratch of the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ganymede::ops {

struct FreeMemory {
  void operator()(float* memory) const;
  size_t bytes = 0;
};
using Floats = std::unique_ptr<float[], FreeMemory>;
// Zeros, apart from the heap, which large blocks would leave in pieces, and on huge pages where the
// system has them. Throws std::bad_alloc that says how much was asked for.
Floats allocate_floats(size_t count);

// Memory for the length of a scope, stacked: frames of one thread are nested. Every thread has its
// own stack, so any number of threads may compute at once, and a stack that once was large enough
// is not allocated again. Released when the thread ends.
class ScratchFrame {
 public:
  ScratchFrame();
  ~ScratchFrame();
  ScratchFrame(const ScratchFrame&) = delete;
  ScratchFrame& operator=(const ScratchFrame&) = delete;

  // `count` values that hold anything, aligned to 64 bytes, with 64 readable bytes behind them.
  // Throws std::bad_alloc.
  float* floats(size_t count);
  float* zeros(size_t count);
  int32_t* integers(size_t count);

 private:
  size_t used_;
  size_t spilled_;
};

}  // namespace ganymede::ops
