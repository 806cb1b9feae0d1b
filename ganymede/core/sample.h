// What a sample is, in numbers: the part of a domain that networks need to know.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ganymede {

// What a stretch of an encoded table row stands for. Spans lie one after the other and cover the
// row.
struct Span {
  enum class Kind {
    kScalar,  // one number in [-1, 1] (a tanh head); the one-hot span behind it names its mode
    kUnit,    // one number in [0, 1] (a sigmoid head); NaN where the cell of a real row is missing
    kOneHot,  // `width` numbers, one of them 1 (a softmax head); all NaN as above
  };
  Kind kind = Kind::kScalar;
  int64_t width = 1;
  int64_t column = 0;  // of the table
  // Share of each category among the real rows, [width]; empty where training by sampling does not
  // choose this column.
  std::vector<float> shares = {};
  bool operator==(const Span&) const = default;
};

// Shape and labels of one sample. `domain` names who can read, show and write it
// ("image", "points", "table"). Image samples are float32 [channels, height, width] in [-1, 1];
// points are float32 [dimensions] in data units; table rows float32 [width], laid out by `spans`.
struct SampleSpec {
  std::string domain;
  std::vector<int64_t> shape;
  int64_t classes = 0;            // 0: unlabelled
  std::vector<Span> spans = {};   // of table rows
  std::string domain_state = {};  // JSON: what decoding needs (data::domain_of); empty: nothing
  // What a sample is made from beside z and a class: a picture to translate, a caption, parameters.
  // Empty or one spec (of another domain or shape, without classes and without its own `given`).
  std::vector<SampleSpec> given = {};
  bool takes_given() const { return !given.empty(); }
  // Length of Batch::condition: all spans that have shares, one after the other; 0: none.
  int64_t condition_width() const {
    int64_t n = 0;
    for (const Span& span : spans) n += static_cast<int64_t>(span.shares.size());
    return n;
  }
  int64_t elements() const {
    int64_t n = 1;
    for (const int64_t d : shape) n *= d;
    return n;
  }
  bool operator==(const SampleSpec&) const = default;
};

// Real samples as a gan sees them: samples float32 [N, ...spec.shape]; labels int64 [N]
// (undefined when the data has none); condition float32 [N, spec.condition_width()], in each row
// one 1, at a category that this sample has (undefined when the width is 0); given float32
// [N, ...spec.given[0].shape], what each sample is made from (undefined where nothing is given).
struct Batch {
  at::Tensor samples;
  at::Tensor labels;
  at::Tensor condition = {};
  at::Tensor given = {};
  int64_t size() const { return samples.size(0); }
};

}  // namespace ganymede
