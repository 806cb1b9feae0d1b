#include "ganymede/metrics/text/bleu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <unordered_map>

namespace ganymede::metrics {
namespace {

constexpr double kSmoothing = 0.1;

// Up to kMostGrams tokens; unused places are -1.
using Gram = std::array<int32_t, kMostGrams>;

struct GramHash {
  size_t operator()(const Gram& gram) const {
    uint64_t hash = 0x9E3779B97F4A7C15ULL;
    for (const int32_t token : gram) {
      hash ^= static_cast<uint32_t>(token);
      hash *= 0xBF58476D1CE4E5B9ULL;
      hash ^= hash >> 29;
    }
    return static_cast<size_t>(hash);
  }
};

using Counts = std::unordered_map<Gram, int64_t, GramHash>;

Counts count_grams(const Sentence& sentence, int n) {
  Counts counts;
  const auto length = static_cast<int64_t>(sentence.size());
  for (int64_t begin = 0; begin + n <= length; ++begin) {
    Gram gram;
    gram.fill(-1);
    std::copy_n(sentence.begin() + begin, n, gram.begin());
    ++counts[gram];
  }
  return counts;
}

// The largest count of an n-gram in one reference, whose, and the largest in any other.
struct Most {
  int64_t count = 0;
  int64_t owner = -1;
  int64_t next = 0;
  void see(int64_t seen, int64_t reference) {
    if (seen > count) {
      next = count;
      count = seen;
      owner = reference;
    } else {
      next = std::max(next, seen);
    }
  }
  int64_t without(int64_t reference) const { return owner == reference ? next : count; }
};

}  // namespace

struct BleuReferences::State {
  std::array<std::unordered_map<Gram, Most, GramHash>, kMostGrams> most;
  std::vector<int64_t> lengths;      // of each reference
  std::vector<int64_t> with_length;  // how many references are so long

  // Of the references but one: nearest to `length`, the shorter of equals.
  int64_t nearest_length(int64_t length, int64_t without) const {
    int64_t best = -1;
    for (int64_t candidate = 0; candidate < static_cast<int64_t>(with_length.size()); ++candidate) {
      int64_t count = with_length[static_cast<size_t>(candidate)];
      if (without >= 0 && lengths[static_cast<size_t>(without)] == candidate) --count;
      if (count <= 0) continue;
      if (best < 0 || std::abs(candidate - length) < std::abs(best - length)) best = candidate;
    }
    return best;
  }
};

BleuReferences::BleuReferences(const std::vector<Sentence>& references)
    : state_(std::make_unique<State>()) {
  for (size_t i = 0; i < references.size(); ++i) {
    const size_t length = references[i].size();
    state_->lengths.push_back(static_cast<int64_t>(length));
    if (state_->with_length.size() <= length) state_->with_length.resize(length + 1, 0);
    ++state_->with_length[length];
    for (int n = 1; n <= kMostGrams; ++n) {
      for (const auto& [gram, count] : count_grams(references[i], n)) {
        state_->most[static_cast<size_t>(n - 1)][gram].see(count, static_cast<int64_t>(i));
      }
    }
  }
}

BleuReferences::~BleuReferences() = default;

std::vector<double> BleuReferences::bleu(const Sentence& hypothesis, int64_t without) const {
  std::vector<double> scores(kMostGrams, 0.0);
  const auto length = static_cast<int64_t>(hypothesis.size());
  const int64_t reference_length = state_->nearest_length(length, without);
  if (length == 0 || reference_length < 0) return scores;
  const double ratio = static_cast<double>(reference_length) / static_cast<double>(length);
  const double brevity = length > reference_length ? 1.0 : std::exp(1.0 - ratio);
  double log_sum = 0;
  for (int n = 1; n <= kMostGrams; ++n) {
    const auto& most = state_->most[static_cast<size_t>(n - 1)];
    int64_t shared = 0;
    for (const auto& [gram, count] : count_grams(hypothesis, n)) {
      const auto found = most.find(gram);
      if (found != most.end()) shared += std::min(count, found->second.without(without));
    }
    if (n == 1 && shared == 0) return scores;
    const auto all = static_cast<double>(std::max<int64_t>(1, length - n + 1));
    log_sum += std::log((shared == 0 ? kSmoothing : static_cast<double>(shared)) / all);
    scores[static_cast<size_t>(n - 1)] = brevity * std::exp(log_sum / n);
  }
  return scores;
}

namespace {

void add_to(std::vector<double>& sums, const std::vector<double>& scores, size_t count) {
  for (size_t n = 0; n < sums.size(); ++n) sums[n] += scores[n] / static_cast<double>(count);
}

}  // namespace

std::vector<double> mean_bleu(const std::vector<Sentence>& hypotheses,
                              const std::vector<Sentence>& references) {
  const BleuReferences counted(references);
  std::vector<double> means(kMostGrams, 0.0);
  for (const Sentence& hypothesis : hypotheses)
    add_to(means, counted.bleu(hypothesis), hypotheses.size());
  return means;
}

std::vector<double> self_bleu(const std::vector<Sentence>& sentences) {
  const BleuReferences counted(sentences);
  std::vector<double> means(kMostGrams, 0.0);
  for (size_t i = 0; i < sentences.size(); ++i) {
    add_to(means, counted.bleu(sentences[i], static_cast<int64_t>(i)), sentences.size());
  }
  return means;
}

}  // namespace ganymede::metrics
