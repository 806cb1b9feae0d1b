// Palettes for pictures: exact when the colours are few, median cut otherwise.
#pragma once

#include <optional>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::media {

inline constexpr size_t kMaxPaletteColors = 256;

// The distinct colours of all RGB pictures together, sorted; nothing when there are more than 256.
std::optional<std::vector<Color>> exact_palette(const std::vector<const Image*>& images);

// At most 256 colours for one RGB picture: boxes of the colour cube (5 bits a channel) are halved
// at the median of their longest side, the most populous and widest first (Heckbert 1982).
std::vector<Color> median_cut_palette(const Image& image);

// For each pixel of an RGB picture the index of its colour, or of the nearest one by squared
// distance. `palette` is not empty and has at most 256 colours.
std::vector<uint8_t> palette_indices(const Image& image, const std::vector<Color>& palette);

}  // namespace ganymede::media
