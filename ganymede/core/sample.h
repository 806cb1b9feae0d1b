// What a sample is, in numbers: the part of a domain that networks need to know.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ganymede {

// Shape and labels of one sample. `domain` names who can read, show and write it
// ("image", "points"). Image samples are float32 [channels, height, width] in [-1, 1];
// points are float32 [dimensions] in data units.
struct SampleSpec {
  std::string domain;
  std::vector<int64_t> shape;
  int64_t classes = 0;  // 0: unlabelled
  int64_t elements() const {
    int64_t n = 1;
    for (const int64_t d : shape) n *= d;
    return n;
  }
  bool operator==(const SampleSpec&) const = default;
};

// Real samples as a gan sees them: samples float32 [N, ...spec.shape]; labels int64 [N]
// (undefined when the data has none).
struct Batch {
  at::Tensor samples;
  at::Tensor labels;
  int64_t size() const { return samples.size(0); }
};

}  // namespace ganymede
