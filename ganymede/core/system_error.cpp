#include "ganymede/core/system_error.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "ganymede/core/error.h"

namespace ganymede {
namespace {

struct Explanation {
  std::string meaning;
  std::string remedy;
};

Explanation explain(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return {"no space left on the device",
              "free some space (df -h shows how much) or choose another folder"};
    case EDQUOT:
      return {"the disk quota is used up", "free some space or choose another folder"};
    case EROFS:
      return {"the file system is read-only", "choose a folder that can be written"};
    case EACCES:
    case EPERM:
      return {"permission denied", "choose another folder or change its owner or rights (ls -l)"};
    case ENOENT:
      return {"no such file or folder", "check the path"};
    case ENOTDIR:
      return {"a part of the path is a file, not a folder", "check the path"};
    case EISDIR:
      return {"it is a folder, not a file", "check the path"};
    case EEXIST:
    case ENOTEMPTY:
      return {"it exists already", "choose another name or remove it"};
    case EIO:
      return {"the device reported an input/output error",
              "check the disk (dmesg) and copy your data elsewhere"};
    case EMFILE:
    case ENFILE:
      return {"too many open files", "raise the limit (ulimit -n)"};
    case ENAMETOOLONG:
      return {"the name is too long", "choose a shorter one"};
    case EFBIG:
      return {"the file grew beyond the allowed size",
              "raise the limit (ulimit -f) or use another file system"};
    default:
      return {std::generic_category().message(error_number), ""};
  }
}

}  // namespace

void throw_system_error(const std::filesystem::path& path, std::string_view what,
                        int error_number) {
  Explanation why = explain(error_number);
  throw FileError({.where = path.string(),
                   .found = std::string(what) + ": " + why.meaning,
                   .remedy = std::move(why.remedy)});
}

}  // namespace ganymede
