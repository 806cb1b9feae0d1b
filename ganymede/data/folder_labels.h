// Splits and classes from the folders that pictures lie in, the same for folders and archives.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ganymede::data {

// "train", "test" or "val" for the folders train, training, test, testing, val, valid and
// validation; empty for others.
std::string split_of(std::string_view folder);

// Which of the splits present (with counts) answer the request "train", "test" or "all": "test" may
// be answered by val, "train" by the only one there is. Throws DataError naming `where`.
std::vector<std::string> wanted_splits(const std::map<std::string, int64_t>& present,
                                       const std::string& split, const std::string& where);

struct FolderLabels {
  std::vector<size_t> selected;      // positions in the list given, in its order
  std::vector<int64_t> labels;       // one per selected picture; empty without classes
  std::vector<std::string> classes;  // names, sorted; over all splits, so that numbers agree
  std::vector<std::pair<std::string, int64_t>> splits;  // counts, where there are split folders
};

// `paths` are relative, with '/'. Folders common to all are passed over. Then, when every picture
// lies below train/ (training/) or test/ (testing/, val/, valid/, validation/), these are the
// splits: "test" takes the test folders, or the validation folders where there are none; a single
// such folder is taken for everything unless "test" is asked of a train folder. Then, when every
// picture lies in exactly one further folder, folder names are the classes. Throws DataError for a
// split that is not there.
FolderLabels label_by_folder(const std::vector<std::string>& paths, const std::string& split,
                             const std::string& where);

}  // namespace ganymede::data
