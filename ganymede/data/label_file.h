// dataset.json of StyleGAN data sets: {"labels": [["00000/img00000000.png", 6], ...]}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ganymede::data {

struct LabelFile {
  std::vector<int64_t> labels;           // empty when the file says null or has none
  int64_t classes = 0;                   // "classes" and "class_names" are there when our own
  std::vector<std::string> class_names;  // writer made the file
};

// Labels of `names` in their order. A label is a number or a one-hot list. Throws DataError naming
// `where` for damaged JSON, pictures without a label, and lists that are no class.
LabelFile parse_label_file(std::string_view json, const std::vector<std::string>& names,
                           const std::string& where);

// The text of such a file; null labels when `content` has none.
std::string format_label_file(const std::vector<std::string>& names, const LabelFile& content);

}  // namespace ganymede::data
