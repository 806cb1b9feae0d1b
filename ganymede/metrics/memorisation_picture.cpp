#include "ganymede/metrics/memorisation_picture.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/image_domain.h"
#include "ganymede/media/canvas.h"
#include "ganymede/media/font.h"
#include "ganymede/media/sheet.h"
#include "ganymede/metrics/picture_arrays.h"

namespace ganymede::metrics {
namespace {

constexpr media::Color kGround = {255, 255, 255};
constexpr media::Color kInk = {32, 32, 32};
constexpr media::Color kRule = {200, 60, 40};
constexpr int kPaddingPx = 4;
constexpr int kHeaderPx = media::kFontLineHeightPx + 2 * kPaddingPx;
constexpr double kRulePx = 2;

[[noreturn]] void refuse(const std::string& found) {
  throw UsageError({.where = "metrics::memorisation_picture",
                    .found = found,
                    .allowed = "fakes and training pictures of one shape; neighbours int64 [N, k] "
                               "of existing ones; closeness [N]; a row"});
}

void check_neighbours(const at::Tensor& indices, const NeighbourTable& table) {
  const bool fits = indices.defined() && indices.scalar_type() == at::kLong && indices.dim() == 2 &&
                    indices.size(0) == table.fakes.size(0) && indices.size(1) >= 1;
  if (!fits) refuse("neighbours of another shape or type");
  if (indices.min().item<int64_t>() < 0 || indices.max().item<int64_t>() >= table.train.size(0)) {
    refuse("a neighbour that is not among the training pictures");
  }
}

void check(const NeighbourTable& table, int64_t rows) {
  check_picture_pair(table.fakes, table.train, "metrics::memorisation_picture", true);
  check_neighbours(table.pixel_neighbours, table);
  if (table.feature_neighbours.defined()) check_neighbours(table.feature_neighbours, table);
  const at::Tensor& closeness = table.closeness;
  if (!closeness.defined() || closeness.dim() != 1 || closeness.size(0) != table.fakes.size(0))
    refuse("no closeness for each fake");
  if (rows < 1) refuse(std::to_string(rows) + " rows");
}

// [1, C, H, W] each, fake first.
at::Tensor row_pictures(const NeighbourTable& table, int64_t fake) {
  std::vector<at::Tensor> parts = {table.fakes[fake].unsqueeze(0),
                                   table.train.index_select(0, table.pixel_neighbours[fake])};
  if (table.feature_neighbours.defined())
    parts.push_back(table.train.index_select(0, table.feature_neighbours[fake]));
  return at::cat(parts);
}

// A heading over the columns from `first` on, and a rule to the left of them.
struct Group {
  int64_t first;
  const char* heading;
};

// The sheet with a line of headings above it. Its last `columns` cells are equally wide.
media::Image with_headings(const media::Image& sheet, int cell_px, int64_t columns,
                           const std::vector<Group>& groups) {
  media::Image image = media::make_image(sheet.width, sheet.height + kHeaderPx, 3, kGround[0]);
  const media::Image rgb = media::convert_channels(sheet, media::Channels::kRgb);
  std::copy(rgb.pixels.begin(), rgb.pixels.end(), image.row(kHeaderPx));
  media::Canvas canvas(image);
  for (const Group& group : groups) {
    const int x = sheet.width - static_cast<int>(columns - group.first) * cell_px;
    media::draw_text(image, x, kPaddingPx, group.heading, kInk);
    if (group.first == 0) continue;
    const double middle = x - kPaddingPx / 2.0;
    canvas.fill({middle - kRulePx / 2, 0, middle + kRulePx / 2, static_cast<double>(image.height)},
                kRule);
  }
  return image;
}

}  // namespace

media::Image memorisation_picture(const NeighbourTable& table, int64_t rows) {
  check(table, rows);
  const at::Tensor order = table.closeness.to(at::kDouble).argsort(/*stable=*/true, 0, false);
  std::vector<at::Tensor> pictures;
  media::SheetOptions options{.padding_px = kPaddingPx, .background = kGround, .scale = 0};
  for (int64_t row = 0; row < std::min(rows, order.size(0)); ++row) {
    const auto fake = order[row].item<int64_t>();
    pictures.push_back(row_pictures(table, fake));
    options.row_labels.push_back(format_number(table.closeness[fake].item<double>()));
  }
  const int64_t columns = pictures[0].size(0);
  const at::Tensor samples = at::cat(pictures).to(at::kFloat) / 127.5 - 1;
  const std::vector<media::Image> tiles = data::ImageDomain().pictures(samples);
  const media::Image sheet = media::contact_sheet(tiles, static_cast<int>(columns), options);
  const int row_count = static_cast<int>(pictures.size());
  std::vector<Group> groups = {{0, "fake"}, {1, "by pixels"}};
  if (table.feature_neighbours.defined())
    groups.push_back({1 + table.pixel_neighbours.size(1), "by features"});
  // Cells are square only where the pictures are; their width follows from the sheet's height.
  const int scaled_height = (sheet.height - kPaddingPx) / row_count - kPaddingPx;
  const int cell_px = scaled_height / tiles[0].height * tiles[0].width + kPaddingPx;
  return with_headings(sheet, cell_px, columns, groups);
}

}  // namespace ganymede::metrics
