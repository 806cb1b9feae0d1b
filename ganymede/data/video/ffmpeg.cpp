#include "ganymede/data/video/ffmpeg.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/png.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostWords = 600;  // of what ffmpeg says when it fails

// A folder that is removed with the object.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "ganymede-film-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw FileError({pattern, std::strerror(errno), "a writable folder for temporary files"});
    }
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Runs a program without a shell, its words going to `log`; its exit status, or nothing when there
// is no such program.
int run(const std::vector<std::string>& words, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int failure =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    throw UsageError({.where = words.back(),
                      .found = "no program ffmpeg that could write it (" +
                               std::string(std::strerror(failure)) + ")",
                      .allowed = ".gif, .webp, .png or .npz without it",
                      .remedy = "install ffmpeg, or name a .gif"});
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

void write_film(const fs::path& path, const std::vector<media::Image>& frames, int per_second) {
  if (frames.empty()) throw UsageError({.where = path.string(), .found = "no frames"});
  const Scratch scratch;
  for (size_t i = 0; i < frames.size(); ++i) {
    write_file_atomic(scratch.path() / fmt::format("{:06}.png", i), media::encode_png(frames[i]));
  }
  // ffmpeg chooses the container by the extension, so that comes last here too.
  const fs::path target = fs::absolute(path);
  const fs::path made = scratch.path() / ("film" + target.extension().string());
  const fs::path log = scratch.path() / "log";
  const int status =
      run({"ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-framerate",
           std::to_string(per_second), "-i", (scratch.path() / "%06d.png").string(), "-vf",
           "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", made.string()},
          log);
  if (status != 0 || !fs::exists(made)) {
    const std::string words = fs::exists(log) ? read_file(log) : std::string();
    throw FileError({.where = path.string(),
                     .found = fmt::format("ffmpeg failed (status {}): {}", status,
                                          words.substr(0, kMostWords))});
  }
  write_file_atomic(path, read_file(made));
}

}  // namespace ganymede::data
