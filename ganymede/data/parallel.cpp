#include "ganymede/data/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "ganymede/core/tuning.h"

namespace ganymede::data {
namespace {

struct Shared {
  int64_t count;
  const std::function<void(int64_t)>& work;
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex{};
  int64_t error_index = -1;
  std::exception_ptr error = nullptr;

  void note_error(int64_t index) {
    const std::lock_guard lock(mutex);
    failed = true;
    if (error_index >= 0 && error_index < index) return;
    error_index = index;
    error = std::current_exception();
  }

  // Indices are taken in order, so every index below a failing one has been started and will be
  // finished: the smallest failure is the same for any number of threads.
  void run() {
    while (!failed) {
      const int64_t index = next++;
      if (index >= count) return;
      try {
        work(index);
      } catch (...) {
        note_error(index);
      }
    }
  }
};

}  // namespace

void parallel_for_each(int64_t count, const std::function<void(int64_t)>& work) {
  Shared shared{count, work};
  const int64_t threads = std::min<int64_t>(usable_cpus(), count);
  {
    std::vector<std::jthread> pool;
    for (int64_t i = 1; i < threads; ++i) pool.emplace_back([&shared] { shared.run(); });
    shared.run();
  }
  if (shared.error) std::rethrow_exception(shared.error);
}

}  // namespace ganymede::data
