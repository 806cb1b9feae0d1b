// Pictures of 1 or 3 channels.
#pragma once

#include "ganymede/data/domain.h"

namespace ganymede::data {

class ImageDomain final : public Domain {
 public:
  std::string name() const override { return "image"; }
  int64_t preview_count(const SampleSpec& spec) const override;
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  bool eight_bit() const override { return true; }
  std::vector<media::Image> pictures(const at::Tensor& samples) const override;
  // The path of a picture, which is resized.
  at::Tensor parse(const std::string& text, const SampleSpec& spec) const override;
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;
  // A .npz holds "images", uint8 [N, H, W] or [N, H, W, 3]; a folder, made when missing,
  // <name>.png for each sample (six digits where names are missing).
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
};

}  // namespace ganymede::data
