#include "ganymede/ops/instance_norm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

TEST(InstanceNorm, IsLibTorchsInDoublePrecisionWithItsSlope) {
  Stream random(3, "instance norm");
  for (const double slope : {0.0, 0.2, 1.0}) {
    at::Tensor x = (random.normal({2, 3, 5, 7}) * 2 + 1).set_requires_grad(true);
    const at::Tensor gradient = random.normal(x.sizes());
    const at::Tensor y = instance_norm_act(x, slope);
    y.backward(gradient);
    at::Tensor wide = x.detach().to(at::kDouble).set_requires_grad(true);
    const at::Tensor z = at::instance_norm(wide, {}, {}, {}, {}, true, 0.1, 1e-5, false);
    const at::Tensor expected = slope == 1 ? z : at::leaky_relu(z, slope);
    expected.backward(gradient.to(at::kDouble));
    EXPECT_TRUE(at::allclose(y.to(at::kDouble), expected, 1e-4, 1e-5)) << slope;
    EXPECT_TRUE(at::allclose(x.grad().to(at::kDouble), wide.grad(), 1e-4, 1e-5)) << slope;
  }
}

TEST(InstanceNorm, SeesEachPictureAlone) {
  Stream random(4, "instance norm");
  const at::Tensor x = random.normal({3, 2, 4, 4});
  const at::Tensor all = instance_norm_act(x, 0);
  for (int64_t n = 0; n < 3; ++n) {
    EXPECT_TRUE(at::equal(all.narrow(0, n, 1), instance_norm_act(x.narrow(0, n, 1), 0)));
  }
}

TEST(InstanceNorm, APlaneOfOnePixelHasNoVariance) {
  EXPECT_THROW(instance_norm_act(at::ones({1, 2, 1, 1}), 0), UsageError);
}

}  // namespace
}  // namespace ganymede::ops
