// How much of a picture lies at which fineness: generators with badly made upsampling get the high
// frequencies wrong (Durall, Keuper, Keuper 2020, arXiv 2003.01826).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace ganymede::metrics {

// images: uint8 [N, C, H, W]. Entry k, for k = 0 .. min(H, W) / 2, is the mean of |F|^2 / (H W)^2
// over all pictures, channels and frequencies whose distance from 0, in cycles per min(H, W) px,
// rounds to k; F is the discrete Fourier transform of the pixels in [0, 1]. So entry 0 is the mean
// square of a picture's mean. Float64 inside. UsageError for other shapes.
std::vector<double> radial_power_spectrum(const at::Tensor& images);

// Mean over k >= 1 of |10 log10(P_real / P_fake)|, in dB: 0 for equal spectra, 3 where powers
// differ by a factor of two throughout. Powers below the noise of 8-bit quantisation,
// 1 / (12 * 255^2 H W), are taken as that. Numbers of pictures may differ; UsageError for pictures
// of different sizes, or of one pixel.
double spectrum_distance(const at::Tensor& real, const at::Tensor& fake);

}  // namespace ganymede::metrics
