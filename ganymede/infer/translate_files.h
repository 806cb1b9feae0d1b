// Many picture files translated one after another: names, refusals, what went wrong.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::infer {

struct TranslateFile {
  std::filesystem::path in, out;
};

// What to write where. `names` are the pictures of the folder `in`, relative; each keeps its name
// below the folder `out`, in its own format where that can be written without a palette (PNG, JPEG,
// WebP), else as PNG; `format` ("png", "jpg", "webp") is for all of them unless it is empty.
std::vector<TranslateFile> files_of_folder(const std::filesystem::path& in,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& out,
                                           const std::string& format);
// One picture: `out` is a file where its name has the extension of a picture, else a folder. Throws
// UsageError for other extensions.
TranslateFile single_file(const std::filesystem::path& in, const std::filesystem::path& out,
                          const std::string& format);

struct TranslateOutcome {
  TranslateFile file;
  std::string problem;  // empty: written
};

struct FileFunctions {
  std::function<media::Image(const std::filesystem::path&)> read;
  std::function<media::Image(const media::Image&)> translate;
  // Told each outcome at once.
  std::function<void(const TranslateOutcome&)> report;
};

struct FileOptions {
  bool force = false;  // existing files may be replaced
  bool strip = false;  // beside each result "<name>-strip.png": before and after
};

// Does what it can: a file that cannot be read, translated or written, or whose result is there
// already, becomes a problem and the rest goes on. Nothing is written in part.
std::vector<TranslateOutcome> translate_files(const std::vector<TranslateFile>& files,
                                              const FileFunctions& functions,
                                              const FileOptions& options);

// Before and after side by side under these words, `before` enlarged (bicubic) to the size of
// `after`.
media::Image before_after(const media::Image& before, const media::Image& after);

}  // namespace ganymede::infer
