#include "ganymede/core/levers.h"

#include <gtest/gtest.h>

#include "ganymede/core/error.h"

namespace ganymede {
namespace {

TEST(Levers, AreTurnedOffByNameOneByOne) {
  ASSERT_EQ(lever_names().size(), static_cast<size_t>(Lever::kKeptWeights) + 1);
  turn_off("fused_norm");
  turn_off("kept_weights");
  EXPECT_FALSE(is_on(Lever::kFusedNorm));
  EXPECT_FALSE(is_on(Lever::kKeptWeights));
  EXPECT_TRUE(is_on(Lever::kMalloc));
  EXPECT_TRUE(is_on(Lever::kLayouts));
  turn_all_on();
  EXPECT_TRUE(is_on(Lever::kFusedNorm));
}

TEST(Levers, AnUnknownNameIsRefusedWithTheKnownOnes) {
  try {
    turn_off("warp");
    FAIL();
  } catch (const UsageError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("warp"), std::string::npos) << text;
    EXPECT_NE(text.find("large_tiles"), std::string::npos) << text;
  }
  EXPECT_TRUE(is_on(Lever::kTiles));
}

}  // namespace
}  // namespace ganymede
