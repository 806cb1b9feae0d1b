// Adapters of the metrics that compare each sample with the real that it should have been.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "ganymede/core/text.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/structural_similarity.h"

namespace ganymede::metrics {
namespace {

using Each = std::function<at::Tensor(const at::Tensor& made, const at::Tensor& wanted,
                                      const FidelityOptions& options)>;

// Mean over the pairs; with `luma` also the figure of Y alone. As tables of super-resolution have
// it, a border of as many pixels as pictures are enlarged by is left out.
Findings measure(const Comparison& c, const std::string& name, Better better,
                 const std::string& unit, bool luma, const Each& each) {
  const int64_t enlarged = enlargement(c.spec);
  const int64_t border = enlarged > 1 ? enlarged : 0;
  Findings findings;
  const auto add = [&](const std::string& label, bool y) {
    const at::Tensor values = each(c.fake.samples, c.partners, {.border_px = border, .luma = y});
    const auto count = static_cast<double>(values.numel());
    findings.push_back(
        {.name = label,
         .value = values.mean().item<double>(),
         .better = better,
         .error = count > 1 ? values.std().item<double>() / std::sqrt(count) : kUnknown,
         .unit = unit,
         .note = fmt::format("{} pairs{}", format_count(values.numel()),
                             border > 0 ? fmt::format(", border of {} px left out", border) : "")});
  };
  add(name, false);
  if (luma && c.fake.samples.size(1) == 3) add(name + " (Y)", true);
  return findings;
}

}  // namespace

int64_t enlargement(const SampleSpec& spec) {
  if (!spec.takes_given() || spec.shape.size() != 3 || spec.given[0].shape.size() != 3) return 1;
  const int64_t given = spec.given[0].shape[1];
  return given > 0 && spec.shape[1] % given == 0 ? spec.shape[1] / given : 1;
}

Findings measure_psnr(const Comparison& c) {
  return measure(c, "PSNR", Better::kHigher, "dB", true, psnr_each);
}

Findings measure_ssim(const Comparison& c) {
  return measure(c, "SSIM", Better::kHigher, "", true, ssim_each);
}

Findings measure_l1(const Comparison& c) {
  return measure(c, "L1", Better::kLower, "of 255", false, l1_each);
}

}  // namespace ganymede::metrics
