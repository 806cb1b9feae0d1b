#include "ganymede/data/given.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/media/meaning.h"
#include "ganymede/media/sheet.h"

namespace ganymede::data {
namespace {

constexpr size_t kMostAcross = 4;  // strips side by side

struct Side {
  const char* title;
  std::vector<media::Image> pictures;
};

// Strips side by side, all pictures as large as those of the last side where that takes whole
// pixels.
media::Image strips(const std::vector<Side>& sides, const PreviewOptions& options) {
  std::vector<media::Image> tiles;
  const size_t count = sides.front().pictures.size();
  const size_t across = std::clamp<size_t>((count + 5) / 6, 1, kMostAcross);
  for (size_t i = 0; i < count; ++i) {
    const media::Image& last = sides.back().pictures[i];
    for (const Side& side : sides) {
      const media::Image& picture = side.pictures[i];
      const bool grows = last.width % picture.width == 0 && last.height % picture.height == 0;
      tiles.push_back(grows ? media::resize_nearest(picture, last.width, last.height) : picture);
    }
  }
  media::SheetOptions sheet;
  sheet.scale = 0;
  sheet.title = options.title;
  for (const Side& side : sides) sheet.column_titles.emplace_back(side.title);
  sheet.group = static_cast<int>(sides.size());
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
  if (!made.defined() && (!spec.takes_given() || !given.defined()))
    return domain.preview(reals, {}, options);
  if (!spec.takes_given() || !given.defined()) return domain.preview(made, reals, options);
  const Domain& giver = domain_of(spec.given[0]);
  std::vector<Side> sides = {{"given", giver.pictures(given)}};
  if (made.defined()) sides.push_back({"made", domain.pictures(made)});
  if (reals.defined()) sides.push_back({"real", domain.pictures(reals)});
  const auto shows = [](const Side& side) { return !side.pictures.empty(); };
  if (std::ranges::all_of(sides, shows)) return strips(sides, options);
  PreviewOptions titled = options;
  if (titled.row_labels.empty()) titled.row_labels = giver.captions(given);
  if (!titled.row_labels.empty() && titled.columns == 0) titled.columns = 1;
  const bool both = made.defined() && reals.defined() && reals.sizes() == made.sizes();
  if (titled.columns == 1 && both && shows(sides[1]))
    return beside_captions(sides[1].pictures, sides[2].pictures, titled.row_labels, options.title);
  return made.defined() ? domain.preview(made, reals, titled) : domain.preview(reals, {}, titled);
}

}  // namespace ganymede::data
