#include "ganymede/media/sheet.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/media/font.h"

namespace ganymede::media {
namespace {

constexpr int kMaxSheetSidePx = 65500;
constexpr int kComfortableTilePx = 64;
constexpr int kMaxScale = 1024;
constexpr int kTextMarginPx = 6;
constexpr int kTitleScale = 2;
constexpr int kColumnTitleGapPx = 3;
constexpr int kGroupGapPx = 10;
constexpr int kLargeCellPx = 128;

bool is_grey(Color color) { return color[0] == color[1] && color[1] == color[2]; }

// Dark text on light grounds and the reverse.
Color ink_on(Color background) {
  const int light = (background[0] * 299 + background[1] * 587 + background[2] * 114) / 1000;
  return light > 127 ? Color{32, 32, 32} : Color{235, 235, 235};
}

struct Layout {
  int columns;
  int rows;
  int cell_width;
  int cell_height;
  int scale;
  int left;  // where the first cell starts
  int top;
  int padding;
  int group;
  int gaps(int column) const { return group > 0 ? column / group * kGroupGapPx : 0; }
  int cell_left(int column) const { return left + column * (cell_width + padding) + gaps(column); }
  int64_t width() const {
    return left + int64_t{columns} * (cell_width + padding) + gaps(columns - 1);
  }
  int64_t height() const { return top + int64_t{rows} * (cell_height + padding); }
};

// Letters grow with the cells.
int column_title_scale(const Layout& layout) {
  return std::clamp(layout.cell_width / kLargeCellPx, 1, 4);
}

int choose_scale(int wanted, int tile_side) {
  if (wanted > 0) return wanted;
  return std::max(1, (kComfortableTilePx + tile_side - 1) / tile_side);
}

Layout lay_out(const std::vector<Image>& tiles, int columns, const SheetOptions& options) {
  int width = 0;
  int height = 0;
  for (const Image& tile : tiles) {
    width = std::max(width, tile.width);
    height = std::max(height, tile.height);
  }
  int label_width = 0;
  for (const std::string& label : options.row_labels)
    label_width = std::max(label_width, text_width(label));
  Layout layout{};
  layout.columns = columns;
  layout.rows = static_cast<int>((tiles.size() + columns - 1) / columns);
  layout.scale = choose_scale(options.scale, std::max(width, height));
  layout.cell_width = width * layout.scale;
  layout.cell_height = height * layout.scale;
  layout.padding = options.padding_px;
  layout.group = options.group;
  layout.left = layout.padding + (label_width > 0 ? label_width + 2 * kTextMarginPx : 0);
  const bool titled = !options.title.empty();
  layout.top = layout.padding + (titled ? kFontLineHeightPx * kTitleScale + kTextMarginPx : 0);
  if (!options.column_titles.empty())
    layout.top += kFontLineHeightPx * column_title_scale(layout) + kColumnTitleGapPx;
  return layout;
}

uint8_t over(int value, int background, int alpha) {
  return static_cast<uint8_t>((value * alpha + background * (255 - alpha) + 127) / 255);
}

// One pixel in the sheet's channels, alpha composited over the background.
Color flatten(const Image& tile, const uint8_t* pixel, Color background) {
  Color color = tile.channels >= 3 ? Color{pixel[0], pixel[1], pixel[2]}
                                   : Color{pixel[0], pixel[0], pixel[0]};
  if (!tile.has_alpha()) return color;
  for (size_t c = 0; c < 3; ++c) color[c] = over(color[c], background[c], pixel[tile.channels - 1]);
  return color;
}

void paste(Image& sheet, const Image& tile, int left, int top, int scale, Color background) {
  for (int y = 0; y < tile.height * scale; ++y) {
    for (int x = 0; x < tile.width * scale; ++x) {
      const Color color = flatten(tile, tile.at(x / scale, y / scale), background);
      std::copy_n(color.data(), sheet.channels, sheet.at(left + x, top + y));
    }
  }
}

void fill(Image& sheet, Color color) {
  for (size_t i = 0; i < sheet.pixels.size(); ++i) sheet.pixels[i] = color[i % sheet.channels];
}

void write_texts(Image& sheet, const Layout& layout, const SheetOptions& options) {
  const Color ink = ink_on(options.background);
  const int margin = std::max(options.padding_px, kTextMarginPx);
  draw_text(sheet, margin, margin, options.title, ink, kTitleScale);
  const auto titles = static_cast<int>(options.column_titles.size());
  for (int column = 0; titles > 0 && column < layout.columns; ++column) {
    const int scale = column_title_scale(layout);
    std::string text = options.column_titles[column % titles];
    text.resize(
        std::min(text.size(), static_cast<size_t>(layout.cell_width / kFontAdvancePx / scale)));
    const int middle = layout.cell_left(column) + layout.cell_width / 2;
    draw_text(sheet, middle - text_width(text, scale) / 2, layout.top - kFontLineHeightPx * scale,
              text, ink, scale);
  }
  const int rows = std::min(layout.rows, static_cast<int>(options.row_labels.size()));
  for (int row = 0; row < rows; ++row) {
    const int middle =
        layout.top + row * (layout.cell_height + layout.padding) + layout.cell_height / 2;
    draw_text(sheet, margin, middle - kFontCapHeightPx / 2, options.row_labels[row], ink);
  }
}

void check_sheet(const std::vector<Image>& tiles, int columns, const SheetOptions& options) {
  if (tiles.empty() || columns < 1 || options.padding_px < 0 || options.scale < 0 ||
      options.padding_px > kMaxScale || options.scale > kMaxScale)
    throw UsageError({.where = "contact sheet",
                      .found = std::to_string(tiles.size()) + " tiles in " +
                               std::to_string(columns) + " columns, padding " +
                               std::to_string(options.padding_px) + ", scale " +
                               std::to_string(options.scale),
                      .allowed = "a tile, a column, padding and scale of 0 to 1024"});
  for (const Image& tile : tiles) check_image(tile, "contact sheet");
}

}  // namespace

Image contact_sheet(const std::vector<Image>& tiles, int columns, const SheetOptions& options) {
  check_sheet(tiles, columns, options);
  const Layout layout = lay_out(tiles, columns, options);
  const int64_t width = std::max<int64_t>(
      layout.width(),
      options.title.empty() ? 0 : text_width(options.title, kTitleScale) + 2 * kTextMarginPx);
  if (width > kMaxSheetSidePx || layout.height() > kMaxSheetSidePx)
    throw UsageError({.where = "contact sheet",
                      .found = std::to_string(width) + " x " + std::to_string(layout.height()),
                      .allowed = "sides of at most 65500 px",
                      .remedy = "use fewer tiles or a smaller scale"});
  const bool grey =
      is_grey(options.background) &&
      std::all_of(tiles.begin(), tiles.end(), [](const Image& tile) { return tile.channels < 3; });
  Image sheet =
      make_image(static_cast<int>(width), static_cast<int>(layout.height()), grey ? 1 : 3);
  fill(sheet, options.background);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const int column = static_cast<int>(i) % columns;
    const int row = static_cast<int>(i) / columns;
    const Image& tile = tiles[i];
    const int left = layout.cell_left(column) + (layout.cell_width - tile.width * layout.scale) / 2;
    const int top = layout.top + row * (layout.cell_height + layout.padding) +
                    (layout.cell_height - tile.height * layout.scale) / 2;
    paste(sheet, tile, left, top, layout.scale, options.background);
  }
  write_texts(sheet, layout, options);
  return sheet;
}

int square_columns(int count) {
  return std::max(1, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(count)))));
}

}  // namespace ganymede::media
