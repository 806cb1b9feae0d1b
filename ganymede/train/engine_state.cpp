#include "ganymede/train/engine_state.h"

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/ops/conv_choice.h"
#include "ganymede/ops/winograd/engine.h"

namespace ganymede::train {
namespace {

std::string name_of(ops::ConvMode mode) {
  for (const auto& [name, value] : enum_names(mode)) {
    if (value == mode) return name;
  }
  return {};
}

}  // namespace

nlohmann::json engine_state() {
  return {{"conv", name_of(ops::conv_mode())},
          {"vectors", ops::winograd::vector_target()},
          {"choices", ops::conv_choices()}};
}

void resume_engine(const nlohmann::json& found, const std::string& where) {
  if (found.is_null()) return;
  try {
    const nlohmann::json now = engine_state();
    for (const char* part : {"conv", "vectors"}) {
      const std::string before = found.at(part);
      const std::string present = now.at(part);
      if (before == present) continue;
      log_warning(
          "[{}] engine: {} was {}, is {} now; the last bits may differ from an unbroken run", where,
          part, before, present);
    }
    ops::load_conv_choices(found.at("choices").get<std::string>());
  } catch (const nlohmann::json::exception& error) {
    throw ModelError({.where = where, .found = std::string("the engine state: ") + error.what()});
  } catch (const UsageError& error) {
    throw ModelError({.where = where, .found = std::string("the engine state: ") + error.what()});
  }
}

}  // namespace ganymede::train
