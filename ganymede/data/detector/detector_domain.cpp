#include "ganymede/data/detector/detector_domain.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/plot.h"
#include "ganymede/media/sheet.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;
constexpr int kGapPx = 1;  // between the channels of an event

// float64 [N, C, H, W].
at::Tensor checked(const at::Tensor& samples, const DetectorCode& code) {
  if (samples.defined() && samples.dim() == 4 &&
      samples.size(1) == static_cast<int64_t>(code.units.size())) {
    return samples.detach().to(at::kCPU, at::kDouble);
  }
  throw UsageError({"detector samples",
                    samples.defined()
                        ? fmt::format("a tensor of shape {}", fmt::join(samples.sizes(), " x "))
                        : "none",
                    fmt::format("[N, {}, rows, columns]", code.units.size())});
}

at::Tensor units_of(const DetectorCode& code) {
  return at::tensor(code.units, at::kDouble).reshape({-1, 1, 1});
}

// The channels of one event side by side. values: double [C, H, W] of encoded amounts.
media::Image colours(const at::Tensor& values, double top) {
  const int64_t channels = values.size(0), rows = values.size(1), columns = values.size(2);
  const auto width = static_cast<int>(channels * columns + (channels - 1) * kGapPx);
  media::Image image = media::make_image(width, static_cast<int>(rows), 3);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{255});
  const auto at = values.accessor<double, 3>();
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t x = 0; x < columns; ++x) {
        const media::Color color = media::viridis(std::clamp(at[c][y][x] / top, 0.0, 1.0));
        const int64_t place = y * width + c * (columns + kGapPx) + x;
        uint8_t* pixel = image.pixels.data() + 3 * place;
        std::copy(color.begin(), color.end(), pixel);
      }
    }
  }
  return image;
}

std::string csv_of(const at::Tensor& amounts, const DetectorCode& code) {
  std::string text = "event,channel,row,column,amount\n";
  const auto at = amounts.accessor<float, 4>();
  for (int64_t n = 0; n < amounts.size(0); ++n) {
    for (int64_t c = 0; c < amounts.size(1); ++c) {
      for (int64_t y = 0; y < amounts.size(2); ++y) {
        for (int64_t x = 0; x < amounts.size(3); ++x) {
          if (at[n][c][y][x] == 0) continue;
          text += fmt::format("{},{},{},{},{}\n", n, c, y + code.first_row, x + code.first_column,
                              at[n][c][y][x]);
        }
      }
    }
  }
  return text;
}

std::string_view bytes_of(const at::Tensor& values) {
  return {static_cast<const char*>(values.const_data_ptr()), values.nbytes()};
}

[[noreturn]] void refuse_state(const std::string& state) {
  throw ModelError({.where = "spec.domain_state",
                    .found = state.substr(0, 200),
                    .allowed = "what the domain wrote"});
}

}  // namespace

nlohmann::json DetectorCode::to_json() const {
  nlohmann::json json = {{"units", units}, {"whole", whole}, {"first", {first_row, first_column}}};
  if (!parameters.empty()) json["parameters"] = nlohmann::json::parse(parameters);
  return json;
}

DetectorCode DetectorCode::from_json(const std::string& state) {
  DetectorCode code;
  try {
    const auto json = nlohmann::json::parse(state);
    code.units = json.at("units").get<std::vector<double>>();
    code.whole = json.at("whole").get<std::vector<bool>>();
    code.first_row = json.at("first").at(0);
    code.first_column = json.at("first").at(1);
    if (json.contains("parameters")) code.parameters = json["parameters"].dump();
  } catch (const nlohmann::json::exception&) {
    refuse_state(state);
  }
  bool fits = !code.units.empty() && code.units.size() == code.whole.size();
  for (const double unit : code.units) fits = fits && std::isfinite(unit) && unit > 0;
  if (!fits) refuse_state(state);
  return code;
}

at::Tensor DetectorCode::encode(const at::Tensor& amounts) const {
  return at::log10(1 + checked(amounts, *this) / units_of(*this)).to(at::kFloat);
}

at::Tensor DetectorCode::decode(const at::Tensor& samples) const {
  const at::Tensor units = units_of(*this);
  // float32 samples of the unit itself come back a little below it.
  constexpr double kSlack = 1e-4;
  at::Tensor amounts = units * (at::pow(10.0, checked(samples, *this).clamp_max(30)) - 1);
  amounts = at::where(amounts < units * (1 - kSlack), at::zeros_like(amounts), amounts);
  for (size_t c = 0; c < whole.size(); ++c) {
    if (whole[c]) amounts.select(1, static_cast<int64_t>(c)).round_();
  }
  return amounts.to(at::kFloat).contiguous();
}

int64_t DetectorDomain::preview_count(const SampleSpec& spec) const {
  return spec.shape.at(1) * spec.shape.at(2) <= 256 ? 60 : 24;
}

media::Image DetectorDomain::preview(const at::Tensor& samples, const at::Tensor& reals,
                                     const PreviewOptions& options) const {
  const at::Tensor values = checked(samples, code_);
  const bool beside = reals.defined() && reals.size(0) == samples.size(0);
  const at::Tensor others = beside ? checked(reals, code_) : at::Tensor();
  const double top = std::max((beside ? others : values).max().item<double>(), 1e-6);
  std::vector<media::Image> tiles;
  for (int64_t i = 0; i < values.size(0); ++i) {
    tiles.push_back(colours(values[i], top));
    if (beside) tiles.push_back(colours(others[i], top));
  }
  media::SheetOptions sheet;
  sheet.scale = 0;
  sheet.title = options.title;
  if (beside && options.title.empty()) sheet.title = "made, real";
  sheet.row_labels = options.row_labels;
  const int pair = beside ? 2 : 1;
  const int columns = options.columns > 0
                          ? options.columns * pair
                          : media::square_columns(static_cast<int>(tiles.size())) / pair * pair;
  return media::contact_sheet(tiles, std::max(columns, pair), sheet);
}

std::vector<fs::path> DetectorDomain::write(const at::Tensor& samples,
                                            const std::vector<std::string>&, const fs::path& path,
                                            const PreviewOptions& options) const {
  const std::string extension = path.extension().string();
  if (media::has_image_extension(path)) {
    media::write_image(path, preview(samples, {}, options));
    return {path};
  }
  const at::Tensor amounts = code_.decode(samples);
  const media::ArrayView view{media::DType::kF32, amounts.sizes().vec(), bytes_of(amounts)};
  if (extension == ".npz") {
    media::write_npz(path, {{"amounts", view}});
  } else if (extension == ".npy") {
    media::write_npy(path, view);
  } else if (extension == ".csv") {
    write_file_atomic(path, csv_of(amounts, code_));
  } else {
    throw UsageError({path.string(),
                      extension.empty() ? "no extension" : "the extension " + extension,
                      ".npz, .npy, .csv, .png, .webp, .jpg or .gif"});
  }
  return {path};
}

DataConfig DetectorDomain::fitting(DataConfig config, const SampleSpec& spec) const {
  config.domain = "detector";
  config.domain_state = spec.domain_state;
  return config;
}

ParametersDomain::ParametersDomain(const std::string& state) {
  try {
    const auto json = nlohmann::json::parse(state);
    names_ = json.at("names").get<std::vector<std::string>>();
    scales_ = json.at("scales").get<std::vector<double>>();
    means_ = json.at("means").get<std::vector<double>>();
  } catch (const nlohmann::json::exception&) {
    refuse_state(state);
  }
  if (names_.empty() || names_.size() != scales_.size() || names_.size() != means_.size()) {
    refuse_state(state);
  }
}

at::Tensor ParametersDomain::physical(const at::Tensor& samples) const {
  const auto count = static_cast<int64_t>(names_.size());
  if (!samples.defined() || samples.dim() != 2 || samples.size(1) != count) {
    throw UsageError({"parameters", "a tensor of another shape", fmt::format("[N, {}]", count)});
  }
  return samples.detach().to(at::kCPU, at::kDouble) * at::tensor(scales_, at::kDouble);
}

at::Tensor ParametersDomain::encode(const at::Tensor& physical) const {
  return (physical / at::tensor(scales_, at::kDouble)).to(at::kFloat);
}

media::Image ParametersDomain::preview(const at::Tensor& samples, const at::Tensor&,
                                       const PreviewOptions& options) const {
  const at::Tensor values = physical(samples);
  media::Histogram histogram;
  histogram.labels = {options.title, "value", "density"};
  for (size_t i = 0; i < names_.size(); ++i) {
    const at::Tensor column = values.select(1, static_cast<int64_t>(i)).contiguous();
    const double* first = column.const_data_ptr<double>();
    histogram.samples.push_back({.name = names_[i], .x = {first, first + column.numel()}});
  }
  return media::render_plot(histogram);
}

std::vector<fs::path> ParametersDomain::write(const at::Tensor& samples,
                                              const std::vector<std::string>&, const fs::path& path,
                                              const PreviewOptions&) const {
  if (path.extension() != ".csv") {
    throw UsageError({path.string(), "the extension " + path.extension().string(), ".csv"});
  }
  std::string text = join(names_, ",") + "\n";
  const at::Tensor values = physical(samples);
  const auto at = values.accessor<double, 2>();
  for (int64_t i = 0; i < values.size(0); ++i) {
    for (int64_t p = 0; p < values.size(1); ++p)
      text += fmt::format("{}{:g}", p > 0 ? "," : "", at[i][p]);
    text += "\n";
  }
  write_file_atomic(path, text);
  return {path};
}

std::vector<std::string> ParametersDomain::captions(const at::Tensor& samples) const {
  const at::Tensor values = physical(samples);
  const auto at = values.accessor<double, 2>();
  std::vector<std::string> captions;
  for (int64_t i = 0; i < values.size(0); ++i) {
    std::vector<std::string> parts;
    for (size_t p = 0; p < names_.size(); ++p)
      parts.push_back(fmt::format("{} {:.4g}", names_[p], at[i][static_cast<int64_t>(p)]));
    captions.push_back(join(parts));
  }
  return captions;
}

at::Tensor ParametersDomain::parse(const std::string& text, const SampleSpec&) const {
  at::Tensor values = at::tensor(means_, at::kDouble);
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t equals = std::min(part.find('='), part.size());
    const std::string name = part.substr(0, equals);
    const auto found = std::find(names_.begin(), names_.end(), name);
    const std::string number = part.substr(std::min(equals + 1, part.size()));
    double value = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
    if (found == names_.end() || number.empty() || parsed.ec != std::errc() ||
        parsed.ptr != number.data() + number.size() || !std::isfinite(value)) {
      throw UsageError({.where = "--given",
                        .found = "\"" + part + "\"",
                        .allowed = names_.front() + "=NUMBER; names: " + join(names_)});
    }
    values[found - names_.begin()] = value;
  }
  return encode(values).unsqueeze(0);
}

}  // namespace ganymede::data
