#include "ganymede/core/signals.h"

#include <unistd.h>

#include <atomic>

#include "ganymede/core/error.h"

namespace ganymede {
namespace {

// Signal handlers may only touch lock-free atomics.
std::atomic<int> g_stop_signal{0};
std::atomic<bool> g_sample_requested{false};
std::atomic<bool> g_guarded{false};
static_assert(std::atomic<int>::is_always_lock_free);

void on_stop(int number) {
  int expected = 0;
  if (!g_stop_signal.compare_exchange_strong(expected, number)) ::_exit(128 + number);
}

void on_sample(int) { g_sample_requested = true; }

void install(int number, void (*handler)(int), struct sigaction* old) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, old);
}

}  // namespace

StopSignal::StopSignal() {
  if (g_guarded.exchange(true)) {
    throw UsageError({.where = "signals",
                      .found = "a second training in this process wants the signals",
                      .remedy = "run one at a time, or one process for each"});
  }
  g_stop_signal = 0;
  g_sample_requested = false;
  install(SIGINT, on_stop, &old_int_);
  install(SIGTERM, on_stop, &old_term_);
  install(SIGUSR1, on_sample, &old_usr1_);
}

StopSignal::~StopSignal() {
  ::sigaction(SIGINT, &old_int_, nullptr);
  ::sigaction(SIGTERM, &old_term_, nullptr);
  ::sigaction(SIGUSR1, &old_usr1_, nullptr);
  g_guarded = false;
}

int StopSignal::signal() const { return g_stop_signal; }

bool StopSignal::take_sample_request() { return g_sample_requested.exchange(false); }

}  // namespace ganymede
