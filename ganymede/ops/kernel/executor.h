// How kernels run their loops: a pool of threads without knowing which.
#pragma once

#include <cstdint>
#include <type_traits>

namespace ganymede::ops {

// Runs body(context, begin, end) over pieces that cover [0, count), maybe in parallel. `threads` is
// how many pieces may run at once; it may change the order of work but never a result.
struct Executor {
  using Body = void (*)(void* context, int64_t begin, int64_t end);
  void (*run)(int64_t count, Body body, void* context);
  int threads = 1;

  template <typename F>  // f(index) for every index in [0, count)
  void each(int64_t count, F&& f) const {
    const Body body = [](void* context, int64_t begin, int64_t end) {
      F& function = *static_cast<std::remove_reference_t<F>*>(context);
      for (int64_t index = begin; index < end; ++index) function(index);
    };
    run(count, body, &f);
  }
};

// The caller's thread alone: for work that is smaller than waking another thread, or is a piece.
inline Executor inline_executor() {
  return {[](int64_t count, Executor::Body body, void* context) { body(context, 0, count); }, 1};
}

}  // namespace ganymede::ops
