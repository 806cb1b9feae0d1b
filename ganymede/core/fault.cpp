#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/system_error.h"

#ifndef GANYMEDE_FAULT_POINTS
#define GANYMEDE_FAULT_POINTS 1
#endif

namespace ganymede {
namespace {

struct FaultPlan {
  std::string name;
  long passage = 1;
  std::string action = "kill";
};

[[noreturn]] void refuse(const std::string& spec) {
  throw UsageError({.where = "GANYMEDE_FAULT",
                    .found = "'" + spec + "'",
                    .allowed = "name:n[:kill|enospc|eio|erofs|eacces]"});
}

FaultPlan parse_plan(const std::string& spec) {
  FaultPlan plan;
  const size_t first = spec.find(':');
  if (first == std::string::npos || first == 0) refuse(spec);
  plan.name = spec.substr(0, first);
  const size_t second = spec.find(':', first + 1);
  char* end = nullptr;
  const std::string number = spec.substr(first + 1, second - first - 1);
  plan.passage = std::strtol(number.c_str(), &end, 10);
  if (number.empty() || *end != '\0' || plan.passage < 1) refuse(spec);
  if (second != std::string::npos) plan.action = spec.substr(second + 1);
  return plan;
}

int errno_of(const std::string& action, const std::string& spec) {
  static const std::map<std::string, int> known = {
      {"enospc", ENOSPC}, {"eio", EIO}, {"erofs", EROFS}, {"eacces", EACCES}};
  const auto found = known.find(action);
  if (found == known.end()) refuse(spec);
  return found->second;
}

// Counts the passages of the planned point; true on the one that has to fail.
bool is_due(const FaultPlan& plan, const std::string& spec) {
  static std::mutex mutex;
  static std::string counted_spec;
  static long passages = 0;
  const std::lock_guard lock(mutex);
  if (counted_spec != spec) {
    counted_spec = spec;
    passages = 0;
  }
  return ++passages == plan.passage;
}

}  // namespace

void fault_point(const char* name, const fs::path& path) {
  if constexpr (GANYMEDE_FAULT_POINTS == 0) return;
  const char* variable = std::getenv("GANYMEDE_FAULT");
  if (variable == nullptr || *variable == '\0') return;
  const std::string spec = variable;
  const FaultPlan plan = parse_plan(spec);
  if (plan.name != name || !is_due(plan, spec)) return;
  if (plan.action == "kill") std::raise(SIGKILL);
  throw_system_error(path, "cannot write", errno_of(plan.action, spec));
}

}  // namespace ganymede
