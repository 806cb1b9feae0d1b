// Folders in the making, and what is left of them after a crash.
#pragma once

#include <filesystem>

namespace ganymede::media {

// A new ".tmp-..." folder beside `target`, locked while this object lives so that
// remove_stale_temporaries() knows its writer is alive, and removed with it unless it was renamed.
class TemporaryFolder {
 public:
  // Throws FileError.
  explicit TemporaryFolder(const std::filesystem::path& target);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace ganymede::media
