#include "ganymede/data/find.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/dataset.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> data_roots() {
  std::vector<fs::path> roots;
  if (const char* value = std::getenv("GANYMEDE_DATA")) {
    std::istringstream parts{std::string(value)};
    for (std::string part; std::getline(parts, part, ':');)
      if (!part.empty()) roots.emplace_back(part);
  }
  roots.emplace_back("data");
  return roots;
}

std::vector<std::string> spellings(const std::string& name) {
  std::vector<std::string> result = {name, name, name};
  std::replace(result[1].begin(), result[1].end(), '-', '_');
  std::replace(result[2].begin(), result[2].end(), '_', '-');
  return result;
}

void add_names(const fs::path& folder, std::vector<std::string>& names) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
}

// A path with a folder in it: only its own spelling counts.
[[noreturn]] void refuse_path(const fs::path& path) {
  fs::path parent = path.parent_path();
  while (!parent.empty() && !fs::exists(parent) && parent != parent.parent_path())
    parent = parent.parent_path();
  std::vector<std::string> names;
  add_names(parent.empty() ? "." : parent, names);
  std::string remedy = "check the spelling";
  if (fs::exists(path.parent_path())) {
    if (const auto near = did_you_mean(path.filename().string(), names))
      remedy = (path.parent_path() / *near).string();
  } else {
    remedy = parent.string() + " is the last folder of this path that exists";
  }
  throw DataError({path.string(), "no such file or folder", "", remedy});
}

[[noreturn]] void refuse_name(const std::string& name, const std::vector<fs::path>& roots) {
  std::vector<std::string> builtin, known, places = {"./" + name};
  for (const auto& entry : builtin_datasets()) builtin.push_back(entry.first);
  known = builtin;
  for (const fs::path& root : roots) {
    add_names(root, known);
    places.push_back((root / name).string());
  }
  const auto near = did_you_mean(name, known);
  std::string remedy = near ? "--data " + *near : "";
  if (!remedy.empty()) remedy += ", or ";
  remedy += "a path, or GANYMEDE_DATA=<folder of data sets>";
  throw DataError({"--data " + name, "no data set of this name; looked for " + join(places),
                   "a file, a folder, or built in: " + join(builtin), remedy});
}

}  // namespace

fs::path find_data(const std::string& name) {
  if (name.empty()) {
    std::vector<std::string> builtin;
    for (const auto& entry : builtin_datasets()) builtin.push_back(entry.first);
    throw UsageError({"data.path", "no data set is named",
                      "a file, a folder, or built in: " + join(builtin), "--data PATH"});
  }
  std::error_code error;
  if (fs::exists(name, error)) return name;
  if (name.find('/') != std::string::npos) refuse_path(name);
  const std::vector<fs::path> roots = data_roots();
  for (const fs::path& root : roots) {
    for (const std::string& spelling : spellings(name)) {
      for (const char* extension : {"", ".zip", ".tar", ".npz", ".npy", ".csv", ".tsv"}) {
        const fs::path candidate = root / (spelling + extension);
        if (fs::exists(candidate, error)) return candidate;
      }
    }
  }
  refuse_name(name, roots);
}

}  // namespace ganymede::data
