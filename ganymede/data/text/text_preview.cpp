#include "ganymede/data/text/text_preview.h"

#include <algorithm>

#include "ganymede/media/canvas.h"
#include "ganymede/media/font.h"
#include "ganymede/media/unicode_text.h"

namespace ganymede::data {
namespace {

constexpr int kScale = 2;
constexpr int kMarginPx = 16;
constexpr int kIndentPx = 24;  // of what follows the first row of a sample
constexpr int kMostWidthPx = 900, kLeastWidthPx = 360;
constexpr int kRowPx = media::kFontLineHeightPx * kScale;
constexpr int kGapPx = 8;     // between samples
constexpr int kMostRows = 6;  // of one sample
constexpr media::Color kMade = {20, 20, 20};
constexpr media::Color kReal = {105, 105, 105};
constexpr media::Color kHeading = {213, 94, 0};
constexpr media::Color kStripe = {245, 245, 242};

struct Block {
  std::vector<std::string> rows;
  media::Color color = kMade;
  bool heading = false;
  int height() const { return static_cast<int>(rows.size()) * kRowPx + kGapPx; }
};

Block block_of(const std::string& line, media::Color color) {
  Block block{.rows = media::wrap_unicode(line, kMostWidthPx - kIndentPx, kScale), .color = color};
  if (block.rows.size() > kMostRows) {
    block.rows.resize(kMostRows);
    block.rows.back() += "...";
  }
  return block;
}

int width_of(const std::vector<Block>& blocks) {
  int width = kLeastWidthPx;
  for (const Block& block : blocks) {
    for (const std::string& row : block.rows)
      width = std::max(width, kIndentPx + media::unicode_width(row, kScale));
  }
  return width + 2 * kMarginPx;
}

}  // namespace

media::Image text_preview(const std::vector<std::string>& lines,
                          const std::vector<std::string>& reals, const std::string& title) {
  std::vector<Block> blocks;
  const auto heading = [&](const std::string& text) {
    blocks.push_back({.rows = {text}, .color = kHeading, .heading = true});
  };
  if (!title.empty()) heading(title);
  if (title.empty() && !reals.empty()) heading("generated");
  for (const std::string& line : lines) blocks.push_back(block_of(line, kMade));
  if (!reals.empty()) heading("real");
  for (const std::string& line : reals) blocks.push_back(block_of(line, kReal));
  int height = 2 * kMarginPx;
  for (const Block& block : blocks) height += block.height();
  media::Image image = media::make_image(width_of(blocks), height, 3, 255);
  media::Canvas canvas(image);
  int y = kMarginPx;
  bool striped = false;
  for (const Block& block : blocks) {
    striped = !block.heading && !striped;
    if (striped) {
      canvas.fill({0.0, static_cast<double>(y - kGapPx / 2), static_cast<double>(image.width),
                   static_cast<double>(y + block.height() - kGapPx / 2)},
                  kStripe);
    }
    for (size_t i = 0; i < block.rows.size(); ++i) {
      const int x = kMarginPx + (i > 0 ? kIndentPx : 0);
      media::draw_unicode(image, x, y + static_cast<int>(i) * kRowPx, block.rows[i], block.color,
                          kScale);
    }
    y += block.height();
  }
  return image;
}

}  // namespace ganymede::data
