// Adapters of the metrics that look at captions.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/text.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/retrieval.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBlock = 256;       // pictures that are looked at at once
constexpr int64_t kMostAmong = 1000;  // captions that a picture's own is looked for among

at::Tensor points_of(const std::function<at::Tensor(const at::Tensor&)>& embed,
                     const at::Tensor& rows) {
  std::vector<at::Tensor> points;
  for (const at::Tensor& block : rows.split(kBlock))
    points.push_back(
        embed(block.scalar_type() == at::kByte ? from_bytes(block) : block).to(at::kCPU));
  return at::cat(points);
}

}  // namespace

Findings measure_retrieval(const Comparison& c) {
  const int64_t among = std::min(c.fake.samples.size(0), kMostAmong);
  const at::Tensor captions = points_of(c.words->embed_given, c.fake.given.narrow(0, 0, among));
  const auto judged = [&](const at::Tensor& pictures) {
    const at::Tensor points = points_of(c.words->embed_samples, pictures.narrow(0, 0, among));
    return caption_retrieval(points, captions);
  };
  const Retrieval made = judged(c.fake.samples), real = judged(c.partners);
  const std::string note = fmt::format(
      "among {} captions, by the gan's own encoders; floor: the "
      "captions' real pictures",
      format_count(among));
  const auto finding = [&](const char* name, double value, double floor) {
    const double error = std::sqrt(value * (1 - value) / static_cast<double>(among));
    return Finding{.name = name,
                   .value = value,
                   .better = Better::kHigher,
                   .error = error,
                   .floor = floor,
                   .note = note};
  };
  return {finding("caption R@1", made.first, real.first),
          finding("caption R@5", made.fifth, real.fifth)};
}

}  // namespace ganymede::metrics
