#include "ganymede/core/levers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "ganymede/core/error.h"

namespace ganymede {
namespace {

std::atomic<uint32_t> off = 0;

uint32_t bit(Lever lever) { return uint32_t{1} << static_cast<uint32_t>(lever); }

}  // namespace

const std::vector<const char*>& lever_names() {
  static const std::vector<const char*> names = {
      "malloc",      "frozen", "fused_adam", "products",   "whole_products", "tiles",
      "large_tiles", "thin",   "layouts",    "fused_norm", "kept_weights"};
  return names;
}

bool is_on(Lever lever) { return (off.load(std::memory_order_relaxed) & bit(lever)) == 0; }

void turn_off(std::string_view name) {
  const auto& names = lever_names();
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    throw UsageError({.where = "lever",
                      .found = "\"" + std::string(name) + "\"",
                      .allowed = fmt::format("{}", fmt::join(names, ", "))});
  }
  off |= bit(static_cast<Lever>(found - names.begin()));
}

void turn_all_on() { off = 0; }

}  // namespace ganymede
