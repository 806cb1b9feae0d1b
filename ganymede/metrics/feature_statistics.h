// Streamed statistics of features: what Frechet distances, KID, precision and recall look at.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ganymede::metrics {

// Mean and covariance in float64, summed over blocks of kBlock samples in the order they come, so
// that the result is bit-equal for any batch size and thread count. With `keep`, the features
// themselves stay too (float32).
class FeatureStatistics {
 public:
  static constexpr int64_t kBlock = 256;

  // dim >= 1, else UsageError.
  explicit FeatureStatistics(int64_t dim, bool keep = true);

  // features: floating [N, dim]. Throws UsageError for another shape, NumericError naming the
  // sample when a value is not finite.
  void add(const at::Tensor& features);
  // Appends what another one saw after this one's samples (shards of one set, in order): equal to
  // one pass up to 1e-12. Throws UsageError for another dim or another choice of keep.
  void merge(const FeatureStatistics& later);

  // What save_statistics wrote. mean: float64 [dim]; covariance: float64 [dim, dim]; features:
  // float32 [count, dim], or undefined where none were kept. mean(), covariance() and features()
  // give back the same bits. UsageError for shapes that do not fit.
  static FeatureStatistics restored(const at::Tensor& mean, const at::Tensor& covariance,
                                    int64_t count, const at::Tensor& features = {});

  int64_t dim() const { return dim_; }
  int64_t count() const { return count_; }
  bool keeps() const { return keep_; }
  at::Tensor mean() const;        // float64 [dim]; UsageError without samples
  at::Tensor covariance() const;  // float64 [dim, dim], over N - 1; UsageError below two samples
  at::Tensor features() const;    // float32 [count, dim]; UsageError unless kept

 private:
  struct Sums {
    at::Tensor sum;       // float64 [dim], of samples minus shift_
    at::Tensor products;  // float64 [dim, dim], likewise; only its upper triangle is kept up
  };
  static void accumulate(Sums& sums, const at::Tensor& block);
  void add_block(const at::Tensor& centred);
  Sums total() const;  // a copy, with the samples that wait for their block to fill

  int64_t dim_;
  bool keep_;
  int64_t count_ = 0;
  Sums sums_;
  at::Tensor shift_;                 // float64 [dim]: the first sample, against cancellation
  std::vector<at::Tensor> pending_;  // float64 [n, dim] minus shift_, less than a block in all
  int64_t pending_count_ = 0;
  std::vector<at::Tensor> kept_;
  at::Tensor restored_covariance_;  // until a sample is added
};

}  // namespace ganymede::metrics
