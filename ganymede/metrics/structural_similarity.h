// How near pictures are to others, pixel by pixel: PSNR, L1, SSIM, MS-SSIM; and MS-SSIM between
// samples as a measure of variety.
//
// Pictures are uint8 [N, C, H, W]; the data range is 255. Pair i compares a[i] with b[i];
// UsageError for other types or shapes that differ. Mind the conventions when comparing figures:
// published tables of super-resolution crop a border of `scale` px, and most of them look at luma
// only.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

struct FidelityOptions {
  int64_t border_px = 0;  // left out at every side
  // Compare Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255 (Rec. 601 studio swing, 16..235: what
  // MATLAB's rgb2ycbcr gives, not rounded) instead of R, G, B. Grey pictures stay as they are;
  // UsageError for other numbers of channels.
  bool luma = false;
};

// 10 log10(255^2 / mean squared error) in dB, the mean taken over all channels of a pair; infinite
// for equal pictures. The plain forms average over the pairs, the others give float64 [N].
double psnr(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options = {});
at::Tensor psnr_each(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options = {});

// Mean absolute difference of a pair in levels of 255: float64 [N].
at::Tensor l1_each(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options = {});

// Wang, Bovik, Sheikh, Simoncelli 2004: 11 x 11 Gaussian window of sigma 1.5, K1 = 0.01,
// K2 = 0.03, weighted (biased) variances, only where the window fits; mean over places and
// channels, in [-1, 1]. UsageError below 11 px (after the border).
double ssim(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options = {});
at::Tensor ssim_each(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options = {});

// Wang, Simoncelli, Bovik 2003 in the form that papers on GANs use (Odena et al. 2017; Karras et
// al. 2018 and their code): five levels with weights 0.0448, 0.2856, 0.3001, 0.2363, 0.1333, each
// from 2 x 2 means of the one before (odd sides repeat their last row); below 11 px the window is
// as large as the picture, its sigma in proportion. Terms are means over all channels, and negative
// ones count as 0. Where a fifth level would be below 2 px, there are fewer, and the weights are
// divided by their sum: four levels below 17 px. In [0, 1].
double ms_ssim(const at::Tensor& a, const at::Tensor& b);
at::Tensor ms_ssim_each(const at::Tensor& a, const at::Tensor& b);

// Mean MS-SSIM between pairs of different pictures drawn from `images` (Odena, Olah, Shlens 2017,
// arXiv 1610.09585, sec. 4.2, there within a class): the higher, the more alike the samples are.
// Compare with the same figure for real pictures. UsageError below two pictures or one pair.
double ms_ssim_diversity(const at::Tensor& images, int64_t pairs, uint64_t seed);

}  // namespace ganymede::metrics
