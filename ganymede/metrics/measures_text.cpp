// Adapters of the metrics of text.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "ganymede/core/text.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/text/oracle.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/text/sentences.h"

namespace ganymede::metrics {
namespace {

constexpr int kFewestGrams = 2;

Findings by_grams(const std::string& name, const std::vector<double>& scores, Better better,
                  const std::string& note) {
  Findings findings;
  for (int n = kFewestGrams; n <= kMostGrams; ++n) {
    findings.push_back({.name = fmt::format("{}-{}", name, n),
                        .value = scores[static_cast<size_t>(n - 1)],
                        .better = better,
                        .note = n == kFewestGrams ? note : ""});
  }
  return findings;
}

}  // namespace

Findings measure_bleu(const Comparison& c) {
  const auto scores = mean_bleu(sentences_of(c.fake.samples), sentences_of(c.real.samples));
  return by_grams(
      "BLEU", scores, Better::kHigher,
      fmt::format("by {} real texts; it rises with their number", format_count(c.real.count)));
}

Findings measure_self_bleu(const Comparison& c) {
  return by_grams("Self-BLEU", self_bleu(sentences_of(c.fake.samples)), Better::kNearFloor,
                  fmt::format("each of {} texts by the others: high where they are alike",
                              format_count(c.fake.count)));
}

Findings measure_new_texts(const Comparison& c) {
  return {{.name = "new texts",
           .value = new_share(sentences_of(c.fake.samples), sentences_of(c.training->samples)),
           .better = Better::kHigher,
           .note = fmt::format("no copy of one of {} training texts",
                               format_count(c.training->count))}};
}

// Of reals that the model did not learn from, where some are known.
Findings measure_likelihood(const Comparison& c) {
  const Evidence& reals = c.holdout == nullptr ? c.real : *c.holdout;
  const at::Tensor log_p = (*c.log_likelihood)(reals.samples);
  const at::Tensor& samples = reals.samples;
  const at::Tensor told = samples.ne(static_cast<double>(kPadToken))
                              .logical_and(samples.ne(static_cast<double>(kUnknownToken)));
  const double nats = -log_p.to(at::kDouble).sum().item<double>() / told.sum().item<double>();
  return {{.name = "NLL-test",
           .value = nats,
           .unit = "nats per token",
           .note = fmt::format("of {} real texts{}; perplexity {}", format_count(reals.count),
                               c.holdout == nullptr ? "" : " that it did not learn from",
                               format_number(std::exp(nats)))}};
}

Findings measure_oracle(const Comparison& c) {
  const at::Tensor tokens = c.fake.samples.to(at::kLong) - kFirstToken;
  const double nats =
      data::Oracle::get().nats(tokens).mean().item<double>() / data::Oracle::kLength;
  return {{.name = "NLL-oracle",
           .value = nats,
           .unit = "nats per token",
           .note = "what the language itself gives the texts; floor: its own texts"}};
}

}  // namespace ganymede::metrics
