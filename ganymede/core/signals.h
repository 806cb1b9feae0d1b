// Signals as flags that a loop looks at between steps.
#pragma once

#include <csignal>

namespace ganymede {

// While it lives: the first SIGINT or SIGTERM asks for a stop, a second one ends the process at
// once with exit code 128 + signal; SIGUSR1 asks for samples now. The destructor puts the former
// handlers back. One at a time in a process: a second guard throws UsageError.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const { return signal() != 0; }
  int signal() const;          // the signal that asked for the stop, or 0
  bool take_sample_request();  // true once for every batch of SIGUSR1 since the last call

 private:
  struct sigaction old_int_{};
  struct sigaction old_term_{};
  struct sigaction old_usr1_{};
};

}  // namespace ganymede
