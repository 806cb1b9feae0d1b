#include "ganymede/metrics/retrieval.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace ganymede::metrics {
namespace {

TEST(Retrieval, OwnCaptionsAreFoundAndScaleDoesNotMatter) {
  const at::Tensor captions = at::eye(8);
  const Retrieval exact = caption_retrieval(captions * 3, captions);
  EXPECT_EQ(exact.first, 1);
  EXPECT_EQ(exact.fifth, 1);
  EXPECT_EQ(exact.among, 8);
}

TEST(Retrieval, RanksAreCountedByHand) {
  // Captions on a fan of angles; the sample of row i points at caption (i + shift).
  const at::Tensor angles = at::arange(10, at::kDouble) * 0.1;
  const at::Tensor captions = at::stack({angles.cos(), angles.sin()}, 1);
  const auto shifted = [&](double shift) {
    const at::Tensor moved = angles + shift * 0.1;
    return caption_retrieval(at::stack({moved.cos(), moved.sin()}, 1), captions);
  };
  EXPECT_EQ(shifted(0.4).first, 1);
  // One step aside: the neighbour is nearer, which the last row does not have.
  const Retrieval aside = shifted(0.9);
  EXPECT_DOUBLE_EQ(aside.first, 0.1);
  EXPECT_DOUBLE_EQ(aside.fifth, 1);
  // Rows 0 to 4 have five or more captions nearer than their own: those at +1 ... +5 and so on.
  EXPECT_DOUBLE_EQ(shifted(3.4).fifth, 0.5);
}

TEST(Retrieval, CopiesOfACaptionDoNotCompeteAndACollapseFindsNothing) {
  at::Tensor captions = at::eye(4);
  captions[3].copy_(captions[0]);
  EXPECT_EQ(caption_retrieval(captions, captions).first, 1);
  const at::Tensor one_point = at::ones({4, 4});
  EXPECT_EQ(caption_retrieval(one_point, at::eye(4)).first, 0);
}

}  // namespace
}  // namespace ganymede::metrics
