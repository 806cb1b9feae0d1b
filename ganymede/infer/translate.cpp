#include "ganymede/infer/translate.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/infer/tiles.h"
#include "ganymede/media/resize.h"

namespace ganymede::infer {
namespace {

constexpr int64_t kWholePixels = int64_t{512} * 768;  // made at once
constexpr int64_t kTilePx = 512;                      // of what is made

// Letters and digits in lower case: "A to B" and "a_to_b" are one.
std::string plain(const std::string& name) {
  std::string letters;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)))
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return letters;
}

bool is_picture(const SampleSpec& spec) {
  return spec.domain == "image" && spec.shape.size() == 3 &&
         (spec.shape[0] == 1 || spec.shape[0] == 3);
}

// float32 [1, C, H, W] in [-1, 1] as bytes.
media::Image picture_of(const at::Tensor& made) {
  const at::Tensor bytes =
      ((made[0] + 1) * 127.5).round().clamp(0, 255).to(at::kByte).permute({1, 2, 0}).contiguous();
  media::Image image =
      media::make_image(static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)),
                        static_cast<int>(bytes.size(2)));
  std::memcpy(image.pixels.data(), bytes.data_ptr<uint8_t>(), image.pixels.size());
  return image;
}

media::Image alpha_of(const media::Image& picture) {
  media::Image alpha = media::make_image(picture.width, picture.height, 1);
  const auto channels = static_cast<size_t>(picture.channels);
  for (size_t i = 0; i < alpha.pixels.size(); ++i)
    alpha.pixels[i] = picture.pixels[channels * i + channels - 1];
  return alpha;
}

media::Image with_alpha(const media::Image& image, const media::Image& alpha) {
  media::Image joined = media::with_channels(image, image.channels + 1);
  const auto channels = static_cast<size_t>(joined.channels);
  for (size_t i = 0; i < alpha.pixels.size(); ++i)
    joined.pixels[channels * i + channels - 1] = alpha.pixels[i];
  return joined;
}

media::Image without_alpha(const media::Image& picture) {
  if (!picture.has_alpha()) return picture;
  return media::convert_channels(
      picture, picture.channels == 2 ? media::Channels::kGrey : media::Channels::kRgb);
}

}  // namespace

bool translates_pictures(const SampleSpec& spec) {
  return spec.takes_given() && is_picture(spec) && is_picture(spec.given[0]);
}

size_t direction_number(const gans::Gan& gan, const std::string& name) {
  const std::vector<std::string> names = gan.directions();
  if (name.empty()) return 0;
  for (size_t i = 0; i < names.size(); ++i)
    if (plain(names[i]) == plain(name) || std::to_string(i) == name) return i;
  const auto near = did_you_mean(name, names);
  throw UsageError({.where = "--direction",
                    .found = "\"" + name + "\"",
                    .allowed = names.empty() ? "nothing: this gan translates one way" : join(names),
                    .remedy = near ? "--direction \"" + *near + "\"" : ""});
}

Translator::Translator(gans::Gan& gan, at::Device device, const TranslateOptions& options)
    : gan_(gan),
      device_(device),
      options_(options),
      direction_(direction_number(gan, options.direction)),
      enlarges_(direction_ == 0 ? gan.enlarges() : 1),
      meaning_(media::Meaning::kPixels) {
  const SampleSpec& spec = gan.spec();
  if (!translates_pictures(spec)) {
    throw UsageError({.where = "translate",
                      .found = spec.takes_given()
                                   ? "a model that makes samples of the domain " + spec.domain +
                                         " from the domain " + spec.given[0].domain
                                   : "a model that is given no picture",
                      .allowed = "a model that makes pictures from pictures",
                      .remedy = "gan sample shows what it makes"});
  }
  if (options.tile_px < -1 || options.overlap_px < 0) {
    throw UsageError({.where = options.overlap_px < 0 ? "--overlap" : "--tile",
                      .found = std::to_string(std::min(options.tile_px, options.overlap_px)),
                      .allowed = "--tile -1, 0 or more, --overlap 0 or more"});
  }
  from_ = direction_ == 0 ? spec.given[0] : spec;
  to_ = direction_ == 0 ? spec : spec.given[0];
  meaning_ = media::meaning_of(from_.domain_state);
}

int64_t Translator::tile_px(int64_t width, int64_t height) const {
  if (options_.tile_px != 0) return std::max<int64_t>(options_.tile_px, 0);
  const bool small = width * height * enlarges_ * enlarges_ <= kWholePixels;
  return small ? 0 : std::max<int64_t>(1, kTilePx / enlarges_);
}

bool Translator::in_parts(int64_t width, int64_t height) const {
  const int64_t tile = tile_px(width, height);
  return gan_.size_multiple() > 0 && tile > 0 && (width > tile || height > tile);
}

media::Image Translator::translate_part(const media::Image& part) const {
  gans::Request request;
  request.seeds = {options_.seed};
  request.direction = direction_;
  request.device = device_;
  request.given = at::empty({1, from_.shape[0], part.height, part.width}, at::kFloat);
  media::write_planes(part, meaning_, static_cast<int>(from_.shape[0]),
                      request.given.data_ptr<float>());
  return picture_of(gans::translate(gan_, request));
}

media::Image Translator::resized_to_training(const media::Image& picture) const {
  const auto height = static_cast<int>(from_.shape[1]), width = static_cast<int>(from_.shape[2]);
  const bool ids = meaning_ == media::Meaning::kLabels;
  return translate_part(ids ? media::resize_nearest(picture, width, height)
                            : media::resize(picture, width, height));
}

media::Image Translator::operator()(const media::Image& picture, const Step& step) const {
  media::check_image(picture, "picture to translate");
  const media::Image opaque = without_alpha(picture);
  media::Image made;
  if (gan_.size_multiple() > 0) {
    const Tiling tiling{gan_.size_multiple(), tile_px(picture.width, picture.height),
                        options_.overlap_px, enlarges_};
    made = infer::in_parts(
        opaque, tiling, [this](const media::Image& part) { return translate_part(part); }, step);
  } else {
    const auto by = static_cast<int>(enlarges_);
    made = media::resize(resized_to_training(opaque), picture.width * by, picture.height * by);
    if (step) step(1, 1);
  }
  if (!picture.has_alpha() || options_.opaque) return made;
  media::Image alpha = alpha_of(picture);
  if (enlarges_ > 1) alpha = media::resize(alpha, made.width, made.height);
  return with_alpha(made, alpha);
}

}  // namespace ganymede::infer
