#include "ganymede/data/given.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/media/sheet.h"

namespace ganymede::data {
namespace {

constexpr size_t kMostAcross = 4;  // strips side by side

// Strips of what was given, made and real, several side by side.
media::Image strips(const std::vector<std::vector<media::Image>>& sides,
                    const PreviewOptions& options) {
  std::vector<media::Image> tiles;
  const size_t count = sides.front().size();
  const size_t across = std::clamp<size_t>((count + 5) / 6, 1, kMostAcross);
  for (size_t i = 0; i < count; ++i) {
    for (const auto& side : sides) tiles.push_back(media::with_channels(side[i], 3));
  }
  media::SheetOptions sheet;
  sheet.scale = 0;
  sheet.title = options.title;
  sheet.column_titles = {"given", "made", "real"};
  sheet.column_titles.resize(sides.size());
  return media::contact_sheet(tiles, static_cast<int>(across * sides.size()), sheet);
}

// What was made beside what is real, one row for each caption.
media::Image beside_captions(const std::vector<media::Image>& made,
                             const std::vector<media::Image>& reals,
                             const std::vector<std::string>& captions, const std::string& title) {
  std::vector<media::Image> tiles;
  for (size_t i = 0; i < made.size(); ++i) {
    tiles.push_back(made[i]);
    tiles.push_back(reals[i]);
  }
  media::SheetOptions sheet;
  sheet.scale = 0;
  sheet.title = title.empty() ? "made, real" : title;
  sheet.row_labels = captions;
  return media::contact_sheet(tiles, 2, sheet);
}

}  // namespace

media::Image preview_made(const SampleSpec& spec, const at::Tensor& given, const at::Tensor& made,
                          const at::Tensor& reals, const PreviewOptions& options) {
  const Domain& domain = domain_of(spec);
  if (!spec.takes_given() || !given.defined()) return domain.preview(made, reals, options);
  const Domain& giver = domain_of(spec.given[0]);
  std::vector<std::vector<media::Image>> sides = {giver.pictures(given), domain.pictures(made)};
  if (!sides[0].empty() && !sides[1].empty()) {
    if (reals.defined()) sides.push_back(domain.pictures(reals));
    return strips(sides, options);
  }
  PreviewOptions titled = options;
  if (titled.row_labels.empty()) titled.row_labels = giver.captions(given);
  if (!titled.row_labels.empty() && titled.columns == 0) titled.columns = 1;
  if (titled.columns == 1 && !sides[1].empty() && reals.defined() && reals.sizes() == made.sizes())
    return beside_captions(sides[1], domain.pictures(reals), titled.row_labels, options.title);
  return domain.preview(made, reals, titled);
}

}  // namespace ganymede::data
