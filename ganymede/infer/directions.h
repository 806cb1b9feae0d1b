// Directions in latent space along which samples change in one way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ganymede/infer/model.h"

namespace ganymede::infer {

struct Direction {
  std::string name;   // "PC 1", "class 3"
  at::Tensor vector;  // float32 [dim], length 1
  double score = 0;   // PC: share of the response's variance; class: held-out balanced accuracy
};

// What the samples look like to the gan's own D: its features, else the pixels. float32 [N, dim],
// evaluation mode. samples: [N, ...spec.shape].
at::Tensor responses(const Model& model, const at::Tensor& samples);

// The `count` principal components of the response, each brought back to z by linear regression
// (Harkonen et al. 2020, GANSpace, arXiv 2004.02546, sec. 2.2: "BigGAN"). z [N, dim],
// response [N, features]. Throws UsageError for fewer samples than 2 or components than asked for.
std::vector<Direction> principal_directions(const at::Tensor& z, const at::Tensor& response,
                                            int64_t count);

// For each class the normal of a linear boundary between it and all others (Shen et al. 2020,
// InterFaceGAN, arXiv 1907.10786, with Fisher's discriminant for the support vector machine): found
// on one half of the samples, judged on the other, pointing towards the class. labels int64 [N];
// classes with fewer than 10 samples in either half are left out. Throws UsageError when none is
// left.
std::vector<Direction> class_directions(const at::Tensor& z, const at::Tensor& labels,
                                        int64_t classes);

// The entries of z themselves, each as a direction: "z 3".
std::vector<Direction> axes(const Model& model, const std::vector<uint64_t>& entries);

// One row of codes for each seed and direction (all directions of the first seed first):
// z + deviation * t * direction for `steps` values t from -reach to reach. float32
// [seeds * directions * steps, dim]. Throws UsageError for fewer than two steps.
at::Tensor traverse(const Model& model, const std::vector<uint64_t>& seeds,
                    const std::vector<Direction>& directions, double reach, int64_t steps);

// .npz: "directions" float32 [K, dim], "scores" float64 [K], "names" uint8 [K, longest] (ASCII,
// zeros behind).
void save_directions(const std::filesystem::path& path, const std::vector<Direction>& directions);
// Throws DataError, and UsageError where they are none of this model's.
std::vector<Direction> load_directions(const std::filesystem::path& path, const Model& model);

}  // namespace ganymede::infer
