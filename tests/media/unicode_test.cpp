// Code points, strict lines, and text of any language in pictures.
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/media/font.h"
#include "ganymede/media/text_file.h"
#include "ganymede/media/unicode_text.h"
#include "ganymede/media/utf8.h"

namespace ganymede::media {
namespace {

constexpr Color kBlack = {0, 0, 0};

Image drawn(std::string_view text) {
  Image image = make_image(200, 24, 3, 255);
  draw_unicode(image, 2, 2, text, kBlack);
  return image;
}

TEST(Utf8, EveryLengthAndItsLimits) {
  const std::pair<const char*, char32_t> valid[] = {{"a", 'a'},
                                                    {"\x7F", 0x7F},
                                                    {"\xC2\x80", 0x80},
                                                    {"\xDF\xBF", 0x7FF},
                                                    {"\xE0\xA0\x80", 0x800},
                                                    {"\xEF\xBF\xBF", 0xFFFF},
                                                    {"\xF0\x90\x80\x80", 0x10000},
                                                    {"\xF4\x8F\xBF\xBF", 0x10FFFF}};
  for (const auto& [text, value] : valid) {
    const CodePoint point = first_code_point(text);
    EXPECT_EQ(point.value, value);
    EXPECT_EQ(point.bytes, std::string_view(text).size());
  }
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "\xC2", "\xE2\x82", "\xC2 "}) {
    EXPECT_EQ(first_code_point(text).bytes, 0U);
  }
}

TEST(Utf8, BytesThatAreNoneStandAlone) {
  std::vector<char32_t> points;
  each_code_point("a\xFF\xC3\xA9\xE2",
                  [&](char32_t point, std::string_view) { points.push_back(point); });
  EXPECT_EQ(points, (std::vector<char32_t>{'a', 0xFFFD, 0xE9, 0xFFFD}));
}

TEST(SplitLines, KeepsToItsLimits) {
  EXPECT_EQ(split_lines("a\r\n\nb", "x").size(), 3U);
  EXPECT_EQ(split_lines("", "x").size(), 0U);
  EXPECT_EQ(split_lines("\n", "x"), (std::vector<std::string_view>{""}));
  EXPECT_THROW(split_lines("a\nb\nc", "x", {.lines = 2}), DataError);
  EXPECT_THROW(split_lines("abc", "x", {.line_bytes = 2}), DataError);
  EXPECT_NO_THROW(split_lines("ab\ncd", "x", {.line_bytes = 2, .lines = 2}));
  EXPECT_THROW(read_text("/nowhere/there.txt"), FileError);
}

TEST(UnicodeText, AsciiIsTheFontsOwn) {
  Image image = make_image(200, 24, 3, 255);
  draw_text(image, 2, 2, "Plain {text}, 7!", kBlack, 2);
  EXPECT_EQ(drawn("Plain {text}, 7!"), image);
}

TEST(UnicodeText, MarksAndTypographyBecomePlain) {
  EXPECT_EQ(drawn("é Ö ñ Š ł"), drawn("e O n S l"));
  EXPECT_EQ(drawn("“it’s” – ，！"), drawn("\"it's\" - ,!"));
}

TEST(UnicodeText, OtherCharactersAreTheirOwnBoxes) {
  EXPECT_NE(drawn("秦"), drawn("川"));
  EXPECT_EQ(drawn("秦"), drawn("秦"));
  EXPECT_NE(drawn("😀"), drawn("秦"));
  EXPECT_GT(unicode_width("😀"), unicode_width("秦"));
  EXPECT_NE(drawn("\xFF"), drawn(" "));
}

TEST(UnicodeText, LongLinesBreakAtBlanksAndElseAnywhere) {
  const int width = unicode_width("twelve chars");
  const auto lines = wrap_unicode("twelve chars and a longlonglongword", width);
  EXPECT_EQ(lines, (std::vector<std::string>{"twelve chars", "and a", "longlonglong", "word"}));
  for (const std::string& line : lines) EXPECT_LE(unicode_width(line), width);
  EXPECT_EQ(wrap_unicode("秦川雄帝", unicode_width("秦川")),
            (std::vector<std::string>{"秦川", "雄帝"}));
  EXPECT_EQ(wrap_unicode("", 100), (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace ganymede::media
