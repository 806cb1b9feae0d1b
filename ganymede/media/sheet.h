// Contact sheets: many small pictures on one.
#pragma once

#include <string>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::media {

struct SheetOptions {
  int padding_px = 2;
  Color background = {255, 255, 255};
  // Each tile pixel becomes a scale x scale square; 0 chooses it so that tiles are at least 64 px.
  int scale = 1;
  std::string title = {};
  // Above the columns, in turn; cut to the width of a column. Shorter than the columns: repeated.
  std::vector<std::string> column_titles = {};
  int group = 0;                             // > 0: a wider gap behind every so many columns
  std::vector<std::string> row_labels = {};  // left of the rows; may be shorter than the rows
};

// Lays tiles out row by row, `columns` in each. Tiles may differ in size and channels: the cell is
// as large as the largest, smaller ones are centred, alpha is composited over the background. The
// result is grey when every tile and the background are, else RGB. Throws UsageError for no tiles,
// columns < 1 or a sheet beyond 65,500 px a side.
Image contact_sheet(const std::vector<Image>& tiles, int columns, const SheetOptions& options = {});

// The number of columns that makes `count` tiles of one size nearly square.
int square_columns(int count);

}  // namespace ganymede::media
