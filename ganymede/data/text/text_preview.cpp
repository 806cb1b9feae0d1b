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
constexpr int kTextPx = 880;   // width of a row
constexpr int kRowPx = media::kFontLineHeightPx * kScale;
constexpr int kHalfGapPx = 4;
constexpr int kGapPx = 2 * kHalfGapPx;                       // between samples
constexpr int kMostRows = 6;                                 // of one sample
constexpr int kWordPx = 6 * media::kFontAdvancePx * kScale;  // a word and its blank, as a rule
constexpr int kSignPx = 13;                                  // a character or a box
constexpr media::Color kMade = {20, 20, 20};
constexpr media::Color kReal = {105, 105, 105};
constexpr media::Color kHeading = {213, 94, 0};
constexpr media::Color kStripe = {245, 245, 242};

struct Block {
  std::vector<std::string> rows;
  media::Color color = kMade;
  int height = kRowPx;
  bool heading = false;
};

Block block_of(const std::string& line, media::Color color, int rows) {
  Block block{.rows = media::wrap_unicode(line, kTextPx - kIndentPx, kScale),
              .color = color,
              .height = rows * kRowPx};
  if (static_cast<int>(block.rows.size()) > rows) {
    block.rows.resize(static_cast<size_t>(rows));
    block.rows.back() += "...";
  }
  return block;
}

}  // namespace

int text_rows(int64_t length, bool characters) {
  const int64_t width = length * (characters ? kSignPx : kWordPx);
  const int64_t row = kTextPx - kIndentPx;
  return static_cast<int>(std::clamp<int64_t>((width + row - 1) / row, 1, kMostRows));
}

media::Image text_preview(const std::vector<std::string>& lines,
                          const std::vector<std::string>& reals, const std::string& title,
                          int rows) {
  std::vector<Block> blocks;
  const auto heading = [&](const std::string& text) {
    blocks.push_back({.rows = {text}, .color = kHeading, .height = kRowPx, .heading = true});
  };
  if (!title.empty()) heading(title);
  if (title.empty() && !reals.empty()) heading("generated");
  for (const std::string& line : lines) blocks.push_back(block_of(line, kMade, rows));
  if (!reals.empty()) heading("real");
  for (const std::string& line : reals) blocks.push_back(block_of(line, kReal, rows));
  int height = 2 * kMarginPx;
  for (const Block& block : blocks) height += block.height + kGapPx;
  media::Image image = media::make_image(kTextPx + 2 * kMarginPx, height, 3, 255);
  media::Canvas canvas(image);
  int y = kMarginPx;
  bool striped = false;
  for (const Block& block : blocks) {
    striped = !block.heading && !striped;
    if (striped) {
      canvas.fill({0.0, static_cast<double>(y - kHalfGapPx), static_cast<double>(image.width),
                   static_cast<double>(y + block.height + kHalfGapPx)},
                  kStripe);
    }
    for (size_t i = 0; i < block.rows.size(); ++i) {
      const int x = kMarginPx + (i > 0 ? kIndentPx : 0);
      media::draw_unicode(image, x, y + static_cast<int>(i) * kRowPx, block.rows[i], block.color,
                          kScale);
    }
    y += block.height + kGapPx;
  }
  return image;
}

}  // namespace ganymede::data
