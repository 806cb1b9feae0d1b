// Points of one to three dimensions, shown as a histogram or a cloud.
#pragma once

#include "ganymede/data/domain.h"

namespace ganymede::data {

class PointsDomain final : public Domain {
 public:
  std::string name() const override { return "points"; }
  int64_t preview_count(const SampleSpec&) const override { return 2048; }
  // 1-D: histogram; 2-D: cloud over the cloud of reals; 3-D: the first two coordinates.
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor&) const override { return {}; }
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;
  // A .npz holds "x", float32 [N, D]; a .csv a header (x, y, z) and one line for each point.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
};

}  // namespace ganymede::data
