#include "ganymede/infer/directions.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/infer/latent.h"
#include "ganymede/infer/npz_tensor.h"

namespace ganymede::infer {
namespace {

constexpr int64_t kBatch = 128;
constexpr int64_t kFewest = 10;      // samples of a class in each half
constexpr double kShrinkage = 1e-3;  // of the within-class covariance towards the identity

at::Tensor unit(const at::Tensor& vector) {
  return (vector / vector.norm().clamp_min(1e-12)).to(at::kFloat);
}

at::Tensor centred(const at::Tensor& x) {
  const at::Tensor wide = x.to(at::kDouble);
  return wide - wide.mean(0, true);
}

// Coordinates of each row along the principal components, largest first, up to a factor for each,
// and the variances. The smaller of the two matrices of products has them.
std::pair<at::Tensor, at::Tensor> components(const at::Tensor& response) {
  const at::Tensor x = centred(response);
  const bool wide = x.size(1) > x.size(0);
  const auto [values, vectors] = at::linalg_eigh(at::matmul(wide ? x : x.t(), wide ? x.t() : x));
  const at::Tensor first = vectors.flip(1);
  return {wide ? first : at::matmul(x, first), values.flip(0).clamp_min(0)};
}

// Rows of one class and of the others in the half numbered 0 or 1.
struct Sides {
  at::Tensor in, out;
};
Sides sides(const at::Tensor& z, const at::Tensor& member, int64_t half) {
  const at::Tensor own = at::arange(z.size(0)).remainder(2).eq(half);
  const auto rows = [&](const at::Tensor& wanted) {
    return z.index_select(0, wanted.logical_and(own).nonzero().flatten());
  };
  return {rows(member), rows(member.logical_not())};
}

at::Tensor covariance(const at::Tensor& x) {
  const at::Tensor c = centred(x);
  return at::matmul(c.t(), c);
}

Direction boundary(const Sides& fit, const Sides& judge, int64_t label) {
  const auto count = static_cast<double>(fit.in.size(0) + fit.out.size(0));
  const at::Tensor within = (covariance(fit.in) + covariance(fit.out)) / count +
                            kShrinkage * at::eye(fit.in.size(1), at::kDouble);
  const at::Tensor in = fit.in.mean(0), out = fit.out.mean(0);
  const at::Tensor normal = unit(at::linalg_solve(within, in - out)).to(at::kDouble);
  const at::Tensor middle = ((in + out) * normal).sum() / 2;
  const auto share = [&](const at::Tensor& rows, bool above) {
    const at::Tensor side = at::matmul(rows, normal).gt(middle);
    return (above ? side : side.logical_not()).to(at::kDouble).mean().item<double>();
  };
  return {"class " + std::to_string(label), normal.to(at::kFloat),
          (share(judge.in, true) + share(judge.out, false)) / 2};
}

std::vector<std::string> names_in(const media::NpyArray& array) {
  std::vector<std::string> names;
  const auto width = static_cast<size_t>(array.shape.at(1));
  for (int64_t i = 0; i < array.shape.at(0); ++i) {
    const std::string row = array.bytes.substr(static_cast<size_t>(i) * width, width);
    names.push_back(row.substr(0, row.find('\0')));
  }
  return names;
}

}  // namespace

at::Tensor responses(const Model& model, const at::Tensor& samples) {
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  std::vector<at::Tensor> parts;
  for (int64_t begin = 0; begin < samples.size(0); begin += kBatch) {
    const at::Tensor batch =
        samples.narrow(0, begin, std::min(kBatch, samples.size(0) - begin)).to(model.device());
    const at::Tensor seen = model.gan().features(batch);
    parts.push_back((seen.defined() ? seen : batch.flatten(1)).to(at::kFloat).cpu());
  }
  return at::cat(parts);
}

std::vector<Direction> principal_directions(const at::Tensor& z, const at::Tensor& response,
                                            int64_t count) {
  if (count < 1 || count > std::min({z.size(0) - 1, z.size(1), response.size(1)})) {
    throw UsageError({.where = "--count",
                      .found = std::to_string(count),
                      .allowed = "1 to the entries of z, and fewer than the samples"});
  }
  const auto [coordinates, variances] = components(response);
  const at::Tensor codes = centred(z);
  const double total = std::max(variances.sum().item<double>(), 1e-300);
  std::vector<Direction> found;
  for (int64_t k = 0; k < count; ++k) {
    // z is white, so that its regression on a coordinate is their covariance.
    const at::Tensor slope = at::matmul(codes.t(), coordinates.select(1, k));
    const double sign = slope.index_select(0, slope.abs().argmax().view({1})).item<double>();
    found.push_back({"PC " + std::to_string(k + 1), unit(sign < 0 ? -slope : slope),
                     variances[k].item<double>() / total});
  }
  return found;
}

std::vector<Direction> class_directions(const at::Tensor& z, const at::Tensor& labels,
                                        int64_t classes) {
  const at::Tensor codes = z.to(at::kDouble);
  std::vector<Direction> found;
  for (int64_t label = 0; label < classes; ++label) {
    const at::Tensor member = labels.eq(label);
    const Sides fit = sides(codes, member, 0), judge = sides(codes, member, 1);
    const int64_t fewest =
        std::min({fit.in.size(0), fit.out.size(0), judge.in.size(0), judge.out.size(0)});
    if (fewest >= kFewest) found.push_back(boundary(fit, judge, label));
  }
  if (!found.empty()) return found;
  throw UsageError({.where = "labels",
                    .found = "no class with " + std::to_string(2 * kFewest) + " generated samples",
                    .remedy = "a larger -n"});
}

std::vector<Direction> axes(const Model& model, const std::vector<uint64_t>& entries) {
  const int64_t dim = model.gan().latent().dim;
  std::vector<Direction> found;
  for (const uint64_t entry : entries) {
    if (entry >= static_cast<uint64_t>(dim)) {
      throw UsageError({.where = "--entries",
                        .found = std::to_string(entry),
                        .allowed = "0.." + std::to_string(dim - 1)});
    }
    at::Tensor vector = at::zeros({dim});
    vector[static_cast<int64_t>(entry)] = 1;
    found.push_back({"z " + std::to_string(entry), vector, 0});
  }
  return found;
}

at::Tensor traverse(const Model& model, const std::vector<uint64_t>& seeds,
                    const std::vector<Direction>& directions, double reach, int64_t steps) {
  if (steps < 2) {
    throw UsageError({.where = "--steps", .found = std::to_string(steps), .allowed = "2 or more"});
  }
  const gans::Latent latent = model.gan().latent();
  const at::Tensor ways =
      at::linspace(-reach, reach, steps).unsqueeze(1) * latent_deviation(latent);
  const at::Tensor begin = latents_of(model, seeds);
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < begin.size(0); ++i) {
    for (const Direction& direction : directions) {
      rows.push_back(begin[i].unsqueeze(0) + ways * direction.vector.unsqueeze(0));
    }
  }
  return within_range(latent, at::cat(rows));
}

void save_directions(const std::filesystem::path& path, const std::vector<Direction>& directions) {
  size_t longest = 1;
  for (const Direction& direction : directions) {
    longest = std::max(longest, direction.name.size());
  }
  std::string names;
  std::vector<at::Tensor> vectors;
  std::vector<double> scores;
  for (const Direction& direction : directions) {
    names += direction.name + std::string(longest - direction.name.size(), '\0');
    vectors.push_back(direction.vector);
    scores.push_back(direction.score);
  }
  const at::Tensor stacked = at::stack(vectors).contiguous();
  const auto count = static_cast<int64_t>(directions.size());
  const auto view = [](const void* data, size_t bytes) {
    return std::string_view(static_cast<const char*>(data), bytes);
  };
  media::write_npz(
      path,
      {{"directions",
        {media::DType::kF32, stacked.sizes().vec(), view(stacked.data_ptr(), stacked.nbytes())}},
       {"scores",
        {media::DType::kF64, {count}, view(scores.data(), scores.size() * sizeof(double))}},
       {"names", {media::DType::kU8, {count, static_cast<int64_t>(longest)}, names}}});
}

std::vector<Direction> load_directions(const std::filesystem::path& path, const Model& model) {
  const auto arrays = media::read_npz(path);
  const at::Tensor vectors = npz_tensor(arrays, "directions", path);
  const at::Tensor scores = npz_tensor(arrays, "scores", path);
  const auto names = arrays.find("names");
  const int64_t dim = model.gan().latent().dim;
  const bool whole = names != arrays.end() && names->second.dtype == media::DType::kU8 &&
                     names->second.shape.size() == 2 && vectors.dim() == 2 && scores.dim() == 1 &&
                     names->second.shape[0] == vectors.size(0) &&
                     scores.size(0) == vectors.size(0) && vectors.size(0) > 0;
  if (!whole || vectors.size(1) != dim) {
    throw UsageError(
        {.where = path.string(),
         .found = "no directions of this model",
         .allowed = "what gan latent directions wrote for it: [K, " + std::to_string(dim) + "]"});
  }
  const std::vector<std::string> words = names_in(names->second);
  std::vector<Direction> found;
  for (int64_t i = 0; i < vectors.size(0); ++i) {
    found.push_back({words[static_cast<size_t>(i)], unit(vectors[i]), scores[i].item<double>()});
  }
  return found;
}

}  // namespace ganymede::infer
