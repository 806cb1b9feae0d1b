// Answers that the processes of a machine share through a file, where the first one stands: what
// was measured once is not measured again, and all processes go by the same.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace ganymede {

// $XDG_CACHE_HOME/ganymede/<name>, else $HOME/.cache/ganymede/<name>; empty where neither is an
// absolute path (XDG base directory specification).
std::filesystem::path cache_folder(const std::string& name);

class AnswerFile {
 public:
  // An empty path keeps nothing.
  explicit AnswerFile(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }

  // What the file says to `question`; else what `find` says, which is added to it. Both are single
  // lines without tabs. Other processes that ask wait for `find`. A file that cannot be read or
  // written is no error: `find` is asked, and its answer is not kept.
  std::string ask(const std::string& question, const std::function<std::string()>& find) const;

 private:
  std::filesystem::path path_;
};

}  // namespace ganymede
