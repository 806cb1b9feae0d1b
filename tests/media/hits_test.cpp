#include "ganymede/media/hits.h"

#include <gtest/gtest.h>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

TEST(Hits, RawEventsWithParameters) {
  const HitEvents found = parse_hits(
      "params: 14.5 -3\n 41 269 1.21e+00  41 270 2.5\nparams: 1 2\r\n42 268 16\r\n", "x.dat");
  EXPECT_EQ(found.names, (std::vector<std::string>{"p1", "p2"}));
  ASSERT_EQ(found.events.size(), 2u);
  EXPECT_EQ(found.parameters[0], (std::vector<double>{14.5, -3}));
  EXPECT_EQ(found.events[0][1].time, 270);
  EXPECT_DOUBLE_EQ(found.events[0][1].amount, 2.5);
  EXPECT_EQ(found.events[1][0].pad, 42);
}

TEST(Hits, RawEventsWithoutParameters) {
  const HitEvents found = parse_hits(" 1 2 3.5 1 3 4\n-1 2 9", "x.dat");
  EXPECT_TRUE(found.names.empty());
  EXPECT_TRUE(found.parameters.empty());
  ASSERT_EQ(found.events.size(), 2u);
  EXPECT_EQ(found.events[1][0].pad, -1);
}

TEST(Hits, TablesWithColumnsInAnyOrder) {
  const HitEvents found =
      parse_hits("amp,evtId,itime,angle,ipad\n1.5,7,2,0.25,1\n2,7,3,0.25,1\n3,4,2,9,1\n", "x.csv");
  EXPECT_EQ(found.names, std::vector<std::string>{"angle"});
  ASSERT_EQ(found.events.size(), 2u);
  EXPECT_EQ(found.events[0].size(), 2u);
  EXPECT_DOUBLE_EQ(found.parameters[1][0], 9);
}

TEST(Hits, HeadsTellThemApart) {
  EXPECT_TRUE(resembles_hits("params: 1 2\n"));
  EXPECT_TRUE(resembles_hits("evtId,ipad,itime,amp\n"));
  EXPECT_FALSE(resembles_hits("age,income\n"));
  EXPECT_FALSE(resembles_hits(""));
}

struct Bad {
  const char* name;
  const char* text;
  const char* place;
};

class BadHits : public ::testing::TestWithParam<Bad> {};

TEST_P(BadHits, AreRefusedWithTheirLine) {
  try {
    parse_hits(GetParam().text, "x");
    FAIL() << "was read";
  } catch (const DataError& error) {
    EXPECT_EQ(error.parts().where, GetParam().place);
    EXPECT_FALSE(error.parts().allowed.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadHits,
    ::testing::Values(
        Bad{"empty", "", "x"}, Bad{"no_hits", "\n\n", "x"},
        Bad{"half_a_triplet", "1 2 3\n1 2\n", "x:2"}, Bad{"word", "1 2 three\n", "x:1"},
        Bad{"nan", "1 2 nan\n", "x:1"}, Bad{"infinity", "1 2 inf\n", "x:1"},
        Bad{"negative", "1 2 -3\n", "x:1"}, Bad{"zero", "1 2 0\n", "x:1"},
        Bad{"overflow", "1 99999999999999999999 3\n", "x:1"}, Bad{"far", "1 2000000 3\n", "x:1"},
        Bad{"twice", "1 2 3 1 2 4\n", "x:1"}, Bad{"fraction", "1.5 2 3\n", "x:1"},
        Bad{"late_parameters", "1 2 3\nparams: 1\n1 2 3\n", "x:2"},
        Bad{"lost_parameters", "params: 1\n1 2 3\n1 2 3\n", "x:3"},
        Bad{"other_count", "params: 1\n1 2 3\nparams: 1 2\n1 2 3\n", "x:3"},
        Bad{"end_behind_parameters", "params: 1\n1 2 3\nparams: 1\n", "x:3"},
        Bad{"no_numbers", "params:\n1 2 3\n", "x:1"},
        Bad{"missing_column", "evtId,ipad,amp\n1,1,1\n", "x:1"},
        Bad{"short_row", "evtId,ipad,itime,amp\n1,1,1\n", "x:2"},
        Bad{"apart", "evtId,ipad,itime,amp\n1,1,1,1\n2,1,1,1\n1,1,1,1\n", "x:4"},
        Bad{"other_parameters", "evtId,ipad,itime,amp,a\n1,1,1,1,5\n1,1,2,1,6\n", "x:3"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ganymede::media
