// What the metrics of pictures share: checks, loops over pictures, separable filters.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ganymede::metrics {

// Throws UsageError naming `where` unless `images` is uint8 [N, C, H, W] with at least one picture
// and no empty side.
void check_pictures(const at::Tensor& images, const std::string& where);
// Both as above and of one shape; with `any_count`, N may differ.
void check_picture_pair(const at::Tensor& a, const at::Tensor& b, const std::string& where,
                        bool any_count = false);

// float64 [count]: value(i) for every picture, spread over the threads. Each is computed by one
// thread, so that the numbers do not depend on how many there are.
at::Tensor for_each_picture(int64_t count, const std::function<double(int64_t)>& value);

// Mean of float64 [N], summed in order; for N >= 1.
double mean_in_order(const at::Tensor& values);

// x [..., H, W] filtered with `taps` along rows and columns, without padding:
// [..., H - taps + 1, W - taps + 1] (correlation; symmetric taps make it a convolution).
at::Tensor filter_valid(const at::Tensor& x, const std::vector<double>& taps);

// [..., H, W] with `margin` more pixels at every side, mirrored around the outermost one (d c b | a
// b c d); repeats where a side is shorter than that. As SciPy's "mirror" and OpenCV's default.
at::Tensor pad_mirrored(const at::Tensor& x, int64_t margin);

}  // namespace ganymede::metrics
