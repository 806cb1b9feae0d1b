// Why G maximises log D instead of minimising log(1 - D).
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/text.h"
#include "ganymede/loss/adversarial.h"
#include "ganymede/train/theory/experiments.h"

namespace ganymede::train::theory {
namespace {

using loss::Adversarial;
using metrics::GaussianMixture;

constexpr int64_t kSamples = 400'000;

// The data is N(0, 1); G(z) = shift + z. The best D's logit is then shift^2/2 - shift x.
at::Tensor optimal_logits(const at::Tensor& x, double shift) {
  return shift * shift / 2 - shift * x;
}

struct Gradient {
  double confidence = 0;  // mean D(G(z))
  double minimax = 0;     // |d loss / d shift|, D held fixed
  double non_saturating = 0;
};

template <typename Judge>
double slope(Adversarial kind, double shift, const at::Tensor& z, const Judge& logits_of) {
  const at::Tensor parameter = at::scalar_tensor(shift).requires_grad_();
  loss::generator(kind, logits_of(parameter + z)).backward();
  return std::abs(parameter.grad().item<double>());
}

template <typename Judge>
Gradient gradient_of(double shift, const at::Tensor& z, const Judge& logits_of) {
  const at::Tensor judged = at::sigmoid(logits_of(z + shift)).detach();
  return {judged.mean().item<double>(), slope(Adversarial::kMinimax, shift, z, logits_of),
          slope(Adversarial::kNonSaturating, shift, z, logits_of)};
}

// shift * E D(G(z)) by numeric integration: the minimax gradient against the best D. The other
// one is shift * (1 - E D(G(z))).
double expected_confidence(double shift) {
  const auto x = metrics::grid(shift - 9, shift + 9, 18001);
  double sum = 0;
  double weight = 0;
  for (const double at_x : x) {
    const double p = metrics::gaussian_density(at_x, 0, 1);
    const double q = metrics::gaussian_density(at_x, shift, 1);
    sum += q * p / (p + q);
    weight += q;
  }
  return sum / weight;
}

struct Curves {
  std::vector<double> at, confidence, minimax, non_saturating;
  void add(double where, const Gradient& g) {
    at.push_back(where);
    confidence.push_back(g.confidence);
    minimax.push_back(g.minimax);
    non_saturating.push_back(g.non_saturating);
  }
};

media::LinePlot plot(const std::string& title, const std::string& x, const Curves& c) {
  return {.labels = {.title = title, .x = x, .y = "(log scale)"},
          .series = {{.name = "|gradient|, non-saturating", .x = c.at, .y = c.non_saturating},
                     {.name = "|gradient|, minimax", .x = c.at, .y = c.minimax},
                     {.name = "mean D(G(z))", .x = c.at, .y = c.confidence}},
          .log_y = true};
}

Curves against_the_best(const std::vector<double>& shifts, const at::Tensor& z) {
  Curves curves;
  for (const double shift : shifts) {
    curves.add(shift, gradient_of(shift, z,
                                  [&](const at::Tensor& x) { return optimal_logits(x, shift); }));
  }
  return curves;
}

Curves while_d_learns(double shift, int64_t steps, const at::Tensor& z, uint64_t seed) {
  const auto net = small_discriminator(seed);
  Curves curves;
  const auto judge = [&](const at::Tensor& x) { return net->forward(x); };
  train_discriminator(*net, {{}}, {{.mean = shift}}, steps, seed, [&](int64_t step) {
    if (step % std::max<int64_t>(steps / 50, 1) != 0) return;
    curves.add(static_cast<double>(step), gradient_of(shift, z.slice(0, 0, 4000), judge));
  });
  return curves;
}

}  // namespace

TheoryResult vanishing_gradient(uint64_t seed, const TheoryOptions& options) {
  constexpr double kTrainedShift = 5;
  Stream random(seed, "theory/z");
  const at::Tensor z = random.normal({kSamples, 1});
  const Curves best = against_the_best(metrics::grid(0.5, 6, 23), z);
  const Curves learning = while_d_learns(kTrainedShift, steps_or(options, 400), z, seed);

  TheoryResult result;
  for (const size_t i : {size_t{2}, size_t{6}, size_t{10}, size_t{18}}) {
    const double shift = best.at[i];
    const double confidence = expected_confidence(shift);
    const std::string where = " at distance " + format_number(shift);
    result.numbers.push_back({"mean D(G(z))" + where, best.confidence[i]});
    result.numbers.push_back({"minimax |gradient|" + where, best.minimax[i], shift * confidence,
                              0.06 * shift * confidence});
    result.numbers.push_back({"non-saturating |gradient|" + where, best.non_saturating[i],
                              shift * (1 - confidence), 0.01 * shift});
  }
  result.numbers.push_back({"minimax / non-saturating, D trained to the end",
                            learning.minimax.back() / learning.non_saturating.back(), 0.0, 0.1});
  result.picture =
      media::render_panels({plot("Against the best D", "distance of the means of data and G", best),
                            plot("While D learns (distance 5)", "training step of D", learning)},
                           2, {}, "The generator's gradient and D's confidence");
  result.explanation =
      "Data N(0,1), G(z) = shift + z, D held fixed while G's gradient is taken. The surer D is "
      "that "
      "G's samples are fake, the smaller the gradient of E log(1 - D(G(z))): it is shift times the "
      "mean of D(G(z)). The gradient of -E log D(G(z)) is shift times one minus that mean and "
      "stays.";
  return result;
}

}  // namespace ganymede::train::theory
