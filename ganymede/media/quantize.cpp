#include "ganymede/media/quantize.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <unordered_map>

namespace ganymede::media {
namespace {

constexpr int kBinBits = 5;
constexpr size_t kBins = size_t{1} << (3 * kBinBits);

// Pixels of one cell of the colour cube: their number and the sums of their channels.
struct Bin {
  std::array<uint64_t, 3> sums{};
  uint64_t count = 0;
  std::array<uint8_t, 3> key{};
};

struct Box {
  size_t begin;
  size_t end;
  int axis;
  uint64_t weight;  // pixels times the length of the longest side
};

uint32_t packed(const uint8_t* rgb) { return rgb[0] << 16U | rgb[1] << 8U | rgb[2]; }

std::vector<Bin> used_bins(const Image& image) {
  std::vector<Bin> bins(kBins);
  for (const uint8_t* p = image.pixels.data(); p != image.pixels.data() + image.pixels.size();
       p += 3) {
    Bin& bin = bins[static_cast<size_t>(p[0] >> 3U) << 10U | (p[1] >> 3U) << 5U | p[2] >> 3U];
    for (int c = 0; c < 3; ++c) {
      bin.sums[c] += p[c];
      bin.key[c] = p[c] >> 3U;
    }
    ++bin.count;
  }
  std::erase_if(bins, [](const Bin& bin) { return bin.count == 0; });
  return bins;
}

Box measure(const std::vector<Bin>& bins, size_t begin, size_t end) {
  std::array<int, 3> low = {255, 255, 255};
  std::array<int, 3> high = {0, 0, 0};
  uint64_t count = 0;
  for (size_t i = begin; i < end; ++i) {
    count += bins[i].count;
    for (int c = 0; c < 3; ++c) {
      low[c] = std::min<int>(low[c], bins[i].key[c]);
      high[c] = std::max<int>(high[c], bins[i].key[c]);
    }
  }
  int axis = 0;
  for (int c = 1; c < 3; ++c)
    if (high[c] - low[c] > high[axis] - low[axis]) axis = c;
  return {begin, end, axis, count * static_cast<uint64_t>(high[axis] - low[axis])};
}

// Index after the bin with which half of the box's pixels are reached; both halves keep a bin.
size_t median_of(const std::vector<Bin>& bins, const Box& box) {
  uint64_t total = 0;
  for (size_t i = box.begin; i < box.end; ++i) total += bins[i].count;
  uint64_t seen = 0;
  size_t split = box.begin;
  while (split < box.end - 1 && (seen + bins[split].count) * 2 <= total)
    seen += bins[split++].count;
  return std::max(split, box.begin + 1);
}

std::vector<Box> cut(std::vector<Bin>& bins) {
  std::vector<Box> boxes = {measure(bins, 0, bins.size())};
  while (boxes.size() < kMaxPaletteColors) {
    const auto widest = std::max_element(
        boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.weight < b.weight; });
    if (widest->weight == 0) break;
    const Box box = *widest;
    std::stable_sort(bins.begin() + box.begin, bins.begin() + box.end,
                     [&](const Bin& a, const Bin& b) { return a.key[box.axis] < b.key[box.axis]; });
    const size_t split = median_of(bins, box);
    *widest = measure(bins, box.begin, split);
    boxes.push_back(measure(bins, split, box.end));
  }
  return boxes;
}

uint8_t nearest(const uint8_t* rgb, const std::vector<Color>& palette) {
  int best = std::numeric_limits<int>::max();
  size_t index = 0;
  for (size_t i = 0; i < palette.size(); ++i) {
    int distance = 0;
    for (int c = 0; c < 3; ++c) distance += (rgb[c] - palette[i][c]) * (rgb[c] - palette[i][c]);
    if (distance >= best) continue;
    best = distance;
    index = i;
  }
  return static_cast<uint8_t>(index);
}

}  // namespace

std::optional<std::vector<Color>> exact_palette(const std::vector<const Image*>& images) {
  std::set<uint32_t> seen;
  for (const Image* image : images) {
    uint32_t last = std::numeric_limits<uint32_t>::max();
    for (size_t i = 0; i < image->pixels.size(); i += 3) {
      const uint32_t color = packed(&image->pixels[i]);
      if (color == last) continue;
      last = color;
      seen.insert(color);
      if (seen.size() > kMaxPaletteColors) return std::nullopt;
    }
  }
  std::vector<Color> palette;
  palette.reserve(seen.size());
  for (const uint32_t color : seen)
    palette.push_back({static_cast<uint8_t>(color >> 16U), static_cast<uint8_t>(color >> 8U),
                       static_cast<uint8_t>(color)});
  return palette;
}

std::vector<Color> median_cut_palette(const Image& image) {
  std::vector<Bin> bins = used_bins(image);
  std::vector<Color> palette;
  for (const Box& box : cut(bins)) {
    Bin total;
    for (size_t i = box.begin; i < box.end; ++i) {
      for (int c = 0; c < 3; ++c) total.sums[c] += bins[i].sums[c];
      total.count += bins[i].count;
    }
    Color& color = palette.emplace_back();
    for (int c = 0; c < 3; ++c)
      color[c] = static_cast<uint8_t>((total.sums[c] + total.count / 2) / total.count);
  }
  return palette;
}

std::vector<uint8_t> palette_indices(const Image& image, const std::vector<Color>& palette) {
  std::unordered_map<uint32_t, uint8_t> known;
  std::vector<uint8_t> indices(image.pixels.size() / 3);
  for (size_t i = 0; i < indices.size(); ++i) {
    const uint8_t* rgb = &image.pixels[i * 3];
    const bool repeated = i > 0 && packed(rgb) == packed(rgb - 3);
    if (repeated) {
      indices[i] = indices[i - 1];
      continue;
    }
    const auto [entry, added] = known.try_emplace(packed(rgb), 0);
    if (added) entry->second = nearest(rgb, palette);
    indices[i] = entry->second;
  }
  return indices;
}

}  // namespace ganymede::media
