#include "ganymede/core/tuning.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "ganymede/core/cgroup.h"
#include "ganymede/core/levers.h"
#include "ganymede/core/text.h"

namespace ganymede {
namespace {

constexpr const char* kReexecGuard = "GANYMEDE_REEXEC";
constexpr const char* kSpinCount = "1000";
constexpr int kTopPadBytes = 64 << 20;

int cpus_by_affinity() {
  // A fixed cpu_set_t ends at 1024 CPUs and the call then fails; grow until the kernel is content.
  for (int count = CPU_SETSIZE; count <= CPU_SETSIZE * 64; count *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<size_t>(count));
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(count));
    const bool known = ::sched_getaffinity(0, bytes, set) == 0;
    const int cpus = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return cpus;
  }
  return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

bool user_set_malloc() {
  for (const char* name : {"GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_",
                           "MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

// glibc gives large blocks back to the kernel when they are freed and gets them again, page by
// zeroed page, at the next step. Kept in the heap, they are reused without a page fault.
std::string tune_malloc() {
  if (!is_on(Lever::kMalloc)) return "malloc left as it is";
  if (user_set_malloc()) return "malloc left as the environment sets it";
  const bool kept = ::mallopt(M_MMAP_MAX, 0) != 0 && ::mallopt(M_TRIM_THRESHOLD, -1) != 0 &&
                    ::mallopt(M_TOP_PAD, kTopPadBytes) != 0;
  return kept ? "malloc keeps freed pages for reuse" : "malloc could not be tuned";
}

int64_t status_bytes(const std::string& key) {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;) {
    int64_t kib = 0;
    if (word == key + ":" && in >> kib) return kib * 1024;
  }
  return 0;
}

}  // namespace

int usable_cpus() {
  const double quota = read_cgroup_limits().cpus;
  int cpus = cpus_by_affinity();
  if (quota > 0) cpus = std::min(cpus, static_cast<int>(std::ceil(quota)));
  return std::max(1, cpus);
}

int64_t usable_memory_bytes() {
  const int64_t physical = int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
  const int64_t limit = read_cgroup_limits().memory_bytes;
  return limit > 0 ? std::min(physical, limit) : physical;
}

int64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  int64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

int64_t peak_resident_bytes() { return status_bytes("VmHWM"); }

int64_t data_bytes() { return status_bytes("VmData"); }

int64_t minor_page_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

TuningReport tune_process(int threads) {
  TuningReport report;
  report.threads = threads > 0 ? threads : usable_cpus();
  report.notes.push_back(tune_malloc());
  at::set_num_threads(report.threads);
  report.notes.push_back(fmt::format("{} of {} usable CPUs", report.threads, usable_cpus()));
  if (at::globalContext().setFlushDenormal(true)) report.notes.push_back("denormals flushed to 0");
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) report.notes.push_back(fmt::format("{}={}", name, value));
  }
  return report;
}

bool reexec_with_wait_policy(char** argv) {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", kReexecGuard}) {
    if (std::getenv(name) != nullptr) return false;
  }
  if (::setenv(kReexecGuard, "1", 1) != 0 || ::setenv("GOMP_SPINCOUNT", kSpinCount, 1) != 0) {
    return false;
  }
  ::execv("/proc/self/exe", argv);
  // Still here, so the old program goes on as it was.
  ::unsetenv("GOMP_SPINCOUNT");
  ::unsetenv(kReexecGuard);
  return false;
}

}  // namespace ganymede
