#include "ganymede/metrics/table/boosting.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>

namespace ganymede::metrics {
namespace {

constexpr double kLeastHessian = 1e-3;
constexpr double kTiny = 1e-15;

// Features as numbers of bins, one column after the other; the last bin is for missing values.
struct Binned {
  int64_t rows = 0;
  std::vector<std::vector<double>> thresholds;  // bin b: thresholds[b - 1] < x <= thresholds[b]
  std::vector<std::vector<uint8_t>> bins;
  std::vector<bool> gaps;
  int64_t missing_bin = 255;
};

// The share-th quantile where the empirical distribution jumps, averaged where it is level.
double averaged_quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size());
  const auto below = static_cast<size_t>(place);
  if (static_cast<double>(below) != place || below == 0) return sorted[below];
  return (sorted[below - 1] + sorted[below]) / 2;
}

std::vector<double> thresholds_of(std::vector<double> values, int64_t bins) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  std::sort(values.begin(), values.end());
  std::vector<double> distinct = values;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<double> thresholds;
  if (static_cast<int64_t>(distinct.size()) <= bins) {
    for (size_t i = 1; i < distinct.size(); ++i)
      thresholds.push_back((distinct[i - 1] + distinct[i]) / 2);
    return thresholds;
  }
  for (int64_t i = 1; i < bins; ++i)
    thresholds.push_back(
        averaged_quantile(values, static_cast<double>(i) / static_cast<double>(bins)));
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  return thresholds;
}

Binned binned(const at::Tensor& x, int64_t bins) {
  Binned result;
  result.rows = x.size(0);
  result.missing_bin = bins;
  const int64_t features = x.size(1);
  const at::Tensor columns = x.t().contiguous();
  const double* values = columns.const_data_ptr<double>();
  for (int64_t f = 0; f < features; ++f) {
    const std::vector<double> column(values + f * result.rows, values + (f + 1) * result.rows);
    const std::vector<double> thresholds = thresholds_of(column, bins);
    std::vector<uint8_t> codes;
    bool gaps = false;
    for (const double value : column) {
      gaps = gaps || std::isnan(value);
      const auto above = std::lower_bound(thresholds.begin(), thresholds.end(), value);
      codes.push_back(static_cast<uint8_t>(std::isnan(value) ? bins : above - thresholds.begin()));
    }
    result.thresholds.push_back(thresholds);
    result.bins.push_back(std::move(codes));
    result.gaps.push_back(gaps);
  }
  return result;
}

struct Sums {
  double gradient = 0;
  double hessian = 0;
  int64_t count = 0;
  Sums operator-(const Sums& other) const {
    return {gradient - other.gradient, hessian - other.hessian, count - other.count};
  }
  void add(const Sums& other) {
    gradient += other.gradient;
    hessian += other.hessian;
    count += other.count;
  }
  double gain() const { return gradient * gradient / (hessian + kTiny); }
};

using Histogram = std::vector<Sums>;  // feature after feature, bins + 1 entries each

struct Split {
  double gain = 0;
  int32_t feature = -1;
  int32_t bin = 0;
  bool missing_left = false;
};

struct Leaf {
  int32_t node = 0;
  int64_t begin = 0, end = 0;  // of the row order
  Sums sums = {};
  Histogram histogram = {};
  Split split = {};
};

class Grower {
 public:
  Grower(const Binned& data, const BoostingOptions& options) : data_(data), options_(options) {}

  // Also adds every leaf's value to `values` of its rows.
  BoostedTrees::Tree grow(const std::vector<float>& gradients, const std::vector<float>& hessians,
                          std::vector<double>& values);

 private:
  size_t width() const { return static_cast<size_t>(data_.missing_bin) + 1; }
  Histogram histogram_of(int64_t begin, int64_t end) const;
  Split best_split(const Leaf& leaf) const;
  void scan(const Leaf& leaf, int32_t feature, bool missing_left, Split& best) const;
  int64_t partition(const Leaf& leaf);
  void split(size_t index, BoostedTrees::Tree& tree);

  const Binned& data_;
  const BoostingOptions& options_;
  const std::vector<float>* gradients_ = nullptr;
  const std::vector<float>* hessians_ = nullptr;
  std::vector<int32_t> order_;
  std::vector<Leaf> leaves_;
};

Histogram Grower::histogram_of(int64_t begin, int64_t end) const {
  Histogram histogram(data_.bins.size() * width());
  for (size_t f = 0; f < data_.bins.size(); ++f) {
    Sums* own = histogram.data() + f * width();
    const uint8_t* codes = data_.bins[f].data();
    for (int64_t i = begin; i < end; ++i) {
      const auto row = static_cast<size_t>(order_[static_cast<size_t>(i)]);
      Sums& sums = own[codes[row]];
      sums.gradient += (*gradients_)[row];
      sums.hessian += (*hessians_)[row];
      ++sums.count;
    }
  }
  return histogram;
}

// Of equal gains the first bin met counts, as in scikit-learn: from the left where missing values
// go right, from the right where they go left.
void Grower::scan(const Leaf& leaf, int32_t feature, bool missing_left, Split& best) const {
  const auto f = static_cast<size_t>(feature);
  const Sums* own = leaf.histogram.data() + f * width();
  const auto cuts = static_cast<int32_t>(data_.thresholds[f].size());
  // With missing values on the right all present ones may go left.
  const int32_t count = data_.gaps[f] && !missing_left ? cuts + 1 : cuts;
  Sums near;  // of the side that grows
  for (int32_t i = 0; i < count; ++i) {
    const int32_t bin = missing_left ? cuts - 1 - i : i;
    near.add(own[missing_left ? bin + 1 : bin]);
    const Sums far = leaf.sums - near;
    if (near.count < options_.least_in_leaf || near.hessian < kLeastHessian) continue;
    if (far.count < options_.least_in_leaf || far.hessian < kLeastHessian) break;
    const double gain = near.gain() + far.gain() - leaf.sums.gain();
    if (gain > best.gain) best = {gain, feature, bin, missing_left};
  }
}

Split Grower::best_split(const Leaf& leaf) const {
  Split best;
  if (leaf.end - leaf.begin < 2 * options_.least_in_leaf) return best;
  for (int32_t f = 0; f < static_cast<int32_t>(data_.bins.size()); ++f) {
    scan(leaf, f, false, best);
    if (data_.gaps[static_cast<size_t>(f)]) scan(leaf, f, true, best);
  }
  return best;
}

int64_t Grower::partition(const Leaf& leaf) {
  const auto& codes = data_.bins[static_cast<size_t>(leaf.split.feature)];
  const auto goes_left = [&](int32_t row) {
    const uint8_t code = codes[static_cast<size_t>(row)];
    return code == data_.missing_bin ? leaf.split.missing_left : code <= leaf.split.bin;
  };
  const auto first = order_.begin() + leaf.begin;
  const auto middle = std::stable_partition(first, order_.begin() + leaf.end, goes_left);
  return middle - order_.begin();
}

void Grower::split(size_t index, BoostedTrees::Tree& tree) {
  Leaf parent = std::move(leaves_[index]);
  const int64_t middle = partition(parent);
  const auto f = static_cast<size_t>(parent.split.feature);
  BoostedTrees::Node& node = tree[static_cast<size_t>(parent.node)];
  const auto& thresholds = data_.thresholds[f];
  const auto bin = static_cast<size_t>(parent.split.bin);
  node.feature = parent.split.feature;
  node.threshold =
      bin < thresholds.size() ? thresholds[bin] : std::numeric_limits<double>::infinity();
  node.missing_left = parent.split.missing_left;
  node.left = static_cast<int32_t>(tree.size());
  node.right = node.left + 1;
  Leaf left{.node = node.left, .begin = parent.begin, .end = middle};
  Leaf right{.node = node.right, .begin = middle, .end = parent.end};
  tree.resize(tree.size() + 2);
  Leaf& small = middle - parent.begin <= parent.end - middle ? left : right;
  Leaf& large = &small == &left ? right : left;
  small.histogram = histogram_of(small.begin, small.end);
  large.histogram = std::move(parent.histogram);
  for (size_t i = 0; i < large.histogram.size(); ++i)
    large.histogram[i] = large.histogram[i] - small.histogram[i];
  for (Leaf* leaf : {&left, &right}) {
    for (size_t i = 0; i < width(); ++i) leaf->sums.add(leaf->histogram[i]);
    leaf->split = best_split(*leaf);
  }
  leaves_[index] = std::move(left);
  leaves_.push_back(std::move(right));
}

BoostedTrees::Tree Grower::grow(const std::vector<float>& gradients,
                                const std::vector<float>& hessians, std::vector<double>& values) {
  gradients_ = &gradients;
  hessians_ = &hessians;
  order_.resize(static_cast<size_t>(data_.rows));
  std::iota(order_.begin(), order_.end(), 0);
  BoostedTrees::Tree tree(1);
  Leaf root{.end = data_.rows, .histogram = histogram_of(0, data_.rows)};
  for (size_t i = 0; i < width(); ++i) root.sums.add(root.histogram[i]);
  root.split = best_split(root);
  leaves_.clear();
  leaves_.push_back(std::move(root));
  while (static_cast<int64_t>(leaves_.size()) < options_.leaves) {
    const auto best =
        std::max_element(leaves_.begin(), leaves_.end(),
                         [](const Leaf& a, const Leaf& b) { return a.split.gain < b.split.gain; });
    if (best->split.feature < 0) break;
    split(static_cast<size_t>(best - leaves_.begin()), tree);
  }
  for (const Leaf& leaf : leaves_) {
    const double value = -options_.learning_rate * leaf.sums.gradient / (leaf.sums.hessian + kTiny);
    tree[static_cast<size_t>(leaf.node)].value = value;
    for (int64_t i = leaf.begin; i < leaf.end; ++i)
      values[static_cast<size_t>(order_[static_cast<size_t>(i)])] += value;
  }
  return tree;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double start_value(const std::vector<double>& target, BoostingLoss loss) {
  const double mean =
      std::accumulate(target.begin(), target.end(), 0.0) / static_cast<double>(target.size());
  if (loss == BoostingLoss::kSquared) return mean;
  constexpr double kFloor = 1e-9;
  const double share = std::clamp(mean, kFloor, 1 - kFloor);
  return std::log(share / (1 - share));
}

}  // namespace

BoostedTrees::BoostedTrees(const at::Tensor& x, const std::vector<double>& target,
                           BoostingLoss loss, const BoostingOptions& options)
    : start_(start_value(target, loss)) {
  const Binned data = binned(x, options.bins);
  Grower grower(data, options);
  std::vector<double> values(target.size(), start_);
  std::vector<float> gradients(target.size()), hessians(target.size(), 1.0F);
  for (int64_t tree = 0; tree < options.trees; ++tree) {
    for (size_t i = 0; i < target.size(); ++i) {
      const double estimate = loss == BoostingLoss::kLogistic ? sigmoid(values[i]) : values[i];
      gradients[i] = static_cast<float>(estimate - target[i]);
      if (loss == BoostingLoss::kLogistic)
        hessians[i] = static_cast<float>(estimate * (1 - estimate));
    }
    trees_.push_back(grower.grow(gradients, hessians, values));
  }
}

std::vector<double> BoostedTrees::values(const at::Tensor& x) const {
  const at::Tensor rows = x.contiguous();
  const double* data = rows.const_data_ptr<double>();
  std::vector<double> result;
  for (int64_t row = 0; row < rows.size(0); ++row) {
    const double* own = data + row * rows.size(1);
    double value = start_;
    for (const Tree& tree : trees_) {
      size_t at = 0;
      while (tree[at].feature >= 0) {
        const double input = own[tree[at].feature];
        const bool left = std::isnan(input) ? tree[at].missing_left : input <= tree[at].threshold;
        at = static_cast<size_t>(left ? tree[at].left : tree[at].right);
      }
      value += tree[at].value;
    }
    result.push_back(value);
  }
  return result;
}

}  // namespace ganymede::metrics
