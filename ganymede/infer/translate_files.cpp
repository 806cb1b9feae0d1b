#include "ganymede/infer/translate_files.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/resize.h"
#include "ganymede/media/sheet.h"

namespace ganymede::infer {
namespace {

namespace fs = std::filesystem;

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool keeps_colours(const std::string& extension) {
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg" || extension == ".webp";
}

fs::path in_format(fs::path path, const std::string& format) {
  if (!format.empty()) return path.replace_extension(format);
  return keeps_colours(lower_extension(path)) ? path : path.replace_extension("png");
}

void make_folder(const fs::path& folder) {
  if (folder.empty()) return;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError({.where = folder.string(),
                     .found = "cannot be made: " + error.message(),
                     .allowed = "a writable folder"});
  }
}

void write(const fs::path& path, const media::Image& image) {
  const std::string extension = lower_extension(path);
  const bool opaque = image.has_alpha() && (extension == ".jpg" || extension == ".jpeg");
  media::write_image(path, opaque ? media::with_channels(image, image.channels - 1) : image);
}

fs::path strip_path(const fs::path& out) {
  return out.parent_path() / (out.stem().string() + "-strip.png");
}

void refuse_existing(const fs::path& path, const FileOptions& options) {
  if (options.force || !fs::exists(fs::symlink_status(path))) return;
  throw UsageError({.where = path.string(),
                    .found = "is there already",
                    .allowed = "a new file",
                    .remedy = "--force replaces it"});
}

void translate_one(const TranslateFile& file, const FileFunctions& functions,
                   const FileOptions& options) {
  refuse_existing(file.out, options);
  if (options.strip) refuse_existing(strip_path(file.out), options);
  const media::Image before = functions.read(file.in);
  const media::Image after = functions.translate(before);
  make_folder(file.out.parent_path());
  write(file.out, after);
  if (options.strip) media::write_image(strip_path(file.out), before_after(before, after));
}

}  // namespace

std::vector<TranslateFile> files_of_folder(const fs::path& in,
                                           const std::vector<std::string>& names,
                                           const fs::path& out, const std::string& format) {
  std::vector<TranslateFile> files;
  for (const std::string& name : names) files.push_back({in / name, in_format(out / name, format)});
  return files;
}

TranslateFile single_file(const fs::path& in, const fs::path& out, const std::string& format) {
  const std::string extension = lower_extension(out);
  if (keeps_colours(extension) && !fs::is_directory(out)) return {in, out};
  if (extension.empty() || fs::is_directory(out))
    return {in, in_format(out / in.filename(), format)};
  throw UsageError({.where = out.string(),
                    .found = "the extension " + extension,
                    .allowed = ".png, .jpg, .webp, or a folder"});
}

media::Image before_after(const media::Image& before, const media::Image& after) {
  const bool same = before.width == after.width && before.height == after.height;
  media::SheetOptions sheet;
  sheet.column_titles = {"before", "after"};
  return media::contact_sheet(
      {same ? before : media::resize(before, after.width, after.height, media::Filter::kBicubic),
       after},
      2, sheet);
}

std::vector<TranslateOutcome> translate_files(const std::vector<TranslateFile>& files,
                                              const FileFunctions& functions,
                                              const FileOptions& options) {
  std::vector<TranslateOutcome> outcomes;
  std::set<fs::path> written;
  for (const TranslateFile& file : files) {
    TranslateOutcome outcome{file, {}};
    if (!written.insert(file.out.lexically_normal()).second) {
      outcome.problem = "another picture is written to " + file.out.string();
    } else {
      try {
        translate_one(file, functions, options);
      } catch (const std::exception& error) {  // of the tensor engine too: out of memory
        const std::string text = error.what();
        outcome.problem = text.substr(0, text.find('\n'));
      }
    }
    if (functions.report) functions.report(outcome);
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace ganymede::infer
