#include "ganymede/metrics/score.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

using nlohmann::json;

// Parts of a settings object that do not change figures: names of data whose content is compared
// by fingerprint.
constexpr const char* kOnlyNames[] = {"data", "data_kind", "training"};

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

double number_of(const json& value) { return value.is_null() ? kUnknown : value.get<double>(); }

Better better_of(const std::string& text) {
  for (const Better better : {Better::kLower, Better::kHigher, Better::kNearFloor}) {
    if (better_text(better) == text) return better;
  }
  throw DataError({.where = "better", .found = text, .allowed = "lower, higher, near floor"});
}

json score_json(const Score& score) {
  json repeats = json::array();
  for (const double value : score.repeats) repeats.push_back(number(value));
  json per_class = json::array();
  for (const double value : score.per_class) per_class.push_back(number(value));
  return {{"metric", score.metric},
          {"name", score.name},
          {"better", better_text(score.better)},
          {"unit", score.unit},
          {"value", number(score.value)},
          {"repeats", repeats},
          {"sd", number(score.sd)},
          {"low", number(score.low)},
          {"high", number(score.high)},
          {"interval", score.interval},
          {"floor", number(score.floor)},
          {"per_class", per_class},
          {"note", score.note},
          {"warning", score.warning}};
}

Score score_of(const json& part) {
  Score score;
  score.metric = part.at("metric");
  score.name = part.at("name");
  score.better = better_of(part.at("better"));
  score.unit = part.at("unit");
  score.value = number_of(part.at("value"));
  for (const json& value : part.at("repeats")) score.repeats.push_back(number_of(value));
  score.sd = number_of(part.at("sd"));
  score.low = number_of(part.at("low"));
  score.high = number_of(part.at("high"));
  score.interval = part.at("interval");
  score.floor = number_of(part.at("floor"));
  for (const json& value : part.value("per_class", json::array()))
    score.per_class.push_back(number_of(value));
  score.note = part.at("note");
  score.warning = part.at("warning");
  return score;
}

json settings_json(const Settings& settings) {
  return {{"data", settings.data},
          {"data_kind", settings.data_kind},
          {"fingerprint", settings.fingerprint},
          {"split", settings.split},
          {"sample", settings.sample},
          {"crop", settings.crop},
          {"real_samples", settings.real_samples},
          {"fake_samples", settings.fake_samples},
          {"floor_samples", settings.floor_samples},
          {"seeds", settings.seeds},
          {"net", settings.net},
          {"net_sha256", settings.net_sha256},
          {"resize", settings.resize},
          {"quantisation", settings.quantisation},
          {"flips", settings.flips},
          {"training", settings.training},
          {"training_fingerprint", settings.training_fingerprint},
          {"training_samples", settings.training_samples}};
}

Settings settings_of(const json& part) {
  Settings settings;
  settings.data = part.at("data");
  settings.data_kind = part.at("data_kind");
  settings.fingerprint = part.at("fingerprint");
  settings.split = part.at("split");
  settings.sample = part.at("sample");
  settings.crop = part.at("crop");
  settings.real_samples = part.at("real_samples");
  settings.fake_samples = part.at("fake_samples");
  settings.floor_samples = part.at("floor_samples");
  settings.seeds = part.at("seeds").get<std::vector<uint64_t>>();
  settings.net = part.at("net");
  settings.net_sha256 = part.at("net_sha256");
  settings.resize = part.at("resize");
  settings.quantisation = part.at("quantisation");
  settings.flips = part.at("flips");
  settings.training = part.at("training");
  settings.training_fingerprint = part.at("training_fingerprint");
  settings.training_samples = part.at("training_samples");
  return settings;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool share_a_score(const Record& a, const Record& b) {
  return std::any_of(a.scores.begin(), a.scores.end(),
                     [&](const Score& score) { return find_score(b, score.name) != nullptr; });
}

std::string names_of(const Record& record) {
  std::string names;
  for (const Score& score : record.scores) names += (names.empty() ? "" : ", ") + score.name;
  return names;
}

}  // namespace

std::string better_text(Better better) {
  if (better == Better::kLower) return "lower";
  return better == Better::kHigher ? "higher" : "near floor";
}

json to_json(const Record& record) {
  json scores = json::array();
  for (const Score& score : record.scores) scores.push_back(score_json(score));
  return {{"subject", record.subject},
          {"subject_kind", record.subject_kind},
          {"checkpoint", record.checkpoint},
          {"kimg", number(record.kimg)},
          {"settings", settings_json(record.settings)},
          {"scores", scores},
          {"class_names", record.class_names},
          {"version", record.version},
          {"time", record.time},
          {"seconds", number(record.seconds)},
          {"warnings", record.warnings}};
}

Record record_from_json(const json& part, const std::string& where) {
  try {
    Record record;
    record.subject = part.at("subject");
    record.subject_kind = part.at("subject_kind");
    record.checkpoint = part.at("checkpoint");
    record.kimg = number_of(part.at("kimg"));
    record.settings = settings_of(part.at("settings"));
    for (const json& score : part.at("scores")) record.scores.push_back(score_of(score));
    record.class_names = part.value("class_names", std::vector<std::string>());
    record.version = part.at("version");
    record.time = part.at("time");
    record.seconds = number_of(part.at("seconds"));
    record.warnings = part.at("warnings").get<std::vector<std::string>>();
    return record;
  } catch (const json::exception& error) {
    throw DataError({.where = where,
                     .found = std::string("no record of an evaluation: ") + error.what(),
                     .remedy = "gan evaluate ... --out record.json writes one"});
  }
}

std::string records_text(const std::vector<Record>& records) {
  constexpr int kIndent = 2;
  if (records.size() == 1) return to_json(records.front()).dump(kIndent) + "\n";
  json list = json::array();
  for (const Record& record : records) list.push_back(to_json(record));
  return json{{"records", list}}.dump(kIndent) + "\n";
}

std::vector<Record> parse_records(const std::string& text, const std::string& where) {
  const json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) throw DataError({.where = where, .found = "text that is no JSON"});
  std::vector<Record> records;
  if (parsed.is_object() && parsed.contains("records") && parsed["records"].is_array()) {
    for (const json& part : parsed["records"]) records.push_back(record_from_json(part, where));
  } else {
    records.push_back(record_from_json(parsed, where));
  }
  return records;
}

std::optional<Difference> not_comparable(const Record& a, const Record& b) {
  const json first = settings_json(a.settings), second = settings_json(b.settings);
  for (const auto& [name, value] : first.items()) {
    const bool only_name =
        std::find(std::begin(kOnlyNames), std::end(kOnlyNames), name) != std::end(kOnlyNames);
    if (!only_name && value != second.at(name))
      return Difference{name, text_of(value), text_of(second.at(name))};
  }
  if (!share_a_score(a, b)) return Difference{"metrics", names_of(a), names_of(b)};
  return std::nullopt;
}

const Score* find_score(const Record& record, const std::string& name) {
  const auto found = std::find_if(record.scores.begin(), record.scores.end(),
                                  [&](const Score& score) { return score.name == name; });
  return found == record.scores.end() ? nullptr : &*found;
}

}  // namespace ganymede::metrics
