#include "ganymede/core/cgroup.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace ganymede {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kUnlimited = int64_t{1} << 60;  // v1 writes "no limit" as a huge number

// A line of /proc/self/cgroup: "4:cpu,cpuacct:/a/b"; no controllers for v2 ("0::/a/b").
struct Membership {
  std::vector<std::string> controllers;
  std::string path;
};

std::vector<Membership> read_membership(const fs::path& file) {
  std::vector<Membership> groups;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first == line.npos ? first : first + 1);
    if (second == line.npos) continue;
    Membership group;
    std::istringstream names(line.substr(first + 1, second - first - 1));
    for (std::string name; std::getline(names, name, ',');) group.controllers.push_back(name);
    group.path = line.substr(second + 1);
    groups.push_back(std::move(group));
  }
  return groups;
}

// First words of a file; numbers that are missing or "max" stay empty.
std::vector<std::optional<int64_t>> read_numbers(const fs::path& file) {
  std::vector<std::optional<int64_t>> numbers;
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    char* end = nullptr;
    const long long value = std::strtoll(word.c_str(), &end, 10);
    numbers.push_back(*end == '\0' ? std::optional<int64_t>(value) : std::nullopt);
  }
  return numbers;
}

std::optional<int64_t> read_number(const fs::path& file) {
  const auto numbers = read_numbers(file);
  return numbers.empty() ? std::nullopt : numbers.front();
}

void tighten_cpus(CgroupLimits& limits, std::optional<int64_t> quota,
                  std::optional<int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return;
  const double cpus = static_cast<double>(*quota) / static_cast<double>(*period);
  limits.cpus = limits.cpus > 0 ? std::min(limits.cpus, cpus) : cpus;
}

void tighten_memory(CgroupLimits& limits, std::optional<int64_t> bytes) {
  if (!bytes || *bytes <= 0 || *bytes >= kUnlimited) return;
  limits.memory_bytes = limits.memory_bytes > 0 ? std::min(limits.memory_bytes, *bytes) : *bytes;
}

void read_folder(CgroupLimits& limits, const fs::path& folder) {
  const auto v2 = read_numbers(folder / "cpu.max");
  if (v2.size() >= 2) tighten_cpus(limits, v2[0], v2[1]);
  tighten_memory(limits, read_number(folder / "memory.max"));
  tighten_cpus(limits, read_number(folder / "cpu.cfs_quota_us"),
               read_number(folder / "cpu.cfs_period_us"));
  tighten_memory(limits, read_number(folder / "memory.limit_in_bytes"));
}

// A limit of any ancestor binds. Inside a container the listed path may not exist below the
// mount; its root then is this process's group.
void read_chain(CgroupLimits& limits, const fs::path& mount, const std::string& path) {
  fs::path relative = fs::path(path).relative_path();
  while (!relative.empty()) {
    read_folder(limits, mount / relative);
    relative = relative.parent_path();
  }
  read_folder(limits, mount);
}

}  // namespace

CgroupLimits read_cgroup_limits(const fs::path& root, const fs::path& membership) {
  CgroupLimits limits;
  for (const Membership& group : read_membership(membership)) {
    if (group.controllers.empty()) {
      read_chain(limits, root, group.path);
      read_chain(limits, root / "unified", group.path);
    }
    std::string together;
    for (const std::string& name : group.controllers) {
      if (name == "cpu" || name == "memory") read_chain(limits, root / name, group.path);
      together += (together.empty() ? "" : ",") + name;
    }
    if (group.controllers.size() > 1) read_chain(limits, root / together, group.path);
  }
  return limits;
}

}  // namespace ganymede
