#include "ganymede/metrics/classification.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/metrics/score.h"

namespace ganymede::metrics {
namespace {

// Shortest augmenting paths over a square matrix of costs, with row and column potentials. Index 0
// stands for "no row" and "no column".
class Assignment {
 public:
  explicit Assignment(const at::Tensor& cost)
      : cost_(cost),
        costs_(cost_.accessor<double, 2>()),
        size_(static_cast<size_t>(cost.size(0))),
        row_potential_(size_ + 1),
        column_potential_(size_ + 1),
        row_of_(size_ + 1) {
    for (size_t row = 1; row <= size_; ++row) add(row);
  }

  std::vector<int64_t> columns() const {
    std::vector<int64_t> columns(size_);
    for (size_t column = 1; column <= size_; ++column)
      columns[row_of_[column] - 1] = static_cast<int64_t>(column) - 1;
    return columns;
  }

 private:
  double cost(size_t row, size_t column) const {
    return costs_[static_cast<int64_t>(row) - 1][static_cast<int64_t>(column) - 1];
  }

  void add(size_t row) {
    std::vector<double> least(size_ + 1, std::numeric_limits<double>::infinity());
    std::vector<size_t> before(size_ + 1, 0);
    std::vector<bool> reached(size_ + 1, false);
    size_t column = 0;
    row_of_[0] = row;
    do {
      reached[column] = true;
      column = step(column, least, before, reached);
    } while (row_of_[column] != 0);
    for (; column != 0; column = before[column]) row_of_[column] = row_of_[before[column]];
  }

  // Extends the tree from `column` and returns the nearest column outside it.
  size_t step(size_t column, std::vector<double>& least, std::vector<size_t>& before,
              const std::vector<bool>& reached) {
    const size_t row = row_of_[column];
    double nearest = std::numeric_limits<double>::infinity();
    size_t next = 0;
    for (size_t j = 1; j <= size_; ++j) {
      if (reached[j]) continue;
      const double reduced = cost(row, j) - row_potential_[row] - column_potential_[j];
      if (reduced < least[j]) {
        least[j] = reduced;
        before[j] = column;
      }
      if (least[j] < nearest) {
        nearest = least[j];
        next = j;
      }
    }
    for (size_t j = 0; j <= size_; ++j) {
      if (reached[j]) {
        row_potential_[row_of_[j]] += nearest;
        column_potential_[j] -= nearest;
      } else {
        least[j] -= nearest;
      }
    }
    return next;
  }

  at::Tensor cost_;
  at::TensorAccessor<double, 2> costs_;
  size_t size_;
  std::vector<double> row_potential_;
  std::vector<double> column_potential_;
  std::vector<size_t> row_of_;  // by column
};

// Samples by [category][class].
at::Tensor confusion(const at::Tensor& categories, const at::Tensor& labels, int64_t rows,
                     int64_t classes) {
  const at::Tensor cells = categories * classes + labels;
  return at::bincount(cells, {}, rows * classes).reshape({rows, classes});
}

}  // namespace

std::vector<int64_t> best_matching(const at::Tensor& gains) {
  const int64_t rows = gains.size(0), columns = gains.size(1), side = std::max(rows, columns);
  at::Tensor cost = at::zeros({side, side}, at::kDouble);
  cost.narrow(0, 0, rows).narrow(1, 0, columns).copy_(-gains.to(at::kDouble));
  std::vector<int64_t> matched = Assignment(cost).columns();
  matched.resize(static_cast<size_t>(rows));
  for (int64_t& column : matched) {
    if (column >= columns) column = -1;
  }
  return matched;
}

Classification judge_classes(const at::Tensor& logits, const at::Tensor& labels, int64_t classes,
                             bool found) {
  if (logits.dim() != 2 || labels.dim() != 1 || logits.size(0) != labels.size(0) ||
      (!found && logits.size(1) != classes)) {
    throw UsageError({.where = "metrics::judge_classes",
                      .found = "logits that do not fit " + std::to_string(classes) + " classes",
                      .allowed = "[N, classes] beside labels [N]"});
  }
  const at::Tensor known = labels.ge(0).nonzero().flatten();
  const at::Tensor counts = confusion(logits.index_select(0, known).argmax(1),
                                      labels.index_select(0, known), logits.size(1), classes);
  std::vector<int64_t> class_of(static_cast<size_t>(counts.size(0)));
  for (size_t i = 0; i < class_of.size(); ++i) class_of[i] = static_cast<int64_t>(i);
  if (found) class_of = best_matching(counts);
  Classification result{.per_class = std::vector<double>(static_cast<size_t>(classes), kUnknown),
                        .samples = known.size(0)};
  int64_t right = 0;
  for (size_t category = 0; category < class_of.size(); ++category) {
    const int64_t label = class_of[category];
    if (label < 0) continue;
    const auto hits = counts[static_cast<int64_t>(category)][label].item<int64_t>();
    const auto all = counts.select(1, label).sum().item<int64_t>();
    right += hits;
    if (all > 0)
      result.per_class[static_cast<size_t>(label)] =
          static_cast<double>(hits) / static_cast<double>(all);
  }
  result.accuracy =
      static_cast<double>(right) / static_cast<double>(std::max<int64_t>(result.samples, 1));
  return result;
}

}  // namespace ganymede::metrics
