#include "ganymede/metrics/text/sentences.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <set>

#include "ganymede/core/token_spec.h"

namespace ganymede::metrics {

std::vector<Sentence> sentences_of(const at::Tensor& samples) {
  const at::Tensor numbers = samples.to(at::kCPU).round().to(at::kInt).contiguous();
  const int64_t length = numbers.size(1);
  std::vector<Sentence> sentences;
  for (int64_t i = 0; i < numbers.size(0); ++i) {
    const int32_t* row = numbers.data_ptr<int32_t>() + i * length;
    const int32_t* end = std::find_if(
        row, row + length, [](int32_t token) { return token == kEndToken || token == kPadToken; });
    sentences.emplace_back(row, end);
  }
  return sentences;
}

double new_share(const std::vector<Sentence>& sentences, const std::vector<Sentence>& known) {
  if (sentences.empty()) return std::numeric_limits<double>::quiet_NaN();
  const std::set<Sentence> all(known.begin(), known.end());
  const auto fresh = std::ranges::count_if(
      sentences, [&](const Sentence& sentence) { return !all.contains(sentence); });
  return static_cast<double>(fresh) / static_cast<double>(sentences.size());
}

}  // namespace ganymede::metrics
