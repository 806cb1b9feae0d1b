#include "ganymede/metrics/path_length.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBatch = 32;
constexpr double kTrimmed = 0.01;  // at either end

// Latents of pairs [first, first + count) and where on their paths to look; float32 [count, dim]
// twice, float64 [count, 1].
struct Draws {
  at::Tensor from, to, t;
};

Draws draw(const Stream& keyed, int64_t first, int64_t count, int64_t dim, bool normal) {
  std::vector<at::Tensor> ends;
  std::vector<double> places;
  for (int64_t pair = first; pair < first + count; ++pair) {
    Stream stream = keyed.at(static_cast<uint64_t>(pair));
    ends.push_back(normal ? stream.normal({2, dim}) : stream.uniform({2, dim}, -1, 1));
    places.push_back(stream.next_uniform());
  }
  const at::Tensor z = at::stack(ends);
  return {z.select(1, 0), z.select(1, 1), at::tensor(places, at::kDouble).unsqueeze(1)};
}

at::Tensor straight(const at::Tensor& a, const at::Tensor& b, const at::Tensor& t) {
  return a + (b - a) * t;
}

// Shoemake 1985; vectors in line with each other are joined straight.
at::Tensor great_circle(const at::Tensor& a, const at::Tensor& b, const at::Tensor& t) {
  const at::Tensor cosine = (a * b).sum(1, true) / (a.norm(2, 1, true) * b.norm(2, 1, true));
  const at::Tensor angle = at::acos(cosine.clamp(-1, 1));
  const at::Tensor sine = at::sin(angle);
  const at::Tensor arc = (at::sin((1 - t) * angle) * a + at::sin(t * angle) * b) / sine;
  return at::where(sine > 1e-6, arc, straight(a, b, t));
}

void check(int64_t latent_dim, int64_t pairs, double epsilon) {
  if (latent_dim >= 1 && pairs >= 1 && epsilon > 0) return;
  throw UsageError({.where = "metrics::path_length",
                    .found = std::to_string(latent_dim) + " dimensions, " + std::to_string(pairs) +
                             " pairs, epsilon " + std::to_string(epsilon),
                    .allowed = "one dimension and one pair or more, epsilon above 0"});
}

void append(const at::Tensor& distances, int64_t count, std::vector<double>& all) {
  if (distances.dim() != 1 || distances.size(0) != count) {
    throw UsageError({.where = "metrics::path_length",
                      .found = std::to_string(distances.numel()) + " distances for " +
                               std::to_string(count) + " pairs",
                      .allowed = "distances as [N]"});
  }
  const at::Tensor values = distances.to(at::kCPU, at::kDouble).contiguous();
  for (int64_t i = 0; i < count; ++i) {
    const double value = values.data_ptr<double>()[i];
    if (!std::isfinite(value)) {
      throw NumericError(
          {.where = "metrics::path_length",
           .found = "a distance that is not finite at pair " + std::to_string(all.size())});
    }
    all.push_back(value);
  }
}

PathLength summarize(std::vector<double> lengths) {
  PathLength result;
  result.pairs = static_cast<int64_t>(lengths.size());
  std::sort(lengths.begin(), lengths.end());
  const auto last = static_cast<double>(lengths.size() - 1);
  const auto low = static_cast<size_t>(std::floor(kTrimmed * last));
  const auto high = static_cast<size_t>(std::ceil((1 - kTrimmed) * last));
  const auto kept = static_cast<double>(high - low + 1);
  for (size_t i = low; i <= high; ++i) result.mean += lengths[i] / kept;
  double squares = 0;
  for (size_t i = low; i <= high; ++i) squares += std::pow(lengths[i] - result.mean, 2);
  result.sd = high > low ? std::sqrt(squares / (kept - 1)) : 0;
  return result;
}

}  // namespace

PathLength path_length(const LatentFunction& generate, const SampleDistance& distance,
                       int64_t latent_dim, bool normal_latents, int64_t pairs, uint64_t seed,
                       double epsilon, const LatentFunction& map) {
  check(latent_dim, pairs, epsilon);
  const at::NoGradGuard no_grad;
  const Stream keyed(seed, "path length");
  std::vector<double> lengths;
  for (int64_t first = 0; first < pairs; first += kBatch) {
    const int64_t count = std::min(kBatch, pairs - first);
    const Draws draws = draw(keyed, first, count, latent_dim, normal_latents);
    const at::Tensor from = (map ? map(draws.from) : draws.from).to(at::kDouble);
    const at::Tensor to = (map ? map(draws.to) : draws.to).to(at::kDouble);
    const auto sample_at = [&](const at::Tensor& t) {
      const bool circle = normal_latents && !map;
      return generate((circle ? great_circle(from, to, t) : straight(from, to, t)).to(at::kFloat));
    };
    const at::Tensor near = sample_at(draws.t);
    const at::Tensor far = sample_at(draws.t + epsilon);
    append(distance(near, far) / (epsilon * epsilon), count, lengths);
  }
  return summarize(std::move(lengths));
}

}  // namespace ganymede::metrics
