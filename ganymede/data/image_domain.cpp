#include "ganymede/data/image_domain.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/meaning.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/resize.h"
#include "ganymede/media/sheet.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPictureBytes = size_t{1} << 30;

void check_samples(const at::Tensor& samples) {
  if (samples.defined() && samples.dim() == 4 && samples.size(0) > 0 &&
      (samples.size(1) == 1 || samples.size(1) == 3)) {
    return;
  }
  throw UsageError({"image samples",
                    samples.defined()
                        ? fmt::format("a tensor of shape {}", fmt::join(samples.sizes(), " x "))
                        : "none",
                    "[N, 1 or 3, height, width]"});
}

// uint8 [N, H, W, C], C-contiguous.
at::Tensor interleaved(const at::Tensor& samples) {
  check_samples(samples);
  return to_bytes(samples).permute({0, 2, 3, 1}).contiguous();
}

void write_arrays(const at::Tensor& samples, const fs::path& path) {
  const at::Tensor bytes = interleaved(samples);
  std::vector<int64_t> shape = bytes.sizes().vec();
  if (shape.back() == 1) shape.pop_back();
  const std::string_view view(reinterpret_cast<const char*>(bytes.data_ptr<uint8_t>()),
                              static_cast<size_t>(bytes.numel()));
  media::write_npz(path, {{"images", {media::DType::kU8, shape, view}}});
}

}  // namespace

int64_t ImageDomain::preview_count(const SampleSpec& spec) const {
  const int64_t side = std::max(spec.shape.at(1), spec.shape.at(2));
  if (side <= 32) return 100;
  if (side <= 64) return 64;
  return side <= 128 ? 36 : 16;
}

media::Image ImageDomain::preview(const at::Tensor& samples, const at::Tensor&,
                                  const PreviewOptions& options) const {
  const std::vector<media::Image> tiles = pictures(samples);
  media::SheetOptions sheet;
  sheet.scale = 0;
  sheet.title = options.title;
  sheet.row_labels = options.row_labels;
  const int columns =
      options.columns > 0 ? options.columns : media::square_columns(static_cast<int>(tiles.size()));
  return media::contact_sheet(tiles, columns, sheet);
}

std::vector<media::Image> ImageDomain::pictures(const at::Tensor& samples) const {
  const at::Tensor bytes = interleaved(samples);
  const auto height = static_cast<int>(bytes.size(1)), width = static_cast<int>(bytes.size(2));
  const auto channels = static_cast<int>(bytes.size(3));
  const uint8_t* in = bytes.data_ptr<uint8_t>();
  std::vector<media::Image> images;
  for (int64_t i = 0; i < bytes.size(0); ++i) {
    media::Image image = media::make_image(width, height, channels);
    std::memcpy(image.pixels.data(), in, image.pixels.size());
    in += image.pixels.size();
    images.push_back(std::move(image));
  }
  return images;
}

std::vector<fs::path> ImageDomain::write(const at::Tensor& samples,
                                         const std::vector<std::string>& names,
                                         const fs::path& path,
                                         const PreviewOptions& options) const {
  const std::string extension = path.extension().string();
  if (extension == ".npz") {
    write_arrays(samples, path);
    return {path};
  }
  if (!extension.empty() && !fs::is_directory(path)) {
    if (!media::has_image_extension(path)) {
      throw UsageError({path.string(), "the extension " + extension,
                        ".png, .webp, .jpg or .gif (all on one sheet), .npz, or a folder"});
    }
    media::write_image(path, preview(samples, {}, options));
    return {path};
  }
  const std::vector<media::Image> images = pictures(samples);
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    throw FileError({path.string(), "cannot be made: " + error.message(), "a writable folder"});
  std::vector<fs::path> written;
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string name = i < names.size() ? names[i] : fmt::format("{:06}", i);
    written.push_back(path / (name + ".png"));
    media::write_image(written.back(), images[i]);
  }
  return written;
}

at::Tensor ImageDomain::parse(const std::string& text, const SampleSpec& spec) const {
  const media::Meaning meaning = media::meaning_of(spec.domain_state);
  const auto height = static_cast<int>(spec.shape.at(1)),
             width = static_cast<int>(spec.shape.at(2));
  media::Image picture =
      decode_picture(read_file(text, kMaxPictureBytes), text, media::Channels::kAsStored);
  picture = meaning == media::Meaning::kLabels ? media::resize_nearest(picture, width, height)
                                               : media::resize(picture, width, height);
  const at::Tensor sample = at::empty({1, spec.shape.at(0), height, width}, at::kFloat);
  media::write_planes(picture, meaning, static_cast<int>(spec.shape.at(0)),
                      sample.data_ptr<float>());
  return sample;
}

DataConfig ImageDomain::fitting(DataConfig config, const SampleSpec& spec) const {
  const bool square = spec.shape.at(1) == spec.shape.at(2);
  if (config.patch_px > 0 && config.size_px == 0) {
    config.patch_px = spec.shape.at(1);  // parts of pictures as they are stored
  } else if (square) {
    config.size_px = spec.shape.at(1);  // the whole picture, where training took parts
    config.patch_px = 0;
  }
  config.channels = spec.shape.at(0) == 1 ? "grey" : "rgb";
  if (spec.takes_given() && !spec.given[0].domain_state.empty()) {  // captions: the same words
    config.domain_state = spec.given[0].domain_state;
    config.max_length = spec.given[0].shape.at(0);
  }
  return config;
}

}  // namespace ganymede::data
