// The number of LibTorch's threads for the length of a test.
#pragma once

#include <ATen/Parallel.h>

namespace ganymede::metrics::testing {

class Threads {
 public:
  Threads() : before_(at::get_num_threads()) {}
  ~Threads() { at::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  static void use(int count) { at::set_num_threads(count); }

 private:
  int before_;
};

}  // namespace ganymede::metrics::testing
