#include "ganymede/data/text/inspect_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/text/text_domain.h"

namespace ganymede::data {
namespace {

constexpr int64_t kFrequent = 12;
constexpr int64_t kShown = 3;

struct Totals {
  int64_t tokens = 0, unknown = 0, longest = 0;
  int64_t shortest = INT64_MAX;
  std::unordered_set<uint64_t> seen;
  int64_t duplicates = 0;

  void add(const std::vector<float>& row) {
    int64_t count = 0;
    for (const float token : row) {
      if (token == kEndToken || token == kPadToken) break;
      ++count;
      unknown += token == kUnknownToken ? 1 : 0;
    }
    tokens += count;
    longest = std::max(longest, count);
    shortest = std::min(shortest, count);
    const std::string_view bytes(reinterpret_cast<const char*>(row.data()),
                                 row.size() * sizeof(float));
    if (!seen.insert(xxh3(bytes)).second) ++duplicates;
  }
};

std::string frequent_tokens(const Vocabulary& vocabulary) {
  std::vector<std::string> tokens;
  for (int64_t i = kFirstToken; i < std::min(vocabulary.size(), kFirstToken + kFrequent); ++i) {
    tokens.push_back(vocabulary.token(i));
  }
  return join(tokens, " ");
}

}  // namespace

DataReport inspect_lines(const Dataset& set, const DataConfig& config) {
  const TextDomain& domain = *text_domain_of(set.spec());
  const Vocabulary& vocabulary = domain.vocabulary();
  DataReport report;
  report.path = config.path;
  report.kind = set.kind();
  report.domain = "text";
  report.split = config.split;
  report.samples = set.size();
  report.broken = set.broken();
  Totals totals;
  std::vector<float> row(static_cast<size_t>(set.spec().elements()));
  for (int64_t i = 0; i < set.size(); ++i) {
    set.read(i, row.data());
    totals.add(row);
  }
  report.duplicates = totals.duplicates;
  report.notes = {
      {"tokens", fmt::format("{} different {}", format_count(vocabulary.size() - kFirstToken),
                             vocabulary.characters() ? "characters" : "words")},
      {"lengths",
       fmt::format("{} to {} tokens, mean {:.1f}", totals.shortest, totals.longest,
                   static_cast<double>(totals.tokens) / static_cast<double>(set.size()))},
      {"frequent", frequent_tokens(vocabulary)},
      {"unknown",
       fmt::format("{:.2f} % of the tokens", 100.0 * static_cast<double>(totals.unknown) /
                                                 static_cast<double>(totals.tokens))}};
  std::vector<int64_t> shown;
  for (int64_t i = 0; i < std::min(set.size(), domain.preview_count(set.spec())); ++i)
    shown.push_back(i);
  const at::Tensor samples = read_batch(set, shown).samples;
  const auto lines = domain.captions(samples);
  for (size_t i = 0; i < std::min<size_t>(lines.size(), kShown); ++i)
    report.notes.emplace_back(fmt::format("line {}", i + 1), lines[i]);
  report.sheet = domain.preview(samples, {}, {});
  return report;
}

}  // namespace ganymede::data
