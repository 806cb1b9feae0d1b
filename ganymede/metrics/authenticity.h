// Authenticity (Alaa et al. 2022, arXiv 2102.08921, sec. 4): AuthPct / 100.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::metrics {

// The share of fakes that lie farther from their nearest training sample than that sample lies from
// its own nearest other training sample. train: floating [N, D], N >= 2; fake: floating [M, D].
// It falls to 0 for copies, but as well for a collapsed generator, whose samples lie in a dense
// place without copying anything (Stein et al. 2023, arXiv 2306.04675): read it beside
// memorisation(). UsageError for other shapes.
double authentic_share(const at::Tensor& train, const at::Tensor& fake);

}  // namespace ganymede::metrics
