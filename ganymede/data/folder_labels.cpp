#include "ganymede/data/folder_labels.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "ganymede/data/pictures.h"

namespace ganymede::data {
namespace {

// First folder of a path from `offset`; empty when only the file name is left.
std::string_view first_folder(std::string_view path, size_t offset) {
  const size_t slash = path.find('/', offset);
  return slash == std::string_view::npos ? std::string_view{} : path.substr(offset, slash - offset);
}

bool all_in_splits(const std::vector<std::string>& paths, size_t offset) {
  return std::all_of(paths.begin(), paths.end(), [offset](const std::string& path) {
    return !split_of(first_folder(path, offset)).empty();
  });
}

// Length of the folders that all paths share, split folders excepted.
size_t common_prefix(const std::vector<std::string>& paths, size_t offset) {
  for (;;) {
    const std::string_view first = first_folder(paths.front(), offset);
    if (first.empty() || !split_of(first).empty()) return offset;
    for (const std::string& path : paths)
      if (first_folder(path, offset) != first) return offset;
    offset += first.size() + 1;
  }
}

void set_classes(const std::vector<std::string>& paths, const std::vector<size_t>& offsets,
                 FolderLabels& result) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string_view folder = first_folder(paths[i], offsets[i]);
    if (folder.empty() || !first_folder(paths[i], offsets[i] + folder.size() + 1).empty()) return;
    names.insert(folder);
  }
  if (names.size() < 2) return;
  result.classes.assign(names.begin(), names.end());
  for (const size_t i : result.selected) {
    const std::string_view folder = first_folder(paths[i], offsets[i]);
    const auto place = std::lower_bound(result.classes.begin(), result.classes.end(), folder);
    result.labels.push_back(place - result.classes.begin());
  }
}

}  // namespace

std::string split_of(std::string_view folder) {
  static const std::map<std::string_view, std::string> words = {
      {"train", "train"}, {"training", "train"}, {"test", "test"},     {"testing", "test"},
      {"val", "val"},     {"valid", "val"},      {"validation", "val"}};
  const auto found = words.find(folder);
  return found == words.end() ? std::string() : found->second;
}

std::vector<std::string> wanted_splits(const std::map<std::string, int64_t>& present,
                                       const std::string& split, const std::string& where) {
  std::vector<std::string> names;
  for (const auto& entry : present) names.push_back(entry.first);
  if (split == "all") return names;
  if (split == "test" && !present.contains("test") && present.contains("val")) return {"val"};
  if (present.contains(split)) return {split};
  if (present.size() == 1 && split == "train") return names;
  refuse_split(where, split, names);
}

FolderLabels label_by_folder(const std::vector<std::string>& paths, const std::string& split,
                             const std::string& where) {
  FolderLabels result;
  if (paths.empty()) return result;
  const size_t prefix = common_prefix(paths, 0);
  std::vector<size_t> offsets(paths.size(), prefix);
  std::vector<std::string> split_names(paths.size());
  if (all_in_splits(paths, prefix)) {
    std::map<std::string, int64_t> present;
    for (size_t i = 0; i < paths.size(); ++i) {
      const std::string_view folder = first_folder(paths[i], prefix);
      split_names[i] = split_of(folder);
      offsets[i] += folder.size() + 1;
      ++present[split_names[i]];
    }
    const std::vector<std::string> wanted = wanted_splits(present, split, where);
    for (size_t i = 0; i < paths.size(); ++i)
      if (std::count(wanted.begin(), wanted.end(), split_names[i]) > 0)
        result.selected.push_back(i);
    result.splits.assign(present.begin(), present.end());
  } else {
    if (split == "test") refuse_split(where, split, {});
    for (size_t i = 0; i < paths.size(); ++i) result.selected.push_back(i);
  }
  set_classes(paths, offsets, result);
  return result;
}

}  // namespace ganymede::data
