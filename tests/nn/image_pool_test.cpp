#include "ganymede/nn/image_pool.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace ganymede::nn {
namespace {

at::Tensor numbered(double first, int64_t count) {
  return at::arange(first, first + static_cast<double>(count)).to(at::kFloat).view({-1, 1, 1, 1});
}

TEST(ImagePool, FillsFirstAndThenGivesOldPicturesForNewOnesHalfOfTheTime) {
  constexpr int64_t kSize = 50;
  ImagePool pool(kSize, {1, 1, 1});
  Stream random(1, "pool");
  const at::Tensor first = numbered(0, kSize);
  EXPECT_TRUE(at::equal(pool.exchange(first, random), first));
  const at::Tensor later = numbered(1000, 400);
  const at::Tensor seen = pool.exchange(later, random);
  const double share = seen.ne(later).to(at::kFloat).mean().item<double>();
  EXPECT_NEAR(share, 0.5, 0.1);
  // What left and what stays are together what came, each once.
  const at::Tensor all = at::cat({seen.flatten(), pool.state().at("pictures").flatten()});
  const at::Tensor came = at::cat({first.flatten(), later.flatten()});
  EXPECT_TRUE(at::equal(std::get<0>(all.sort()), std::get<0>(came.sort())));
}

TEST(ImagePool, IsStateAndTakesNoGradient) {
  ImagePool pool(2, {1, 1, 1});
  Stream random(1, "pool");
  const at::Tensor fakes = numbered(5, 3).set_requires_grad(true);
  EXPECT_FALSE(pool.exchange(fakes, random).requires_grad());
  ImagePool copy(2, {1, 1, 1});
  copy.load_state(pool.state(), "test");
  Stream again = random;
  EXPECT_TRUE(
      at::equal(pool.exchange(numbered(9, 8), random), copy.exchange(numbered(9, 8), again)));
}

TEST(ImagePool, OfSizeZeroKeepsNothing) {
  ImagePool pool(0, {1, 1, 1});
  Stream random(1, "pool");
  const Stream before = random;
  EXPECT_TRUE(at::equal(pool.exchange(numbered(1, 3), random), numbered(1, 3)));
  EXPECT_EQ(random.next_u64(), Stream(before).next_u64());
}

}  // namespace
}  // namespace ganymede::nn
