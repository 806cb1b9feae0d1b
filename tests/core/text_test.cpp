#include "ganymede/core/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace ganymede {
namespace {

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("batch", "bacth"), 1u);  // a swap
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);       // no part is edited twice
  EXPECT_EQ(edit_distance("flaw", "lawn"), edit_distance("lawn", "flaw"));
}

TEST(DidYouMean, FindsTheNearestOrNothing) {
  const std::vector<std::string> keys = {"train.batch", "train.kimg", "seed", "gan.latent_dim"};
  EXPECT_EQ(did_you_mean("train.bacth", keys), "train.batch");
  EXPECT_EQ(did_you_mean("batch", keys), "train.batch");
  EXPECT_EQ(did_you_mean("gan.latent-dim", keys), "gan.latent_dim");
  EXPECT_EQ(did_you_mean("SEED", keys), "seed");
  EXPECT_EQ(did_you_mean("sede", keys), "seed");
  EXPECT_EQ(did_you_mean("resolution", keys), std::nullopt);
  EXPECT_EQ(did_you_mean("", keys), std::nullopt);
  EXPECT_EQ(did_you_mean("x", {"y", "z"}), std::nullopt);
  EXPECT_EQ(did_you_mean("seed", {}), std::nullopt);
  EXPECT_EQ(did_you_mean("dcgna", {"wgan", "dcgan"}), "dcgan");
}

TEST(Join, SeparatesParts) {
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(join({"a"}), "a");
  EXPECT_EQ(join({"a", "b", "c"}, " | "), "a | b | c");
}

TEST(Format, Bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 KiB");
  EXPECT_EQ(format_bytes(int64_t{19} << 30), "19 GiB");
  EXPECT_EQ(format_bytes((int64_t{19} << 30) / 10), "1.9 GiB");
  EXPECT_EQ(format_bytes(std::numeric_limits<int64_t>::max()), "8.0 EiB");
}

TEST(Format, Counts) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(12400), "12,400");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
  EXPECT_EQ(format_number(0.1852), "0.185");
  EXPECT_EQ(format_number(12.44), "12.4");
  EXPECT_EQ(format_number(1849.6), "1,850");
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(0.00002), "2.00e-05");
}

TEST(JsonString, EscapesAndRepairs) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(json_string("größe █"), "\"größe █\"");
  EXPECT_EQ(json_string("a\xff\x62"), "\"a\xEF\xBF\xBD\x62\"");
  EXPECT_EQ(json_string("\xE2\x96"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // cut off
  EXPECT_EQ(json_string("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // overlong
}

TEST(IsJsonNumber, FollowsTheGrammar) {
  for (const char* good : {"0", "-0", "10", "0.5", "-1.25e-3", "1E9", "1e+9"}) {
    EXPECT_TRUE(is_json_number(good)) << good;
  }
  for (const char* bad :
       {"", "-", "01", "+1", ".5", "1.", "1e", "nan", "inf", "0x1", "1 ", "1h07"}) {
    EXPECT_FALSE(is_json_number(bad)) << bad;
  }
}

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("█░ö"), 3u);
}

}  // namespace
}  // namespace ganymede
