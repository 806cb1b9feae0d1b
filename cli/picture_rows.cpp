#include "cli/picture_rows.h"

#include <algorithm>
#include <filesystem>

#include "ganymede/core/error.h"
#include "ganymede/data/domain.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/sheet.h"

namespace ganymede::cli {

void write_rows(const std::string& path, const SampleSpec& spec, const std::string& title,
                const std::vector<PictureRow>& rows) {
  if (spec.domain != "image" || !media::has_image_extension(path)) {
    throw UsageError(
        {.where = path,
         .found = spec.domain != "image" ? "samples that are no images" : "another kind of file",
         .allowed = "a picture (.png, .webp, .jpg) of a gan that makes images"});
  }
  media::SheetOptions options;
  options.scale = 0;
  options.title = title;
  std::vector<std::vector<media::Image>> pictures;
  size_t columns = 1;
  for (const PictureRow& row : rows) {
    pictures.push_back(data::domain_of(spec).pictures(row.samples));
    options.row_labels.push_back(row.label);
    columns = std::max(columns, pictures.back().size());
  }
  const media::Image& first = pictures.at(0).at(0);
  const media::Image blank = media::make_image(first.width, first.height, first.channels, 255);
  std::vector<media::Image> tiles;
  for (auto& row : pictures) {
    row.resize(columns, blank);
    tiles.insert(tiles.end(), row.begin(), row.end());
  }
  media::write_image(path, media::contact_sheet(tiles, static_cast<int>(columns), options));
}

}  // namespace ganymede::cli
