#include "ganymede/serve/scratch.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "ganymede/core/files.h"
#include "ganymede/core/system_error.h"

namespace ganymede::serve {
namespace {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (fs::temp_directory_path() / "ganymede-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw_system_error(pattern, "cannot make a temporary folder", errno);
    }
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

std::string file_bytes(const std::string& name, const std::function<void(const fs::path&)>& write) {
  const ScratchFolder folder;
  write(folder.path() / name);
  return read_file(folder.path() / name);
}

}  // namespace ganymede::serve
