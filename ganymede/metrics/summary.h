// From figures of single repeats to scores with means, deviations and intervals.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ganymede/metrics/metric_table.h"
#include "ganymede/metrics/score.h"

namespace ganymede::metrics {

class Summary {
 public:
  // The findings of one repeat of `metric`.
  void add(const std::string& metric, const std::vector<Finding>& findings);
  void set_floors(const std::map<std::string, double>& by_name);

  // In the order in which names came first. With several repeats the interval is Student's over
  // them, else 1.96 standard errors where the metric knows one.
  std::vector<Score> scores() const;

 private:
  struct Collected {
    Score score;
    double error = kUnknown;
  };
  std::vector<Collected> collected_;
};

// The 97.5 % point of Student's t with `freedom` >= 1 degrees of freedom, to 1e-3 (from 11 on by
// the expansion of Fisher & Cornish 1960).
double student_975(int64_t freedom);

}  // namespace ganymede::metrics
