#include "ganymede/media/meaning.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

// sRGB (IEC 61966-2-1): light of a byte, 0..1.
const std::array<double, 256>& light_of_byte() {
  static const std::array<double, 256> table = [] {
    std::array<double, 256> light{};
    for (size_t i = 0; i < light.size(); ++i) {
      const double v = static_cast<double>(i) / 255.0;
      light[i] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    }
    return light;
  }();
  return table;
}

// 0 -> -1 and 255 -> 1 exactly, and never outside.
const std::array<float, 256>& sample_of_byte() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> values{};
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 127.5F - 1.0F;
    return values;
  }();
  return table;
}

void write_lightness(const Image& image, float* out) {
  const Image rgb = convert_channels(image, Channels::kRgb);
  const size_t pixels = static_cast<size_t>(rgb.width) * static_cast<size_t>(rgb.height);
  const uint8_t* in = rgb.pixels.data();
  for (size_t i = 0; i < pixels; ++i, in += 3)
    out[i] = std::clamp(lightness(in[0], in[1], in[2]) / 50.0F - 1.0F, -1.0F, 1.0F);
}

}  // namespace

std::string state_of(Meaning meaning) {
  if (meaning == Meaning::kLabels) return R"({"meaning":"labels"})";
  if (meaning == Meaning::kLightness) return R"({"meaning":"lightness"})";
  return {};
}

Meaning meaning_of(const std::string& domain_state) {
  if (domain_state.empty()) return Meaning::kPixels;
  const auto json = nlohmann::json::parse(domain_state, nullptr, false);
  const std::string word = json.is_object() ? json.value("meaning", "pixels") : "";
  if (word == "pixels") return Meaning::kPixels;
  if (word == "labels") return Meaning::kLabels;
  if (word == "lightness") return Meaning::kLightness;
  throw ModelError({.where = "state of pictures",
                    .found = domain_state,
                    .allowed = "a meaning: pixels, labels or lightness"});
}

Color label_color(uint8_t id) {
  Color color{};
  for (int level = 7; level >= 0 && id != 0; --level, id = static_cast<uint8_t>(id >> 3))
    for (size_t c = 0; c < 3; ++c)
      color[c] = static_cast<uint8_t>(color[c] | (((id >> c) & 1) << level));
  return color;
}

Image color_labels(const Image& ids) {
  if (ids.channels != 1) return ids;
  Image colored = make_image(ids.width, ids.height, 3);
  for (size_t i = 0; i < ids.pixels.size(); ++i) {
    const Color color = label_color(ids.pixels[i]);
    std::copy(color.begin(), color.end(), colored.pixels.begin() + static_cast<int64_t>(3 * i));
  }
  return colored;
}

Image resize_nearest(const Image& image, int width, int height) {
  Image out = make_image(width, height, image.channels);
  const auto source = [](int64_t place, int64_t from, int64_t to) {
    return static_cast<int>((2 * place + 1) * from / (2 * to));
  };
  for (int y = 0; y < height; ++y) {
    const int from_y = source(y, image.height, height);
    for (int x = 0; x < width; ++x) {
      const uint8_t* in = image.at(source(x, image.width, width), from_y);
      std::copy(in, in + image.channels, out.at(x, y));
    }
  }
  return out;
}

float lightness(uint8_t red, uint8_t green, uint8_t blue) {
  const auto& light = light_of_byte();
  const double y = 0.2126729 * light[red] + 0.7151522 * light[green] + 0.0721750 * light[blue];
  constexpr double kEdge = 216.0 / 24389.0;  // CIE 15: below it the curve is a line
  const double f = y > kEdge ? std::cbrt(y) : (24389.0 / 27.0 * y + 16.0) / 116.0;
  return static_cast<float>(116.0 * f - 16.0);
}

void write_planes(const Image& image, Meaning meaning, int channels, float* out) {
  if (meaning == Meaning::kLightness) return write_lightness(image, out);
  const Image& shown = meaning == Meaning::kLabels ? color_labels(image) : image;
  const Image plain =
      convert_channels(shown, channels == 1 ? Channels::kGrey : Channels::kRgb, Backdrop::kWhite);
  const size_t pixels = static_cast<size_t>(plain.width) * static_cast<size_t>(plain.height);
  const auto& values = sample_of_byte();
  const auto planes = static_cast<size_t>(plain.channels);
  for (size_t i = 0; i < pixels; ++i)
    for (size_t c = 0; c < planes; ++c) out[c * pixels + i] = values[plain.pixels[planes * i + c]];
}

}  // namespace ganymede::media
