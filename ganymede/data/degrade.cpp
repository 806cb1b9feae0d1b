#include "ganymede/data/degrade.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/media/bicubic.h"
#include "ganymede/media/blur.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/jpeg.h"
#include "ganymede/media/resize.h"

namespace ganymede::data {
namespace {

constexpr const char* kSteps = "blur=SIGMA, noise=SIGMA, jpeg=QUALITY, each a number or LOW-HIGH";

struct Step {
  const char* name;
  DrawnNumber Degradation::* value;
  double least;
  double most;
  const char* allowed;
};

constexpr Step kKnown[] = {
    {"blur", &Degradation::blur, 0, 20, "0 to 20 px"},
    {"noise", &Degradation::noise, 0, 255, "0 to 255 levels"},
    {"jpeg", &Degradation::jpeg_quality, 1, 100, "a quality of 1 to 100"},
};

[[noreturn]] void refuse(const std::string& found, const std::string& allowed,
                         const std::string& remedy = {}) {
  throw UsageError({.where = "data.degrade", .found = found, .allowed = allowed, .remedy = remedy});
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

double number_of(std::string_view text, std::string_view step) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    refuse("\"" + std::string(step) + "\"", kSteps);
  return value;
}

const Step& step_named(std::string_view name) {
  std::vector<std::string> names;
  for (const Step& step : kKnown) {
    if (name == step.name) return step;
    names.emplace_back(step.name);
  }
  const auto near = did_you_mean(std::string(name), names);
  refuse("\"" + std::string(name) + "\"", kSteps, near ? *near + "=" : "");
}

void read_step(std::string_view text, Degradation& degradation, std::set<std::string>& seen) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) refuse("\"" + std::string(text) + "\"", kSteps);
  const Step& step = step_named(text.substr(0, equals));
  if (!seen.insert(step.name).second) refuse(std::string(step.name) + " twice", "each step once");
  const auto bounds = parts_of(text.substr(equals + 1), '-');
  if (bounds.empty() || bounds.size() > 2) refuse("\"" + std::string(text) + "\"", kSteps);
  const DrawnNumber value{number_of(bounds.front(), text), number_of(bounds.back(), text)};
  if (value.low < step.least || value.high > step.most || value.low > value.high)
    refuse("\"" + std::string(text) + "\"", step.allowed);
  degradation.*step.value = value;
}

double drawn(const DrawnNumber& number, Stream& random) {
  if (number.low == number.high) return number.low;
  return number.low + (number.high - number.low) * random.next_uniform();
}

void add_noise(media::Image& image, double deviation, Stream& random) {
  std::vector<float> noise(image.pixels.size());
  random.fill_normal(noise.data(), static_cast<int64_t>(noise.size()));
  for (size_t i = 0; i < noise.size(); ++i) {
    const double value = image.pixels[i] + deviation * noise[i];
    image.pixels[i] = static_cast<uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
  }
}

media::Image through_jpeg(const media::Image& image, int quality) {
  const media::Channels channels =
      image.channels == 1 ? media::Channels::kGrey : media::Channels::kRgb;
  return media::decode_image(media::encode_jpeg(image, quality), "degraded picture",
                             {.channels = channels});
}

int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

Degradation Degradation::parse(const std::string& steps, int64_t scale) {
  Degradation degradation;
  degradation.scale = static_cast<int>(scale);
  std::set<std::string> seen;
  for (const std::string_view part : parts_of(steps, ',')) read_step(part, degradation, seen);
  return degradation;
}

int Degradation::margin_px() const {
  const int kernel = scale > 1 ? 2 * scale : 0;
  return round_up(media::blur_radius(blur.high) + kernel, scale);
}

media::Image degraded(const media::Image& clean, int x, int y, int width, int height,
                      const Degradation& degradation, Stream& random) {
  const int scale = degradation.scale;
  if ((x | y) < 0 || x % scale != 0 || y % scale != 0 || width % scale != 0 || height % scale != 0)
    throw UsageError({.where = "data::degraded",
                      .found = fmt::format("{} x {} px at ({}, {})", width, height, x, y),
                      .allowed = fmt::format("multiples of the scale {}", scale)});
  const double blur = drawn(degradation.blur, random);
  const double noise = drawn(degradation.noise, random);
  const double quality = drawn(degradation.jpeg_quality, random);
  const int margin = degradation.margin_px();
  const int left = std::min(margin, x), top = std::min(margin, y);
  // What is left over at the right and bottom edge of a picture takes part in nothing.
  const int fitting_width = clean.width / scale * scale;
  const int fitting_height = clean.height / scale * scale;
  const int right = std::clamp(fitting_width - x - width, 0, margin);
  const int bottom = std::clamp(fitting_height - y - height, 0, margin);
  media::Image image =
      media::crop(clean, x - left, y - top, left + width + right, top + height + bottom);
  image = media::gaussian_blur(image, blur);
  image = media::bicubic(image, image.width / scale, image.height / scale);
  image = media::crop(image, left / scale, top / scale, width / scale, height / scale);
  if (noise > 0) add_noise(image, noise, random);
  if (quality > 0) image = through_jpeg(image, static_cast<int>(std::lround(quality)));
  return image;
}

media::Image degraded(const media::Image& clean, const Degradation& degradation, Stream& random) {
  return degraded(clean, 0, 0, clean.width, clean.height, degradation, random);
}

}  // namespace ganymede::data
