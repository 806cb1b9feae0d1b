// Start-up tuning: threads from affinity and cgroup quota (not from the host's count), memory
// allocation that reuses pages, denormals flushed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ganymede {

// CPUs this process may really use: min(affinity, cgroup v2/v1 quota rounded up), at least 1.
int usable_cpus();

// Bytes of memory this process may use: min(physical, cgroup limit).
int64_t usable_memory_bytes();

// Peak and current resident bytes of this process, and those mapped for data (which RLIMIT_DATA
// bounds; 0 where the system does not say); page faults (minor) so far.
int64_t resident_bytes();
int64_t peak_resident_bytes();
int64_t data_bytes();
int64_t minor_page_faults();

struct TuningReport {
  int threads;
  std::vector<std::string> notes;  // what was set, one phrase each
};

// Sets malloc to keep and reuse pages, LibTorch threads (0: usable_cpus()), flush-denormal mode.
// Call once at start, before the first tensor.
TuningReport tune_process(int threads);

// OpenMP workers that spin between parallel regions take the CPU from each other on a shared
// host: two threads then run 4 to 5 times slower than one, while a short spin loses nothing there
// and little on an idle one. libgomp reads its settings only when it is loaded, so a program has
// to set them and start over. When the user set neither OMP_WAIT_POLICY nor GOMP_SPINCOUNT, sets
// GOMP_SPINCOUNT=1000 and executes /proc/self/exe again with `argv`, once (the variable
// GANYMEDE_REEXEC guards). Returns false when there was nothing to do or it failed; call it first
// in main, before threads exist.
bool reexec_with_wait_policy(char** argv);

}  // namespace ganymede
