#include "ganymede/core/token_spec.h"

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"

namespace ganymede {

TokenSpec token_spec_of(const SampleSpec& spec) {
  if (spec.domain != "text" || spec.shape.size() != 1) {
    throw UsageError({.where = "samples",
                      .found = "the domain " + spec.domain,
                      .allowed = "lines of text",
                      .remedy = "--set data.domain=text"});
  }
  const auto json = nlohmann::json::parse(spec.domain_state, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("vocabulary") ||
      !json["vocabulary"].is_number_integer() || json["vocabulary"] <= kFirstToken ||
      !json.value("ends", nlohmann::json(true)).is_boolean()) {
    throw ModelError({.where = "spec.domain_state",
                      .found = "no vocabulary",
                      .allowed = "the state of the domain text"});
  }
  return {
      .length = spec.shape[0], .vocabulary = json["vocabulary"], .ends = json.value("ends", true)};
}

}  // namespace ganymede
