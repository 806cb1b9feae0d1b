#include "ganymede/data/voxels/voxel_domain.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/parallel.h"
#include "ganymede/media/binvox.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/gif.h"
#include "ganymede/media/mesh.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/sheet.h"
#include "ganymede/media/solid_view.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr float kLevel = 0.5F;  // from here on a voxel is filled
constexpr int kTurnFrames = 24;
constexpr int kTurnDelayMs = 90;

// float32 [N, S, S, S] on the CPU, C-contiguous.
at::Tensor checked(const at::Tensor& samples) {
  const bool cubes = samples.defined() && samples.dim() == 5 && samples.size(1) == 1 &&
                     samples.size(2) == samples.size(3) && samples.size(3) == samples.size(4);
  if (!cubes) {
    throw UsageError({"solids",
                      samples.defined()
                          ? fmt::format("a tensor of shape {}", fmt::join(samples.sizes(), " x "))
                          : "none",
                      "[N, 1, S, S, S]"});
  }
  return samples.detach().to(at::kCPU, at::kFloat).contiguous().squeeze(1);
}

std::array<int64_t, 3> sides_of(const at::Tensor& solids) {
  return {solids.size(1), solids.size(2), solids.size(3)};
}

std::vector<media::Mesh> meshes_of(const at::Tensor& solids) {
  std::vector<media::Mesh> meshes(static_cast<size_t>(solids.size(0)));
  const auto count = static_cast<size_t>(solids[0].numel());
  const float* values = solids.const_data_ptr<float>();
  parallel_for_each(solids.size(0), [&](int64_t i) {
    const std::span<const float> one(values + static_cast<size_t>(i) * count, count);
    meshes[static_cast<size_t>(i)] = media::marching_cubes(one, sides_of(solids), kLevel);
  });
  return meshes;
}

std::vector<media::Image> views_of(const std::vector<media::Mesh>& meshes,
                                   const std::array<int64_t, 3>& sides,
                                   const media::SolidViewOptions& options) {
  std::vector<media::Image> views(meshes.size());
  parallel_for_each(static_cast<int64_t>(meshes.size()), [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    views[at] = media::render_solid(meshes[at], sides, options);
  });
  return views;
}

media::Image sheet_of(const std::vector<media::Image>& views, const PreviewOptions& options) {
  const int columns =
      options.columns > 0 ? options.columns : media::square_columns(static_cast<int>(views.size()));
  media::SheetOptions sheet;
  sheet.title = options.title;
  sheet.row_labels = options.row_labels;
  return media::contact_sheet(views, columns, sheet);
}

// All solids on one floor, as many in a row as the sheet has columns.
media::Mesh joined(const std::vector<media::Mesh>& meshes, int64_t side, int columns) {
  media::Mesh all;
  for (size_t i = 0; i < meshes.size(); ++i) {
    const auto column = static_cast<float>(i % static_cast<size_t>(columns));
    const size_t whole_rows = i / static_cast<size_t>(columns);
    const int64_t gap = side / 8;
    const auto row = static_cast<float>(whole_rows);
    const auto pitch = static_cast<float>(side + gap);
    media::append(all, meshes[i], {column * pitch, -row * pitch, 0});
  }
  return all;
}

media::Voxels voxels_of(const at::Tensor& solid) {
  media::Voxels voxels{.sides = {solid.size(0), solid.size(1), solid.size(2)}};
  const at::Tensor filled = (solid > kLevel).to(at::kByte).contiguous();
  const auto* bytes = filled.const_data_ptr<uint8_t>();
  voxels.filled.assign(bytes, bytes + filled.numel());
  return voxels;
}

std::string name_at(const std::vector<std::string>& names, size_t i) {
  return i < names.size() ? names[i] : fmt::format("{:06}", i);
}

std::vector<fs::path> write_binvoxes(const at::Tensor& solids,
                                     const std::vector<std::string>& names, const fs::path& path) {
  if (solids.size(0) == 1) {
    media::write_binvox(path, voxels_of(solids[0]));
    return {path};
  }
  std::vector<fs::path> written;
  for (int64_t i = 0; i < solids.size(0); ++i) {
    const std::string name = path.stem().string() + "-" + name_at(names, static_cast<size_t>(i));
    written.push_back(path.parent_path() / (name + ".binvox"));
    media::write_binvox(written.back(), voxels_of(solids[i]));
  }
  return written;
}

std::vector<fs::path> write_folder(const at::Tensor& solids, const std::vector<std::string>& names,
                                   const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    throw FileError({path.string(), "cannot be made: " + error.message(), "a writable folder"});
  }
  const auto meshes = meshes_of(solids);
  std::vector<fs::path> written;
  for (size_t i = 0; i < meshes.size(); ++i) {
    written.push_back(path / (name_at(names, i) + ".obj"));
    media::write_mesh(written.back(), meshes[i]);
    written.push_back(path / (name_at(names, i) + ".binvox"));
    media::write_binvox(written.back(), voxels_of(solids[static_cast<int64_t>(i)]));
  }
  return written;
}

void write_turning(const at::Tensor& solids, const fs::path& path, const PreviewOptions& options) {
  const auto meshes = meshes_of(solids);
  std::vector<media::Image> frames;
  for (int i = 0; i < kTurnFrames; ++i) {
    media::SolidViewOptions view;
    view.azimuth_deg += 360.0 * i / kTurnFrames;
    frames.push_back(sheet_of(views_of(meshes, sides_of(solids), view), options));
  }
  write_file_atomic(path, media::encode_gif(frames, kTurnDelayMs));
}

}  // namespace

int64_t VoxelDomain::preview_count(const SampleSpec& spec) const {
  return spec.shape.at(1) <= 32 ? 36 : 25;
}

std::vector<media::Image> VoxelDomain::pictures(const at::Tensor& samples) const {
  const at::Tensor solids = checked(samples);
  if (solids.size(0) == 0) return {};
  return views_of(meshes_of(solids), sides_of(solids), {});
}

media::Image VoxelDomain::preview(const at::Tensor& samples, const at::Tensor&,
                                  const PreviewOptions& options) const {
  return sheet_of(pictures(samples), options);
}

std::vector<fs::path> VoxelDomain::write(const at::Tensor& samples,
                                         const std::vector<std::string>& names,
                                         const fs::path& path,
                                         const PreviewOptions& options) const {
  const at::Tensor solids = checked(samples);
  const std::string extension = path.extension().string();
  if (extension == ".binvox") return write_binvoxes(solids, names, path);
  if (extension.empty() || fs::is_directory(path)) return write_folder(solids, names, path);
  if (extension == ".obj" || extension == ".ply") {
    const int columns = options.columns > 0
                            ? options.columns
                            : media::square_columns(static_cast<int>(solids.size(0)));
    media::write_mesh(path, joined(meshes_of(solids), solids.size(1), columns));
  } else if (extension == ".npz") {
    const std::string_view bytes(reinterpret_cast<const char*>(solids.const_data_ptr<float>()),
                                 static_cast<size_t>(solids.numel()) * sizeof(float));
    media::write_npz(path, {{"voxels", {media::DType::kF32, solids.sizes().vec(), bytes}}});
  } else if (extension == ".gif") {
    write_turning(solids, path, options);
  } else if (media::has_image_extension(path)) {
    media::write_image(path, preview(samples, {}, options));
  } else {
    throw UsageError({path.string(), "the extension " + extension,
                      ".obj, .ply, .binvox, .npz, .gif (turning), .png, .webp, .jpg or a folder"});
  }
  return {path};
}

DataConfig VoxelDomain::fitting(DataConfig config, const SampleSpec& spec) const {
  config.domain = "voxels";
  config.size_px = spec.shape.at(1);
  return config;
}

}  // namespace ganymede::data
