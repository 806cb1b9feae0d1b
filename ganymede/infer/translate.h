// Pictures made from pictures: any size, in memory that does not grow with it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ganymede/gans/gan.h"
#include "ganymede/media/image.h"
#include "ganymede/media/meaning.h"

namespace ganymede::infer {

struct TranslateOptions {
  // Most sides of a part in px of the given picture; 0: whole pictures while what is made has at
  // most 512 x 768 px, else parts that make 512 x 512; -1: always whole pictures.
  int64_t tile_px = 0;
  int64_t overlap_px = 32;
  std::string direction = {};  // by name (Gan::directions()); empty: the first
  uint64_t seed = 0;           // of what the gan draws, for each part alike
  bool opaque = false;         // the result has no alpha
};

// Whether samples of `spec` are pictures made from pictures: what a Translator takes.
bool translates_pictures(const SampleSpec& spec);

// The number of a direction by its name: "A to B", "a_to_b", "AtoB", or by its number from 0.
// Throws UsageError naming those there are.
size_t direction_number(const gans::Gan& gan, const std::string& name);

class Translator {
 public:
  // `gan` outlives it. Throws UsageError for a gan that makes no pictures from pictures and for
  // options that do not fit.
  Translator(gans::Gan& gan, at::Device device, const TranslateOptions& options);

  // The translated picture: Gan::enlarges() times the sides of `picture`, 1 or 3 channels, and its
  // alpha, enlarged, where it has one, unless the option is `opaque`. Colours are composited over
  // white before. Gans that take only the size of their training get the picture resized to it, and
  // the result is resized back.
  using Step = std::function<void(int64_t done, int64_t total)>;  // parts
  media::Image operator()(const media::Image& picture, const Step& step = {}) const;

  // Whether a picture of this size is translated in parts.
  bool in_parts(int64_t width, int64_t height) const;
  int64_t enlarges() const { return enlarges_; }

 private:
  media::Image translate_part(const media::Image& part) const;
  media::Image resized_to_training(const media::Image& picture) const;
  int64_t tile_px(int64_t width, int64_t height) const;

  gans::Gan& gan_;
  at::Device device_;
  TranslateOptions options_;
  size_t direction_;
  int64_t enlarges_;
  SampleSpec from_, to_;
  media::Meaning meaning_;
};

}  // namespace ganymede::infer
