#include "ganymede/gans/sample_grid.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::gans {
namespace {

constexpr int64_t kMostPreviewRows = 10;

std::string seed_name(uint64_t seed) { return "seed-" + std::to_string(seed); }

std::vector<uint64_t> first_seeds(int64_t count) {
  std::vector<uint64_t> seeds(static_cast<size_t>(count));
  std::iota(seeds.begin(), seeds.end(), uint64_t{0});
  return seeds;
}

void check_wishes(const Gan& gan, const std::vector<ClassWish>& wishes) {
  check_takes_classes(gan);
  const bool mixes = std::ranges::any_of(wishes, [](const auto& wish) { return wish.label < 0; });
  if (mixes && !gan.mixes_classes()) {
    throw UsageError({.where = "--class",
                      .found = "a mix of classes, which this gan does not know",
                      .allowed = "whole classes: numbers, names, lists, ranges, all"});
  }
}

// int64 [N], or float32 [N, classes] as soon as one of them is a mix.
at::Tensor labels_of(const std::vector<ClassWish>& wishes, int64_t each) {
  const bool whole = std::ranges::all_of(wishes, [](const auto& wish) { return wish.label >= 0; });
  std::vector<at::Tensor> rows;
  for (const ClassWish& wish : wishes) {
    rows.push_back(whole ? at::full({each}, wish.label, at::kLong)
                         : at::tensor(wish.shares, at::kFloat).expand({each, -1}));
  }
  return at::cat(rows);
}

std::string wish_name(const ClassWish& wish, size_t row) {
  return wish.label >= 0 ? fmt::format("class-{}-", wish.label) : fmt::format("mix-{}-", row);
}

}  // namespace

void check_takes_classes(const Gan& gan) {
  if (gan.conditional()) return;
  throw UsageError(
      {.where = "--class",
       .found = "this gan makes samples without classes",
       .remedy = gan.codes().empty()
                     ? "leave --class out, or train a conditional gan such as cgan or acgan"
                     : "--codes sets what it found in the data by itself"});
}

SampleGrid class_grid(const Gan& gan, const std::vector<ClassWish>& wishes,
                      const std::vector<uint64_t>& seeds) {
  SampleGrid grid;
  if (wishes.empty()) {
    grid.request.seeds = seeds;
    for (const uint64_t seed : seeds) grid.names.push_back(seed_name(seed));
    return grid;
  }
  check_wishes(gan, wishes);
  for (size_t row = 0; row < wishes.size(); ++row) {
    for (const uint64_t seed : seeds) {
      grid.request.seeds.push_back(seed);
      grid.names.push_back(wish_name(wishes[row], row) + seed_name(seed));
    }
  }
  grid.request.labels = labels_of(wishes, static_cast<int64_t>(seeds.size()));
  if (wishes.size() == 1) return grid;
  grid.columns = static_cast<int64_t>(seeds.size());
  for (const ClassWish& wish : wishes) grid.row_titles.push_back(wish.title);
  return grid;
}

SampleGrid code_grid(const Gan& gan, const Code& code, const std::vector<uint64_t>& seeds,
                     int64_t steps, double low, double high) {
  const bool category = code.categories > 0;
  const int64_t columns = category ? code.categories : steps;
  if (columns < 2) {
    throw UsageError({.where = "--steps", .found = std::to_string(steps), .allowed = "2 or more"});
  }
  SampleGrid grid;
  grid.columns = columns;
  Request ends;
  ends.seeds = seeds;
  const at::Tensor z = ends.latents(gan.latent());
  std::vector<at::Tensor> rows;
  for (size_t row = 0; row < seeds.size(); ++row) {
    grid.row_titles.push_back("seed " + std::to_string(seeds[row]));
    for (int64_t column = 0; column < columns; ++column) {
      const double share = static_cast<double>(column) / static_cast<double>(columns - 1);
      const double value = category ? static_cast<double>(column) : low + share * (high - low);
      rows.push_back(with_code(z.narrow(0, static_cast<int64_t>(row), 1), code, value));
      grid.names.push_back(fmt::format("{}-{}-{:g}", seed_name(seeds[row]), code.name, value));
    }
  }
  grid.request.z = at::cat(rows);
  return grid;
}

SampleGrid preview_grid(const Gan& gan, const Classes& classes, int64_t samples) {
  const auto codes = gan.codes();
  const auto category =
      std::ranges::find_if(codes, [](const Code& code) { return code.categories > 0; });
  if (category != codes.end()) {
    const int64_t rows = std::max<int64_t>(1, samples / category->categories);
    return code_grid(gan, *category, first_seeds(rows), 0, 0, 0);
  }
  if (!gan.conditional()) return class_grid(gan, {}, first_seeds(samples));
  const int64_t rows = std::min(classes.count, kMostPreviewRows);
  const auto wishes = parse_classes(fmt::format("0-{}", rows - 1), {.count = classes.count});
  SampleGrid grid = class_grid(gan, wishes, first_seeds(std::max<int64_t>(1, samples / rows)));
  for (size_t row = 0; row < grid.row_titles.size(); ++row) {
    grid.row_titles[row] = classes.title(static_cast<int64_t>(row));
  }
  return grid;
}

Code find_code(const Gan& gan, const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const Code& code : gan.codes()) {
    if (code.name == name) return code;
    names.push_back(code.name);
  }
  if (names.empty()) {
    throw UsageError({.where = where,
                      .found = "this gan's z has no codes with a meaning",
                      .remedy = "train infogan, which finds some"});
  }
  const auto near = did_you_mean(name, names);
  throw UsageError({.where = where,
                    .found = "\"" + name + "\"",
                    .allowed = join(names),
                    .remedy = near ? "did you mean " + *near + "?" : std::string()});
}

at::Tensor with_code(const at::Tensor& z, const Code& code, double value) {
  at::Tensor changed = z.clone();
  if (code.categories == 0) {
    changed.select(1, code.first).fill_(value);
    return changed;
  }
  changed.narrow(1, code.first, code.categories).fill_(-1);
  changed.select(1, code.first + static_cast<int64_t>(value)).fill_(1);
  return changed;
}

at::Tensor with_codes(const Gan& gan, const at::Tensor& z, const std::string& text,
                      const std::string& where) {
  at::Tensor changed = z;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t equals = std::min(part.find('='), part.size());
    const Code code = find_code(gan, part.substr(0, equals), where);
    const std::string number = part.substr(std::min(equals + 1, part.size()));
    double value = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == number.data() + number.size();
    const bool fits = code.categories == 0
                          ? std::abs(value) <= 100
                          : value >= 0 && value < static_cast<double>(code.categories) &&
                                value == std::floor(value);
    if (number.empty() || !whole || !fits) {
      throw UsageError({.where = where,
                        .found = "\"" + part + "\"",
                        .allowed = code.categories == 0
                                       ? code.name + "=VALUE, in training -1 to 1"
                                       : fmt::format("{}=0..{}", code.name, code.categories - 1)});
    }
    changed = with_code(changed, code, value);
  }
  return changed;
}

}  // namespace ganymede::gans
