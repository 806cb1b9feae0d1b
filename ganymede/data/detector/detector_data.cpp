#include "ganymede/data/detector/detector_data.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/detector/detector_domain.h"
#include "ganymede/data/tensor_data.h"
#include "ganymede/media/hits.h"
#include "ganymede/media/npy.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLeastPads = 8, kLeastTimes = 16;  // the published grid
constexpr int64_t kStep = 8;
constexpr int64_t kMostSide = 1024;
constexpr size_t kHeadBytes = 256;
constexpr int64_t kTestShare = 10;  // every so many events one is kept for tests

struct Axis {
  int64_t first = 0;
  int64_t size = 0;
};

// The smallest allowed stretch around [low, high], centred.
Axis axis_around(int64_t low, int64_t high, int64_t least, const std::string& where) {
  const int64_t needed = high - low + 1;
  const int64_t size = std::max(least, (needed + kStep - 1) / kStep * kStep);
  if (size > kMostSide) {
    throw DataError({where, fmt::format("hits over {} places of an axis", needed),
                     fmt::format("{} at most", kMostSide)});
  }
  return {low - (size - needed) / 2, size};
}

struct Events {
  at::Tensor amounts;  // double [N, C, H, W]
  at::Tensor parameters = {};
  std::vector<std::string> names = {};
  Axis rows = {}, columns = {};
};

Events grid_of(const media::HitEvents& hits, const std::optional<DetectorCode>& code,
               const std::string& where) {
  int64_t low_pad = INT64_MAX, high_pad = INT64_MIN, low_time = INT64_MAX, high_time = INT64_MIN;
  for (const auto& event : hits.events) {
    for (const media::Hit& hit : event) {
      low_pad = std::min(low_pad, hit.pad);
      high_pad = std::max(high_pad, hit.pad);
      low_time = std::min(low_time, hit.time);
      high_time = std::max(high_time, hit.time);
    }
  }
  Events found;
  found.rows = axis_around(low_pad, high_pad, kLeastPads, where);
  found.columns = axis_around(low_time, high_time, kLeastTimes, where);
  if (code) {
    found.rows.first = code->first_row;
    found.columns.first = code->first_column;
  }
  const auto count = static_cast<int64_t>(hits.events.size());
  found.amounts = at::zeros({count, 1, found.rows.size, found.columns.size}, at::kDouble);
  auto at = found.amounts.accessor<double, 4>();
  for (int64_t i = 0; i < count; ++i) {
    for (const media::Hit& hit : hits.events[static_cast<size_t>(i)]) {
      const int64_t row = hit.pad - found.rows.first, column = hit.time - found.columns.first;
      if (row < 0 || row >= found.rows.size || column < 0 || column >= found.columns.size) continue;
      at[i][0][row][column] = hit.amount;
    }
  }
  if (hits.names.empty()) return found;
  found.names = hits.names;
  found.parameters = at::empty({count, static_cast<int64_t>(hits.names.size())}, at::kDouble);
  auto parameters = found.parameters.accessor<double, 2>();
  for (int64_t i = 0; i < count; ++i) {
    for (size_t p = 0; p < hits.names.size(); ++p)
      parameters[i][static_cast<int64_t>(p)] = hits.parameters[static_cast<size_t>(i)][p];
  }
  return found;
}

at::ScalarType scalar_type(media::DType type, const std::string& where) {
  switch (type) {
    case media::DType::kF32:
      return at::kFloat;
    case media::DType::kF64:
      return at::kDouble;
    case media::DType::kU8:
      return at::kByte;
    case media::DType::kI32:
      return at::kInt;
    case media::DType::kI64:
      return at::kLong;
    default:
      throw DataError({where, std::string("values of type ") + std::string(media::dtype_name(type)),
                       "float32, float64, uint8, int32 or int64"});
  }
}

Events from_array(const media::NpyArray& array, const std::string& where) {
  std::vector<int64_t> shape = array.shape;
  if (shape.size() == 3) shape.insert(shape.begin() + 1, 1);
  if (shape.size() != 4 || *std::ranges::min_element(shape) < 1 ||
      std::max(shape[2], shape[3]) > kMostSide) {
    throw DataError({where, "an array " + media::shape_text(array.shape),
                     "[events, channels, rows, columns] or [events, rows, columns]"});
  }
  const at::Tensor raw = at::empty(shape, scalar_type(array.dtype, where));
  if (raw.nbytes() != array.bytes.size()) {
    throw DataError(
        {where, fmt::format("{} bytes", array.bytes.size()), fmt::format("{}", raw.nbytes())});
  }
  std::memcpy(raw.data_ptr(), array.bytes.data(), array.bytes.size());
  Events found{.amounts = raw.to(at::kDouble)};
  if (!at::isfinite(found.amounts).all().item<bool>() || found.amounts.min().item<double>() < 0) {
    throw DataError({where, "amounts that are negative or not finite", "0 or more"});
  }
  found.rows.size = shape[2];
  found.columns.size = shape[3];
  return found;
}

Events read_events(const fs::path& path, const std::optional<DetectorCode>& code) {
  const std::string where = path.string();
  if (path.extension() == ".npz") {
    const auto arrays = media::read_npz(path);
    const auto named = arrays.find("amounts");
    if (named != arrays.end()) return from_array(named->second, where + ": amounts");
    if (arrays.size() == 1) return from_array(arrays.begin()->second, where);
    throw DataError({where, fmt::format("{} arrays", arrays.size()), "one, or one named amounts"});
  }
  if (path.extension() == ".npy") return from_array(media::read_npy(path), where);
  return grid_of(media::parse_hits(read_file(path), where), code, where);
}

// Each divided by its largest magnitude in the data.
std::string parameters_state(const Events& events) {
  std::vector<double> scales, means;
  for (int64_t p = 0; p < events.parameters.size(1); ++p) {
    const at::Tensor column = events.parameters.select(1, p);
    const double most = column.abs().max().item<double>();
    scales.push_back(most > 0 ? most : 1.0);
    means.push_back(column.mean().item<double>());
  }
  return nlohmann::json{{"names", events.names}, {"scales", scales}, {"means", means}}.dump();
}

DetectorCode code_of(const Events& events, const std::string& where) {
  DetectorCode code;
  code.first_row = events.rows.first;
  code.first_column = events.columns.first;
  if (events.parameters.defined()) code.parameters = parameters_state(events);
  for (int64_t c = 0; c < events.amounts.size(1); ++c) {
    const at::Tensor channel = events.amounts.select(1, c);
    const at::Tensor seen = channel.masked_select(channel > 0);
    if (seen.numel() == 0) {
      throw DataError({where, fmt::format("nothing in channel {}", c), "amounts above 0"});
    }
    code.units.push_back(seen.min().item<double>());
    code.whole.push_back(at::equal(seen, seen.round()));
  }
  return code;
}

// Every tenth event is a test.
at::Tensor rows_of_split(int64_t count, const std::string& split) {
  const at::Tensor all = at::arange(count, at::kLong);
  if (split == "all") return all;
  const at::Tensor test = all.remainder(kTestShare) == kTestShare - 1;
  return all.masked_select(split == "test" ? test : test.logical_not());
}

}  // namespace

bool resembles_detector(const fs::path& path, const DataConfig&) {
  if (!fs::is_regular_file(path)) return false;
  std::ifstream file(path, std::ios::binary);
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  return media::resembles_hits(head);
}

std::shared_ptr<Dataset> open_detector(const fs::path& path, const DataConfig& config, Progress*) {
  const std::string where = path.string();
  if (config.size_px != 0) {
    throw UsageError({"data.size_px", std::to_string(config.size_px) + " for detector data", "0",
                      "--set data.size_px=0"});
  }
  std::optional<DetectorCode> fixed;
  if (!config.domain_state.empty()) fixed = DetectorCode::from_json(config.domain_state);
  const Events events = read_events(path, fixed);
  const DetectorCode code = fixed ? *fixed : code_of(events, where);
  SampleSpec spec{.domain = "detector",
                  .shape = events.amounts.sizes().slice(1).vec(),
                  .domain_state = code.to_json().dump()};
  at::Tensor rows = rows_of_split(events.amounts.size(0), config.split);
  if (config.limit > 0) rows = rows.slice(0, 0, config.limit);
  if (rows.numel() == 0) {
    throw DataError({where, fmt::format("{} events", events.amounts.size(0)),
                     "10 or more, of which every tenth is a test", "--set data.split=all"});
  }
  Batch batch{.samples = code.encode(events.amounts.index_select(0, rows)), .labels = {}};
  if (!code.parameters.empty() && events.parameters.defined()) {
    spec.given.push_back({.domain = "parameters",
                          .shape = {events.parameters.size(1)},
                          .domain_state = code.parameters});
    batch.given = ParametersDomain(code.parameters).encode(events.parameters).index_select(0, rows);
  }
  return std::make_shared<TensorData>(std::move(spec), batch, "detector events");
}

}  // namespace ganymede::data
