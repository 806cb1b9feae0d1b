// BLEU: how many of a text's n-grams others have (Papineni et al. 2002), per sentence, with the
// first smoothing of Chen & Cherry 2014 (an n-gram count of 0 counts as 0.1) as nltk has it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ganymede::metrics {

using Sentence = std::vector<int32_t>;  // token numbers

inline constexpr int kMostGrams = 5;

// References, counted once for many hypotheses.
class BleuReferences {
 public:
  explicit BleuReferences(const std::vector<Sentence>& references);
  ~BleuReferences();
  BleuReferences(const BleuReferences&) = delete;
  BleuReferences& operator=(const BleuReferences&) = delete;

  // Sentence BLEU with equal weights of the 1- to n-grams, for n = 1 .. kMostGrams at [n - 1]; 0
  // for an empty hypothesis and one that shares no word. `without`: a reference that does not
  // count; -1: all do.
  std::vector<double> bleu(const Sentence& hypothesis, int64_t without = -1) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Mean sentence BLEU-1 .. kMostGrams of `hypotheses` by all of `references`.
std::vector<double> mean_bleu(const std::vector<Sentence>& hypotheses,
                              const std::vector<Sentence>& references);

// Mean BLEU of each sentence by all others (Zhu et al. 2018, arXiv 1802.01886): high where they are
// alike.
std::vector<double> self_bleu(const std::vector<Sentence>& sentences);

}  // namespace ganymede::metrics
