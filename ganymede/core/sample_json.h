// A sample's specification in checkpoints and model folders.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ganymede/core/sample.h"

namespace ganymede {

// {"domain", "shape", "classes"} and, where there are any, "spans" and "domain_state".
nlohmann::json to_json(const SampleSpec& spec);

// Throws nlohmann::json::exception for JSON of another form; ModelError for spans that do not cover
// the shape.
SampleSpec sample_spec_from_json(const nlohmann::json& json);

}  // namespace ganymede
