// Solids: shown as rendered surfaces, written as meshes, voxels or arrays.
#pragma once

#include "ganymede/data/domain.h"

namespace ganymede::data {

class VoxelDomain final : public Domain {
 public:
  std::string name() const override { return "voxels"; }
  int64_t preview_count(const SampleSpec& spec) const override;
  // The surface at occupancy 0.5 of every solid, seen from above its front, z upward.
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor& samples) const override;
  // .obj, .ply: all solids side by side in one mesh, in units of voxels; .binvox: a file for each,
  // its name with a number before the extension (one solid: as it is); .npz: "voxels" float32
  // [N, S, S, S]; .gif: the sheet, turning; other picture formats: the sheet; a folder: an .obj and
  // a .binvox for each.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;
};

}  // namespace ganymede::data
