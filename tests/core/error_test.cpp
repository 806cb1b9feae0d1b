#include "ganymede/core/error.h"

#include <gtest/gtest.h>

#include <string>

#include "ganymede/core/version.h"

namespace ganymede {
namespace {

TEST(Error, SaysPlaceFindingAllowedAndRemedy) {
  const UsageError full({.where = "recipe.toml:3:7",
                         .found = "unknown key 'bacth'",
                         .allowed = "batch, kimg",
                         .remedy = "write batch"});
  EXPECT_STREQ(full.what(),
               "[recipe.toml:3:7] unknown key 'bacth'; allowed: batch, kimg; try: write batch");
  EXPECT_STREQ(FileError({.where = "x", .found = "gone"}).what(), "[x] gone");
  EXPECT_EQ(full.parts().found, "unknown key 'bacth'");
}

TEST(Error, ExitCodes) {
  EXPECT_EQ(UsageError({.where = "", .found = ""}).exit_code(), 2);
  EXPECT_EQ(StoppedError({.where = "", .found = ""}).exit_code(), 75);
  EXPECT_EQ(DataError({.where = "", .found = ""}).exit_code(), 1);
}

TEST(Version, IsNamed) {
  EXPECT_STREQ(kVersion, "0.1.0");
  EXPECT_FALSE(std::string(version_commit()).empty());
}

}  // namespace
}  // namespace ganymede
