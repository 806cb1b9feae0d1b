#include "ganymede/metrics/neighbours.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/metrics/pair_distances.h"
#include "tests/golden/metrics_golden.h"
#include "tests/metrics/threads.h"

namespace ganymede::metrics {
namespace {

double plain_square(const at::Tensor& a, int64_t i, const at::Tensor& b, int64_t j) {
  const double* x = a.const_data_ptr<double>() + i * a.size(1);
  const double* y = b.const_data_ptr<double>() + j * b.size(1);
  double sum = 0;
  for (int64_t d = 0; d < a.size(1); ++d) sum += (x[d] - y[d]) * (x[d] - y[d]);
  return sum;
}

// All pairs, sorted by distance and index.
Neighbours brute_force(const at::Tensor& queries, const at::Tensor& points, int64_t k, bool same) {
  const at::Tensor q = queries.to(at::kDouble).contiguous();
  const at::Tensor p = points.to(at::kDouble).contiguous();
  Neighbours result = {at::empty({q.size(0), k}, at::kDouble),
                       at::empty({q.size(0), k}, at::kLong)};
  for (int64_t i = 0; i < q.size(0); ++i) {
    std::vector<std::pair<double, int64_t>> all;
    for (int64_t j = 0; j < p.size(0); ++j) {
      if (!same || i != j) all.emplace_back(plain_square(q, i, p, j), j);
    }
    std::sort(all.begin(), all.end());
    for (int64_t n = 0; n < k; ++n) {
      result.distances[i][n] = std::sqrt(all[static_cast<size_t>(n)].first);
      result.indices[i][n] = all[static_cast<size_t>(n)].second;
    }
  }
  return result;
}

void expect_exact(const at::Tensor& queries, const at::Tensor& points, int64_t k, bool same,
                  const std::string& what) {
  const Neighbours found = nearest(queries, points, k, same);
  const Neighbours expected = brute_force(queries, points, k, same);
  EXPECT_TRUE(found.indices.equal(expected.indices)) << what;
  EXPECT_TRUE(found.distances.equal(expected.distances)) << what;
}

at::Tensor normals(int64_t rows, int64_t columns, uint64_t seed) {
  return Stream(seed, "neighbours").normal({rows, columns});
}

TEST(Neighbours, EqualNumpyWithTies) {
  const at::Tensor points = (4 * golden::hashed_uniforms(60, 3, 50)).floor();
  const at::Tensor queries = (4 * golden::hashed_uniforms(25, 3, 51)).floor();
  for (const bool same : {false, true}) {
    const auto& golden = golden::metric_numbers("nearest")[same ? "same" : "other"];
    const Neighbours found = nearest(same ? points : queries, points, same ? 5 : 4, same);
    const at::Tensor squares = found.distances.square().round();
    for (int64_t i = 0; i < found.indices.size(0); ++i) {
      const auto row = static_cast<size_t>(i);
      for (int64_t n = 0; n < found.indices.size(1); ++n) {
        const auto column = static_cast<size_t>(n);
        EXPECT_EQ(found.indices[i][n].item<int64_t>(), golden["indices"][row][column]);
        EXPECT_EQ(squares[i][n].item<double>(), golden["squares"][row][column]);
      }
    }
  }
}

TEST(Neighbours, EqualBruteForce) {
  expect_exact(normals(70, 33, 1), normals(300, 33, 2), 7, false, "float32");
  expect_exact(normals(120, 33, 3), normals(120, 33, 3), 3, true, "one set");
  expect_exact(normals(20, 2500, 4), normals(40, 2500, 5), 4, false, "several chunks of features");
  expect_exact(normals(9, 1, 6), normals(500, 1, 7), 500, false, "all of them");
  expect_exact(normals(9, 5, 8).to(at::kDouble), normals(50, 5, 9), 2, false, "mixed types");
  expect_exact(normals(9, 5, 8).to(at::kHalf), normals(50, 5, 9), 2, false, "half");
}

TEST(Neighbours, EqualBruteForceUnderAHugeOffset) {
  // Neighbouring float32 numbers near 1e6 are 1/16 apart: many exact ties, and |x|^2 of 1e14.
  expect_exact(normals(60, 40, 1) + 1e6, normals(200, 40, 2) + 1e6, 5, false, "float32");
  const at::Tensor fine = normals(200, 12, 3).to(at::kDouble) * 1e-3 + 1e8;
  expect_exact(fine, fine, 5, true, "float64");
  // Two far clusters: no single center makes the values small.
  const at::Tensor far = at::cat({normals(100, 8, 4) * 1e-4, normals(100, 8, 5) * 1e-4 + 1e3});
  expect_exact(far, far, 6, true, "two clusters");
}

TEST(Neighbours, EqualBruteForceWithDuplicatesAndNearTies) {
  const at::Tensor few = normals(5, 20, 1);
  const at::Tensor many = few.repeat({60, 1});
  expect_exact(many, many, 70, true, "60 copies of 5");
  expect_exact(at::zeros({150, 4}), at::zeros({150, 4}), 9, true, "all equal");
  // A dense cluster seen from afar: distances differ in their last digits only.
  const at::Tensor cluster = 10 + 1e-6 * normals(400, 30, 2).to(at::kDouble);
  expect_exact(normals(10, 30, 3), cluster, 5, false, "near ties");
  const at::Tensor closer = 10 + 1e-15 * normals(400, 30, 4).to(at::kDouble);
  expect_exact(normals(10, 30, 5), closer, 5, false, "ties within rounding");
}

TEST(Neighbours, EqualBruteForceAtTheEndsOfTheRange) {
  const at::Tensor x = normals(40, 6, 1).to(at::kDouble);
  const at::Tensor y = normals(90, 6, 2).to(at::kDouble);
  for (const double scale : {1e99, 1e40, 1e-20, 1e-30, 1e-160}) {
    expect_exact(x * scale, y * scale, 4, false, "values of " + std::to_string(std::log10(scale)));
  }
  at::Tensor outlier = y.clone();
  outlier[3] = 1e90;
  expect_exact(x, outlier, 4, false, "one far point");
}

TEST(Neighbours, BoundsHold) {
  const at::Tensor x = (normals(30, 1500, 1) * 3).to(at::kDouble) + 50;
  const at::Tensor y = (normals(50, 1500, 2) * 0.01).to(at::kDouble) + 50;
  const PairDistances pairs(x, y);
  for (const bool ask_again : {false, true}) {
    pairs.each_query([&](int64_t i, const double* lower, const double* upper, bool tightest) {
      for (int64_t j = 0; j < pairs.points(); ++j) {
        const double exact = pairs.exact(i, j);
        EXPECT_TRUE(lower[j] <= exact && exact <= upper[j]) << i << ", " << j;
        EXPECT_LT(upper[j] - lower[j], exact * (tightest ? 1e-11 : 1e-3));
      }
      return tightest || !ask_again;
    });
  }
}

TEST(Neighbours, ThreadsChangeNothing) {
  const at::Tensor x = normals(600, 64, 1);
  const testing::Threads threads;
  testing::Threads::use(1);
  const Neighbours one = nearest(x, x, 5, true);
  testing::Threads::use(2);
  const Neighbours two = nearest(x, x, 5, true);
  EXPECT_TRUE(one.indices.equal(two.indices));
  EXPECT_TRUE(one.distances.equal(two.distances));
}

TEST(Neighbours, RefuseWhatHasNone) {
  const at::Tensor x = at::zeros({4, 2});
  EXPECT_THROW(nearest(x, x, 0), UsageError);
  EXPECT_THROW(nearest(x, x, 5), UsageError);
  EXPECT_THROW(nearest(x, x, 4, true), UsageError);
  EXPECT_THROW(nearest(x, at::zeros({5, 2}), 1, true), UsageError);
  EXPECT_THROW(nearest(x, at::zeros({4, 3}), 1), UsageError);
  EXPECT_THROW(nearest(x, at::full({4, 2}, std::numeric_limits<float>::infinity()), 1),
               NumericError);
  EXPECT_THROW(nearest(x, at::full({4, 2}, 1e101, at::kDouble), 1), NumericError);
}

TEST(BallCounts, AreOpenAndExact) {
  const at::Tensor centers = at::tensor({0.0, 10.0, 20.0}, at::kDouble).view({3, 1});
  const at::Tensor queries = at::tensor({3.0, 10.0, 13.0, 16.0, 17.0}, at::kDouble).view({5, 1});
  const BallCounts found =
      count_in_balls(queries, centers, at::tensor({3.0, 7.0, 4.0}, at::kDouble));
  EXPECT_TRUE(found.around.equal(at::tensor({0, 1, 1, 1, 1}, at::kLong)));
  EXPECT_TRUE(found.inside.equal(at::tensor({0, 3, 1}, at::kLong)));
  EXPECT_THROW(count_in_balls(queries, centers, at::ones({2})), UsageError);
}

TEST(BallCounts, EqualBruteForceAtEveryBoundary) {
  const at::Tensor points = normals(150, 10, 1).to(at::kDouble);
  const at::Tensor queries = at::cat({points.slice(0, 0, 60), normals(50, 10, 2).to(at::kDouble)});
  // Every radius is the distance to some query, which therefore lies on the ball.
  const at::Tensor radii = nearest(points, queries, 8).distances.select(1, 7).contiguous();
  const BallCounts found = count_in_balls(queries, points, radii);
  at::Tensor in = at::zeros({110, 150}, at::kLong);
  for (int64_t i = 0; i < 110; ++i) {
    for (int64_t j = 0; j < 150; ++j) {
      in[i][j] = std::sqrt(plain_square(queries, i, points, j)) < radii[j].item<double>() ? 1 : 0;
    }
  }
  EXPECT_TRUE(found.around.equal(in.sum(1)));
  EXPECT_TRUE(found.inside.equal(in.sum(0)));
  EXPECT_TRUE(found.inside.eq(7).all().item<bool>());
}

TEST(FirstEqualRow, FindsCopies) {
  const at::Tensor x = at::tensor({1.0, 2.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0}).view({4, 2});
  EXPECT_TRUE(first_equal_row(x).equal(at::tensor({0, 0, 2, 0}, at::kLong)));
}

}  // namespace
}  // namespace ganymede::metrics
