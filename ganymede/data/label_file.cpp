#include "ganymede/data/label_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& where, const std::string& found) {
  throw DataError({where, found,
                   "\"labels\": [[name, class], ...] with a class number or a one-hot "
                   "list for every picture",
                   "--set data.labels=false"});
}

int64_t class_of(const json& label, const std::string& name, const std::string& where) {
  if (label.is_number_integer()) return label.get<int64_t>();
  if (!label.is_array()) refuse(where, "the label of " + name + " is " + label.dump());
  int64_t found = -1;
  for (size_t i = 0; i < label.size(); ++i) {
    if (!label[i].is_number()) refuse(where, "the label of " + name + " is " + label.dump());
    const double value = label[i].get<double>();
    if (value == 0.0) continue;
    if (value != 1.0 || found >= 0)
      refuse(where, "the label of " + name + " is a list that is not one-hot");
    found = static_cast<int64_t>(i);
  }
  if (found < 0) refuse(where, "the label of " + name + " is a list without a 1");
  return found;
}

std::unordered_map<std::string, int64_t> classes_by_name(const json& labels,
                                                         const std::string& where) {
  std::unordered_map<std::string, int64_t> classes;
  for (const json& entry : labels) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string())
      refuse(where, "the entry " + entry.dump().substr(0, 80));
    std::string name = entry[0].get<std::string>();
    std::replace(name.begin(), name.end(), '\\', '/');
    const int64_t label = class_of(entry[1], name, where);
    classes.emplace(std::move(name), label);
  }
  return classes;
}

}  // namespace

LabelFile parse_label_file(std::string_view text, const std::vector<std::string>& names,
                           const std::string& where) {
  const json file = json::parse(text, nullptr, false);
  if (file.is_discarded() || !file.is_object()) refuse(where, "damaged JSON");
  LabelFile result;
  if (!file.contains("labels") || file["labels"].is_null()) return result;
  if (!file["labels"].is_array()) refuse(where, "\"labels\" that are no list");
  const auto classes = classes_by_name(file["labels"], where);
  for (const std::string& name : names) {
    const auto found = classes.find(name);
    if (found == classes.end()) refuse(where, "no label for " + name);
    result.labels.push_back(found->second);
  }
  if (file.contains("classes") && file["classes"].is_number_integer())
    result.classes = std::clamp<int64_t>(file["classes"].get<int64_t>(), 0, 65536);
  const json class_names = file.value("class_names", json::array());
  if (class_names.is_array()) {
    for (const json& name : class_names)
      if (name.is_string()) result.class_names.push_back(name.get<std::string>());
  }
  return result;
}

std::string format_label_file(const std::vector<std::string>& names, const LabelFile& content) {
  json file = {{"labels", nullptr}};
  if (!content.labels.empty()) {
    json list = json::array();
    for (size_t i = 0; i < names.size(); ++i)
      list.push_back(json::array({names[i], content.labels[i]}));
    file["labels"] = std::move(list);
    file["classes"] = content.classes;
    if (!content.class_names.empty()) file["class_names"] = content.class_names;
  }
  return file.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ganymede::data
