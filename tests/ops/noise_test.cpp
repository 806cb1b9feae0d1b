#include "ganymede/ops/noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

TEST(Noise, GumbelEqualsItsFormulaInDoublePrecision) {
  for (const int64_t count : {1, 7, 8, 1000, 40001}) {
    at::Tensor uniform = Stream(3, "u").uniform({count});
    uniform[0] = 0;
    if (count > 1) uniform[1] = 0.99999994;  // the largest float below 1
    const at::Tensor exact = -(-uniform.to(at::kDouble).clamp_min(1e-20).log()).log();
    const at::Tensor found = as_gumbel(uniform.clone());
    EXPECT_TRUE(at::allclose(found.to(at::kDouble), exact, 1e-5, 1e-5)) << count;
    EXPECT_TRUE(at::isfinite(found).all().item<bool>());
  }
}

TEST(Noise, FactorsAreThoseOfLeakyReluAndDropout) {
  for (const int64_t columns : {1, 5, 300}) {
    const at::Tensor input = Stream(1, "x").normal({201, columns});
    const at::Tensor kept = Stream(2, "kept").bernoulli({201, columns}, 0.75);
    const at::Tensor exact = at::leaky_relu(input, 0.2) * kept / 0.75;
    const at::Tensor factors = leaky_dropout_factors(input, kept.clone(), 0.2, 0.75);
    EXPECT_TRUE(at::allclose(input * factors, exact)) << columns;
    const at::Tensor wide = leaky_dropout_factors(input.to(at::kDouble), kept.clone(), 0.2, 0.75);
    EXPECT_TRUE(at::allclose(wide, factors)) << columns;
    const at::Tensor turned = leaky_dropout_factors(input.t(), kept.t().clone(), 0.2, 0.75);
    EXPECT_TRUE(at::allclose(turned, factors.t())) << columns;
  }
}

}  // namespace
}  // namespace ganymede::ops
