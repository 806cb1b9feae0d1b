// Limits that a control group puts on this process (containers, batch systems).
#pragma once

#include <cstdint>
#include <filesystem>

namespace ganymede {

// 0 where there is no limit.
struct CgroupLimits {
  double cpus = 0;  // quota / period: 1.5 means one and a half CPUs
  int64_t memory_bytes = 0;
};

// The tightest limits on the way from this process's group to the root, of cgroup v2 (also the
// hybrid "unified" mount) and v1. What cannot be read counts as no limit.
// `root` is the mount point, `membership` the file listing this process's groups.
CgroupLimits read_cgroup_limits(const std::filesystem::path& root = "/sys/fs/cgroup",
                                const std::filesystem::path& membership = "/proc/self/cgroup");

}  // namespace ganymede
