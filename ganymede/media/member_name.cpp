#include "ganymede/media/member_name.h"

#include <algorithm>

namespace ganymede::media {

std::optional<std::string> member_name_problem(std::string_view name) {
  constexpr size_t kLimit = 4096;
  if (name.empty()) return "is empty";
  if (name.size() > kLimit) return "is " + std::to_string(name.size()) + " bytes long";
  if (name.front() == '/') return "is an absolute path";
  if (name.size() > 1 && name[1] == ':') return "has a drive letter";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "has a control character";
    if (c == '\\') return "has a backslash";
  }
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    if (name.substr(begin, end - begin) == "..") return "leads out of the archive (\"..\")";
    begin = end + 1;
  }
  return std::nullopt;
}

std::string member_place(std::string_view archive, std::string_view name) {
  constexpr size_t kShown = 120;
  std::string text = std::string(archive) + ": member \"";
  for (const char c : name.substr(0, kShown)) {
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return text + (name.size() > kShown ? "...\"" : "\"");
}

}  // namespace ganymede::media
