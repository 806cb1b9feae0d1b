// What a person or a tool reads about config sections.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ganymede/config/schema.h"

namespace ganymede::config {

// A table: key, type, default, what is allowed, unit and help; one line per field.
std::string help_text(const std::vector<Section>& sections);

// JSON Schema (draft 2020-12) of a recipe with these sections, `parent` included.
nlohmann::json schema_json(const std::vector<Section>& sections,
                           const std::string& title = "recipe");

}  // namespace ganymede::config
