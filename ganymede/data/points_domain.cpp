#include "ganymede/data/points_domain.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/plot.h"

namespace ganymede::data {
namespace {

constexpr media::Color kRealColor = {150, 150, 150};
constexpr media::Color kFakeColor = {213, 94, 0};

// float32 [N, D] on the CPU, C-contiguous.
at::Tensor checked(const at::Tensor& samples) {
  if (!samples.defined() || samples.dim() != 2 || samples.size(1) < 1 || samples.size(1) > 3) {
    throw UsageError({"point samples",
                      samples.defined()
                          ? fmt::format("a tensor of shape {}", fmt::join(samples.sizes(), " x "))
                          : "none",
                      "[N, 1 to 3]"});
  }
  return samples.detach().to(at::kCPU, at::kFloat).contiguous();
}

std::vector<double> column(const at::Tensor& points, int64_t dimension) {
  const float* values = points.data_ptr<float>();
  std::vector<double> result;
  for (int64_t i = 0; i < points.size(0); ++i)
    result.push_back(values[i * points.size(1) + dimension]);
  return result;
}

media::Series series(const char* name, const at::Tensor& points, media::Color color) {
  media::Series result;
  result.name = name;
  result.x = column(points, 0);
  result.y = points.size(1) > 1 ? column(points, 1) : std::vector<double>();
  result.color = color;
  return result;
}

std::string csv_text(const at::Tensor& points) {
  const int64_t dimensions = points.size(1);
  std::string text = dimensions == 1 ? "x\n" : dimensions == 2 ? "x,y\n" : "x,y,z\n";
  const float* values = points.data_ptr<float>();
  for (int64_t i = 0; i < points.numel(); ++i)
    text += fmt::format("{}{}", values[i], (i + 1) % dimensions == 0 ? '\n' : ',');
  return text;
}

}  // namespace

DataConfig PointsDomain::fitting(DataConfig config, const SampleSpec&) const {
  config.domain = "points";
  return config;
}

media::Image PointsDomain::preview(const at::Tensor& samples, const at::Tensor& reals,
                                   const PreviewOptions& options) const {
  const at::Tensor fakes = checked(samples);
  std::vector<media::Series> all;
  if (reals.defined()) all.push_back(series("real", checked(reals), kRealColor));
  all.push_back(series(reals.defined() ? "generated" : "samples", fakes, kFakeColor));
  if (fakes.size(1) == 1) {
    media::Histogram histogram;
    histogram.labels = {options.title, "x", "density"};
    histogram.samples = std::move(all);
    return media::render_plot(histogram);
  }
  media::ScatterPlot scatter;
  scatter.labels = {options.title, "x", "y"};
  scatter.clouds = std::move(all);
  scatter.radius_px = 1.5;
  return media::render_plot(scatter, {640, 640});
}

std::vector<std::filesystem::path> PointsDomain::write(const at::Tensor& samples,
                                                       const std::vector<std::string>&,
                                                       const std::filesystem::path& path,
                                                       const PreviewOptions& options) const {
  const at::Tensor points = checked(samples);
  const std::string extension = path.extension().string();
  if (extension == ".csv") {
    write_file_atomic(path, csv_text(points));
  } else if (extension == ".npz") {
    const std::string_view bytes(reinterpret_cast<const char*>(points.data_ptr<float>()),
                                 static_cast<size_t>(points.numel()) * sizeof(float));
    media::write_npz(path, {{"x", {media::DType::kF32, points.sizes().vec(), bytes}}});
  } else if (media::has_image_extension(path)) {
    media::write_image(path, preview(points, {}, options));
  } else {
    throw UsageError({path.string(),
                      extension.empty() ? "no extension" : "the extension " + extension,
                      ".png, .webp, .jpg, .gif, .csv or .npz"});
  }
  return {path};
}

}  // namespace ganymede::data
