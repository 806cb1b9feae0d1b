#include "ganymede/config/value.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <limits>
#include <random>

namespace ganymede::config {
namespace {

TEST(ExactNumber, ReadsLikeAPersonWouldWriteIt) {
  EXPECT_EQ(exact_number(0.0002), "0.0002");
  EXPECT_EQ(exact_number(64), "64.0");
  EXPECT_EQ(exact_number(0.1), "0.1");
  EXPECT_EQ(exact_number(1e-8), "1e-08");
  EXPECT_EQ(exact_number(1e300), "1e+300");
  EXPECT_EQ(exact_number(0.1 + 0.2), "0.30000000000000004");
}

TEST(ExactNumber, KeepsSpecialValues) {
  EXPECT_EQ(exact_number(0.0), "0.0");
  EXPECT_EQ(exact_number(-0.0), "-0.0");
  EXPECT_EQ(exact_number(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(exact_number(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(exact_number(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(ExactNumber, EveryBitPatternReadsBackThroughTheCLibrary) {
  std::mt19937_64 bits(1);
  for (int i = 0; i < 20000; ++i) {
    const double number = std::bit_cast<double>(bits());
    if (number != number) continue;
    const std::string text = exact_number(number);
    const double back = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(number)) << text;
    ASSERT_NE(text.find_first_of(".enf"), std::string::npos) << text << " would read as an integer";
  }
}

TEST(TomlLiteral, WritesEveryKind) {
  EXPECT_EQ(toml_literal(true), "true");
  EXPECT_EQ(toml_literal(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(toml_literal(std::vector<int64_t>{1, -2}), "[1, -2]");
  EXPECT_EQ(toml_literal(std::vector<double>{1, 0.5}), "[1.0, 0.5]");
  EXPECT_EQ(toml_literal(std::vector<std::string>{"a", "b\"c"}), "[\"a\", \"b\\\"c\"]");
  EXPECT_EQ(toml_literal(std::vector<double>{}), "[]");
}

TEST(TomlLiteral, EscapesWhatTomlForbidsAndKeepsUnicode) {
  EXPECT_EQ(toml_string("a\\b\n\t\x01\x7f é 画"), "\"a\\\\b\\n\\t\\u0001\\u007F é 画\"");
}

TEST(Convert, OnlyWithoutLoss) {
  EXPECT_EQ(convert(int64_t{3}, Type::kNumber), Value(3.0));
  EXPECT_EQ(convert(std::vector<int64_t>{1, 2}, Type::kNumbers), Value(std::vector<double>{1, 2}));
  EXPECT_EQ(convert(std::vector<int64_t>{}, Type::kStrings), Value(std::vector<std::string>{}));
  EXPECT_EQ(convert(3.0, Type::kInteger), std::nullopt);
  EXPECT_EQ(convert(true, Type::kInteger), std::nullopt);
  EXPECT_EQ(convert(int64_t{1}, Type::kIntegers), std::nullopt);
  EXPECT_EQ(convert(std::string(), Type::kStrings), std::nullopt);
}

TEST(Utf8, AcceptsTextAndRefusesBrokenSequences) {
  EXPECT_TRUE(is_utf8("plain, é, 画, 😀"));
  EXPECT_TRUE(is_utf8(""));
  EXPECT_FALSE(is_utf8("\xff"));
  EXPECT_FALSE(is_utf8("\xc3"));              // cut
  EXPECT_FALSE(is_utf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // past U+10FFFF
}

}  // namespace
}  // namespace ganymede::config
