#include "ganymede/data/video/video_domain.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/video/ffmpeg.h"
#include "ganymede/data/video/frames.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/gif.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/sheet.h"
#include "ganymede/media/webp.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr int kFramesPerSecond = 10;
constexpr int kDelayMs = 1000 / kFramesPerSecond;
constexpr int64_t kLegiblePx = 64;  // smaller frames are shown enlarged
constexpr std::array<const char*, 5> kFilms = {".mp4", ".webm", ".mkv", ".mov", ".avi"};

// uint8 [N, T, H, W, C], C-contiguous.
at::Tensor bytes_of(const at::Tensor& samples) {
  const bool clips = samples.defined() && samples.dim() == 5 && samples.size(0) > 0 &&
                     (samples.size(1) == 1 || samples.size(1) == 3);
  if (!clips) {
    throw UsageError({"clips",
                      samples.defined()
                          ? fmt::format("a tensor of shape {}", fmt::join(samples.sizes(), " x "))
                          : "none",
                      "[N, 1 or 3, T, H, W]"});
  }
  return to_bytes(samples).permute({0, 2, 3, 4, 1}).contiguous();
}

// By clip and time.
std::vector<std::vector<media::Image>> frames_of(const at::Tensor& samples) {
  const at::Tensor bytes = bytes_of(samples);
  const auto height = static_cast<int>(bytes.size(2)), width = static_cast<int>(bytes.size(3));
  const auto channels = static_cast<int>(bytes.size(4));
  const uint8_t* in = bytes.const_data_ptr<uint8_t>();
  std::vector<std::vector<media::Image>> clips(static_cast<size_t>(bytes.size(0)));
  for (auto& clip : clips) {
    for (int64_t t = 0; t < bytes.size(1); ++t) {
      clip.push_back(media::make_image(width, height, channels));
      std::memcpy(clip.back().pixels.data(), in, clip.back().pixels.size());
      in += clip.back().pixels.size();
    }
  }
  return clips;
}

int scale_of(const std::vector<std::vector<media::Image>>& clips) {
  const auto width = static_cast<int64_t>(clips[0][0].width);
  return static_cast<int>(std::max<int64_t>(1, (kLegiblePx + width - 1) / width));
}

// All clips side by side at each time.
std::vector<media::Image> grid_over_time(const std::vector<std::vector<media::Image>>& clips,
                                         const PreviewOptions& options) {
  const int columns =
      options.columns > 0 ? options.columns : media::square_columns(static_cast<int>(clips.size()));
  media::SheetOptions sheet;
  sheet.title = options.title;
  sheet.row_labels = options.row_labels;
  sheet.scale = scale_of(clips);
  std::vector<media::Image> grid;
  for (size_t t = 0; t < clips[0].size(); ++t) {
    std::vector<media::Image> tiles;
    for (const auto& clip : clips) tiles.push_back(clip[t]);
    grid.push_back(media::with_channels(media::contact_sheet(tiles, columns, sheet), 3));
  }
  return grid;
}

std::vector<fs::path> write_strips(const std::vector<media::Image>& strips,
                                   const std::vector<std::string>& names, const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    throw FileError({path.string(), "cannot be made: " + error.message(), "a writable folder"});
  }
  std::vector<fs::path> written;
  for (size_t i = 0; i < strips.size(); ++i) {
    const std::string name = i < names.size() ? names[i] : fmt::format("{:06}", i);
    written.push_back(path / (name + ".png"));
    media::write_image(written.back(), strips[i]);
  }
  return written;
}

void write_arrays(const at::Tensor& samples, const fs::path& path) {
  const at::Tensor bytes = bytes_of(samples);
  const std::string_view view(reinterpret_cast<const char*>(bytes.const_data_ptr<uint8_t>()),
                              static_cast<size_t>(bytes.numel()));
  media::write_npz(path, {{"clips", {media::DType::kU8, bytes.sizes().vec(), view}}});
}

}  // namespace

std::vector<media::Image> VideoDomain::pictures(const at::Tensor& samples) const {
  if (samples.defined() && samples.size(0) == 0) return {};
  std::vector<media::Image> strips;
  for (const auto& clip : frames_of(samples)) strips.push_back(join_strip(clip));
  return strips;
}

media::Image VideoDomain::preview(const at::Tensor& samples, const at::Tensor&,
                                  const PreviewOptions& options) const {
  const auto clips = frames_of(samples);
  std::vector<media::Image> tiles;
  for (const auto& clip : clips) tiles.insert(tiles.end(), clip.begin(), clip.end());
  media::SheetOptions sheet;
  sheet.title = options.title;
  sheet.scale = scale_of(clips);
  if (options.row_labels.size() == clips.size()) sheet.row_labels = options.row_labels;
  return media::contact_sheet(tiles, static_cast<int>(clips[0].size()), sheet);
}

std::vector<fs::path> VideoDomain::write(const at::Tensor& samples,
                                         const std::vector<std::string>& names,
                                         const fs::path& path,
                                         const PreviewOptions& options) const {
  const std::string extension = path.extension().string();
  const bool film = std::ranges::find(kFilms, extension) != kFilms.end();
  if (extension.empty() || fs::is_directory(path)) {
    return write_strips(pictures(samples), names, path);
  }
  if (extension == ".gif" || extension == ".webp") {
    const auto grid = grid_over_time(frames_of(samples), options);
    write_file_atomic(path, extension == ".gif" ? media::encode_gif(grid, kDelayMs)
                                                : media::encode_webp_animation(grid, kDelayMs));
  } else if (film) {
    write_film(path, grid_over_time(frames_of(samples), options), kFramesPerSecond);
  } else if (extension == ".npz") {
    write_arrays(samples, path);
  } else if (media::has_image_extension(path)) {
    media::write_image(path, preview(samples, {}, options));
  } else {
    throw UsageError(
        {path.string(), "the extension " + extension,
         ".gif or .webp (moving), .mp4 (through ffmpeg), .npz, .png, .jpg or a folder"});
  }
  return {path};
}

DataConfig VideoDomain::fitting(DataConfig config, const SampleSpec& spec) const {
  config.domain = "video";
  config.channels = spec.shape.at(0) == 1 ? "grey" : "rgb";
  config.frames = spec.shape.at(1);
  config.size_px = spec.shape.at(2);
  return config;
}

}  // namespace ganymede::data
