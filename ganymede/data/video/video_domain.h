// Clips: shown as rows of frames, written as animations, films, strips or arrays.
#pragma once

#include "ganymede/data/domain.h"

namespace ganymede::data {

class VideoDomain final : public Domain {
 public:
  std::string name() const override { return "video"; }
  int64_t preview_count(const SampleSpec&) const override { return 10; }
  // A row of frames for each clip.
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  // Each clip as a strip, its frames one beside the other.
  std::vector<media::Image> pictures(const at::Tensor& samples) const override;
  // .gif, .webp: one animation, several clips as a grid; .mp4, .webm, .mkv, .mov, .avi: the same as
  // a film, through the program ffmpeg; .npz: "clips" uint8 [N, T, H, W, C]; .png, .jpg: the rows
  // of frames; a folder: a strip (.png) for each, which can be read as data again.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;
};

}  // namespace ganymede::data
