#include "ganymede/data/inspect.h"

#include <ATen/ops/from_blob.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/builtin.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/find.h"
#include "ganymede/data/kinds.h"
#include "ganymede/data/pairs/inspect_pairs.h"
#include "ganymede/data/pairs/open_pairs.h"
#include "ganymede/data/parallel.h"
#include "ganymede/data/pictures.h"
#include "ganymede/data/table/inspect_table.h"
#include "ganymede/data/text/inspect_lines.h"
#include "ganymede/media/resize.h"
#include "ganymede/media/sheet.h"

namespace ganymede::data {
namespace {

constexpr size_t kSheetTiles = 64;
constexpr int kTilePx = 96;  // larger pictures are shrunk to this on the sheet
constexpr size_t kNamedDuplicates = 5;
constexpr int64_t kSheetPoints = 4096;

// What one sample contributes.
struct Finding {
  std::optional<std::string> problem;
  media::ImageInfo info;
  bool grey = true;
  uint64_t hash = 0;
  int64_t pixels = 0;
  std::array<int64_t, 3> sum{}, squares{};
  int low = 255, high = 0;
};

Finding look_at(const PictureReader& reader, int64_t id) {
  Finding found;
  try {
    found.info = reader.probe(id);
    const media::Image image = reader.decode(id, media::Channels::kRgb);
    found.info.width = image.width;  // upright
    found.info.height = image.height;
    found.pixels = int64_t{image.width} * image.height;
    found.hash = xxh3({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()},
                      static_cast<uint64_t>(image.width));
    for (size_t i = 0; i < image.pixels.size(); i += 3) {
      const uint8_t* p = image.pixels.data() + i;
      for (int c = 0; c < 3; ++c) {
        found.sum[c] += p[c];
        found.squares[c] += p[c] * p[c];
        found.low = std::min<int>(found.low, p[c]);
        found.high = std::max<int>(found.high, p[c]);
      }
      found.grey = found.grey && p[0] == p[1] && p[0] == p[2];
    }
  } catch (const Error& error) {
    found.problem = error.parts().found;
  }
  return found;
}

void count_duplicates(const std::vector<uint64_t>& hashes, const std::vector<std::string>& names,
                      DataReport& report) {
  std::unordered_map<uint64_t, size_t> first;
  for (size_t i = 0; i < hashes.size(); ++i) {
    const auto [place, fresh] = first.emplace(hashes[i], i);
    if (fresh) continue;
    ++report.duplicates;
    if (report.duplicate_names.size() < kNamedDuplicates)
      report.duplicate_names.push_back(names[i] + " = " + names[place->second]);
  }
}

void count_labels(const std::vector<int64_t>& labels, int64_t classes,
                  const std::vector<std::string>& names, DataReport& report) {
  for (int64_t c = 0; c < classes; ++c)
    report.labels.push_back({names.empty() ? std::to_string(c) : names[c], 0});
  for (const int64_t label : labels) ++report.labels[label].count;
}

// Combines in the order of the samples, so that sums do not depend on threads.
void summarize(const std::vector<Finding>& findings, DataReport& report) {
  std::map<std::pair<int, int>, int64_t> sizes;
  std::array<double, 3> sum{}, squares{};
  double pixels = 0;
  int low = 255, high = 0;
  report.grey = true;
  for (const Finding& found : findings) {
    if (found.problem) continue;
    ++report.samples;
    ++sizes[{found.info.width, found.info.height}];
    ++report.channels[found.info.channels];
    ++report.bit_depths[found.info.bit_depth];
    report.grey = report.grey && found.grey;
    pixels += static_cast<double>(found.pixels);
    for (int c = 0; c < 3; ++c) {
      sum[c] += static_cast<double>(found.sum[c]);
      squares[c] += static_cast<double>(found.squares[c]);
    }
    low = std::min(low, found.low);
    high = std::max(high, found.high);
  }
  report.sizes.assign(sizes.begin(), sizes.end());
  std::stable_sort(report.sizes.begin(), report.sizes.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (report.samples == 0) return;
  report.minimum = low;
  report.maximum = high;
  for (int c = 0; c < (report.grey ? 1 : 3); ++c) {
    const double mean = sum[c] / pixels;
    report.mean.push_back(mean);
    report.deviation.push_back(std::sqrt(std::max(0.0, squares[c] / pixels - mean * mean)));
  }
}

// A tile of at most kTilePx a side.
media::Image tile_of(media::Image image) {
  const int longest = std::max(image.width, image.height);
  if (longest <= kTilePx) return image;
  const auto scaled = [longest](int side) { return std::max(1, side * kTilePx / longest); };
  return media::resize(image, scaled(image.width), scaled(image.height));
}

media::Image make_sheet(const PictureReader& reader, const std::vector<int64_t>& ids) {
  const size_t count = std::min(kSheetTiles, ids.size());
  std::vector<media::Image> tiles;
  for (size_t i = 0; i < count; ++i)
    tiles.push_back(tile_of(reader.decode(ids[i * ids.size() / count], media::Channels::kRgb)));
  if (tiles.empty()) return {};
  media::SheetOptions options;
  options.scale = 0;
  return media::contact_sheet(tiles, media::square_columns(static_cast<int>(count)), options);
}

DataReport inspect_pictures(const PictureSet& set, const DataConfig& config, Progress* progress) {
  DataReport report;
  report.path = set.path;
  report.kind = set.kind;
  report.domain = "image";
  report.split = config.split;
  report.splits = set.splits;
  report.ignored = set.ignored;
  int64_t count = set.reader->count();
  if (config.limit > 0) count = std::min(count, config.limit);
  std::vector<Finding> findings(static_cast<size_t>(count));
  std::atomic<int64_t> done{0};
  parallel_for_each(count, [&](int64_t id) {
    findings[id] = look_at(*set.reader, id);
    const int64_t now = ++done;
    if (progress && (now % 64 == 0 || now == count))
      progress->update({static_cast<double>(now), static_cast<double>(count), {}});
  });
  summarize(findings, report);
  std::vector<int64_t> ids, labels;
  std::vector<uint64_t> hashes;
  std::vector<std::string> names;
  for (int64_t id = 0; id < count; ++id) {
    if (findings[id].problem) {
      report.broken.push_back({set.reader->name(id), *findings[id].problem});
      continue;
    }
    ids.push_back(id);
    hashes.push_back(findings[id].hash);
    names.push_back(set.reader->name(id));
    if (!set.labels.empty()) labels.push_back(set.labels[id]);
  }
  if (!set.labels.empty()) count_labels(labels, set.classes, set.class_names, report);
  count_duplicates(hashes, names, report);
  report.trainable = !ids.empty() && (report.sizes.size() == 1 || config.size_px > 0);
  report.sheet = make_sheet(*set.reader, ids);
  return report;
}

std::string join_numbers(const std::vector<int64_t>& numbers) {
  std::vector<std::string> parts;
  for (const int64_t number : numbers) parts.push_back(std::to_string(number));
  return join(parts, " x ");
}

DataReport inspect_points(const Dataset& set, const DataConfig& config) {
  DataReport report;
  report.path = config.path;
  report.kind = set.kind();
  report.domain = "points";
  report.split = config.split;
  report.samples = set.size();
  const int64_t dimensions = set.spec().shape[0];
  std::vector<float> values(static_cast<size_t>(set.size() * dimensions));
  std::vector<int64_t> labels;
  std::vector<uint64_t> hashes;
  std::vector<std::string> names;
  for (int64_t i = 0; i < set.size(); ++i) {
    float* point = values.data() + i * dimensions;
    set.read(i, point);
    hashes.push_back(xxh3({reinterpret_cast<const char*>(point), sizeof(float) * dimensions}));
    names.push_back("point " + std::to_string(i));
    if (set.spec().classes > 0) labels.push_back(set.label(i));
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  report.minimum = *low;
  report.maximum = *high;
  for (int64_t d = 0; d < dimensions; ++d) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < set.size(); ++i) sum += values[i * dimensions + d];
    const double mean = sum / static_cast<double>(set.size());
    for (int64_t i = 0; i < set.size(); ++i)
      squares += std::pow(values[i * dimensions + d] - mean, 2);
    report.mean.push_back(mean);
    report.deviation.push_back(std::sqrt(squares / static_cast<double>(set.size())));
  }
  if (!labels.empty()) count_labels(labels, set.spec().classes, set.class_names(), report);
  count_duplicates(hashes, names, report);
  const at::Tensor shown =
      at::from_blob(values.data(), {std::min(set.size(), kSheetPoints), dimensions}, at::kFloat);
  report.sheet = domain_of(set.spec()).preview(shown, {}, {});
  return report;
}

// Samples of any other domain: what they are in numbers, and the domain's own picture of some.
DataReport inspect_samples(const Dataset& set, const DataConfig& config) {
  const SampleSpec& spec = set.spec();
  DataReport report;
  report.path = config.path;
  report.kind = set.kind();
  report.domain = spec.domain;
  report.split = config.split;
  report.samples = set.size();
  report.broken = set.broken();
  report.notes.emplace_back("sample",
                            fmt::format("{} [{}]", spec.domain, join_numbers(spec.shape)));
  for (const SampleSpec& given : spec.given)
    report.notes.emplace_back("given",
                              fmt::format("{} [{}]", given.domain, join_numbers(given.shape)));
  std::vector<float> values(static_cast<size_t>(spec.elements()));
  std::vector<int64_t> labels;
  std::vector<uint64_t> hashes;
  std::vector<std::string> names;
  for (int64_t i = 0; i < set.size(); ++i) {
    set.read(i, values.data());
    hashes.push_back(
        xxh3({reinterpret_cast<const char*>(values.data()), sizeof(float) * values.size()}));
    names.push_back(set.name(i));
    if (spec.classes > 0) labels.push_back(set.label(i));
  }
  if (!labels.empty()) count_labels(labels, spec.classes, set.class_names(), report);
  count_duplicates(hashes, names, report);
  const Domain& domain = domain_of(spec);
  const int64_t shown = std::min(set.size(), domain.preview_count(spec));
  std::vector<int64_t> places;
  for (int64_t i = 0; i < shown; ++i) places.push_back(i * set.size() / shown);
  report.sheet = domain.preview(read_batch(set, places).samples, {}, {});
  return report;
}

// Pairs of several sizes are no reason to say nothing of them.
Source open_whatever_size(const DataConfig& config, Progress* progress) {
  DataConfig wishes = config;
  wishes.strict = false;
  try {
    return open_source(wishes, progress);
  } catch (const DataError&) {
    const bool resizes = config.size_px > 0 || config.patch_px > 0;
    if (resizes || is_builtin(config.path)) throw;
    const DataKind* kind = kind_of(find_data(config.path), config);
    if (kind == nullptr || kind->open != open_pairs) throw;
    wishes.size_px = kTilePx;
    return open_source(wishes, progress);
  }
}

}  // namespace

DataReport inspect(const DataConfig& config, Progress* progress) {
  const Source source = open_whatever_size(config, progress);
  if (source.pictures) return inspect_pictures(*source.pictures, config, progress);
  if (const auto table = std::dynamic_pointer_cast<TableDataset>(source.rows)) {
    return inspect_table(*table, config);
  }
  if (const auto pairs = std::dynamic_pointer_cast<PairDataset>(source.rows)) {
    return inspect_pairs(*pairs, config);
  }
  if (source.rows->spec().domain == "text") return inspect_lines(*source.rows, config);
  if (source.rows->spec().domain != "points") return inspect_samples(*source.rows, config);
  return inspect_points(*source.rows, config);
}

}  // namespace ganymede::data
