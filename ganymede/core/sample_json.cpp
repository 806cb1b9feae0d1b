#include "ganymede/core/sample_json.h"

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"

namespace ganymede {
namespace {

const char* name_of(Span::Kind kind) {
  switch (kind) {
    case Span::Kind::kScalar:
      return "scalar";
    case Span::Kind::kUnit:
      return "unit";
    case Span::Kind::kOneHot:
      break;
  }
  return "one-hot";
}

Span::Kind kind_of(const std::string& name) {
  for (const auto kind : {Span::Kind::kScalar, Span::Kind::kUnit, Span::Kind::kOneHot}) {
    if (name == name_of(kind)) return kind;
  }
  throw ModelError(
      {.where = "spec.spans", .found = "\"" + name + "\"", .allowed = "scalar, unit, one-hot"});
}

nlohmann::json to_json(const Span& span) {
  nlohmann::json json = {
      {"kind", name_of(span.kind)}, {"width", span.width}, {"column", span.column}};
  if (!span.shares.empty()) json["shares"] = span.shares;
  return json;
}

Span span_from_json(const nlohmann::json& json) {
  Span span;
  span.kind = kind_of(json.at("kind"));
  span.width = json.at("width");
  span.column = json.at("column");
  if (json.contains("shares")) span.shares = json["shares"].get<std::vector<float>>();
  const bool number = span.kind != Span::Kind::kOneHot;
  const auto shares = static_cast<int64_t>(span.shares.size());
  if (span.width < 1 || (number && (span.width > 1 || shares > 0)) ||
      (shares > 0 && shares != span.width)) {
    throw ModelError({.where = "spec.spans", .found = json.dump(), .allowed = "widths that fit"});
  }
  return span;
}

}  // namespace

nlohmann::json to_json(const SampleSpec& spec) {
  nlohmann::json json = {{"domain", spec.domain}, {"shape", spec.shape}, {"classes", spec.classes}};
  for (const Span& span : spec.spans) json["spans"].push_back(to_json(span));
  if (!spec.domain_state.empty()) json["domain_state"] = nlohmann::json::parse(spec.domain_state);
  for (const SampleSpec& given : spec.given) json["given"].push_back(to_json(given));
  return json;
}

SampleSpec sample_spec_from_json(const nlohmann::json& json) {
  SampleSpec spec{.domain = json.at("domain"),
                  .shape = json.at("shape").get<std::vector<int64_t>>(),
                  .classes = json.at("classes")};
  int64_t width = 0;
  for (const auto& span : json.value("spans", nlohmann::json::array())) {
    spec.spans.push_back(span_from_json(span));
    width += spec.spans.back().width;
  }
  if (json.contains("domain_state")) spec.domain_state = json["domain_state"].dump();
  if (!spec.spans.empty() && (spec.shape.size() != 1 || spec.shape[0] != width)) {
    throw ModelError({.where = "spec.spans",
                      .found = std::to_string(width) + " numbers",
                      .allowed = "the length of a row"});
  }
  const auto given = json.value("given", nlohmann::json::array());
  if (given.size() > 1) {
    throw ModelError({.where = "spec.given",
                      .found = std::to_string(given.size()) + " entries",
                      .allowed = "one or none"});
  }
  for (const auto& entry : given) spec.given.push_back(sample_spec_from_json(entry));
  return spec;
}

}  // namespace ganymede
