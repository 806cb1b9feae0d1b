#include "ganymede/media/csv.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"

namespace ganymede::media {
namespace {

using Values = std::vector<double>;
using Names = std::vector<std::string>;

CsvTable parse(const std::string& text) { return parse_csv(text, "t.csv"); }

std::string error_of(const std::string& text, const CsvLimits& limits = {}) {
  try {
    parse_csv(text, "t.csv", limits);
  } catch (const DataError& error) {
    return error.what();
  }
  return {};
}

void expect_error(const std::string& text, const std::string& place, const std::string& found) {
  const std::string error = error_of(text);
  EXPECT_NE(error.find("[" + place + "]"), std::string::npos) << text << " gives " << error;
  EXPECT_NE(error.find(found), std::string::npos) << text << " gives " << error;
}

TEST(Csv, NumbersWithAndWithoutAHeader) {
  const CsvTable bare = parse("1,2\n-3.5,4e2\n");
  EXPECT_EQ(bare.header, Names());
  EXPECT_EQ(bare.columns, 2);
  EXPECT_EQ(bare.values, (Values{1, 2, -3.5, 400}));
  const CsvTable headed = parse("x,y\r\n 1 ,+2\r\n");
  EXPECT_EQ(headed.header, (Names{"x", "y"}));
  EXPECT_EQ(headed.values, (Values{1, 2}));
  EXPECT_EQ(headed.rows(), 1);
}

TEST(Csv, QuotesAsRfc4180SaysAndTheByteOrderMark) {
  const CsvTable table = parse("\xEF\xBB\xBF\"a \"\"b\"\", c\",\"two\nlines\"\n\"7\",\"8\"");
  EXPECT_EQ(table.header, (Names{"a \"b\", c", "two\nlines"}));
  EXPECT_EQ(table.values, (Values{7, 8}));
}

TEST(Csv, EmptyLinesAtTheEndAreNothing) {
  EXPECT_EQ(parse("1\n2\n\n\r\n").values, (Values{1, 2}));
  expect_error("1\n\n2\n", "t.csv:2:1", "empty line");
}

TEST(Csv, ErrorsNameLineAndColumn) {
  expect_error("x,y\n1,2\n3,four\n", "t.csv:3:3", "\"four\"");
  expect_error("x,1\n", "t.csv:1:1", "\"x\"");
  expect_error("1,2\n3\n", "t.csv:2:1", "1 fields");
  expect_error("1,2\n3,\n", "t.csv:2:3", "\"\"");
  expect_error("\"a\nb\",c\n1,x\n", "t.csv:3:3", "\"x\"");
  expect_error("1,nan\n", "t.csv:1:3", "nan");
  expect_error("1,inf\n", "t.csv:1:3", "inf");
  expect_error("1,1e999\n", "t.csv:1:3", "1e999");
  expect_error("1,0x10\n", "t.csv:1:3", "0x10");
  expect_error("1,\"2\n", "t.csv:1:3", "does not close");
  expect_error("1,\"2\"3\n", "t.csv:1:3", "after the end of a field");
  expect_error("1,2\"3\"\n", "t.csv:1:3", "quote inside");
  expect_error("1;2\n3;4\n", "t.csv:2:1", "\"3;4\"");
}

TEST(Csv, TextWithoutNumbersIsNoTable) {
  for (const char* text : {"", "\n", "x,y\n"}) expect_error(text, "t.csv", "no rows of numbers");
}

std::vector<std::vector<std::string>> rows_of(CsvReader& reader) {
  std::vector<std::vector<std::string>> rows;
  std::vector<CsvField> row;
  while (reader.next(row)) {
    rows.emplace_back();
    for (const CsvField& field : row) rows.back().emplace_back(field.text);
  }
  return rows;
}

TEST(Csv, AFileInBlocksReadsAsItsText) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) {
    text += std::to_string(i) + ",\"a \"\"quote\"\"\n and a line " + std::to_string(i * 31) +
            "\",plain " + std::string(static_cast<size_t>(i % 37), 'x') + "\r\n";
  }
  ASSERT_GT(text.size(), size_t{3} << 20);
  const auto path = std::filesystem::temp_directory_path() / "ganymede-csv-blocks.csv";
  write_file_atomic(path, text);
  CsvReader from_text(text, "t.csv"), from_file(path);
  const auto expected = rows_of(from_text);
  EXPECT_EQ(expected.size(), 60'000U);
  EXPECT_EQ(expected[2][1], "a \"quote\"\n and a line 62");
  EXPECT_TRUE(rows_of(from_file) == expected);
  std::filesystem::remove(path);
}

TEST(Csv, DialectsAreRead) {
  CsvReader latin("M\xFCller;\"K\xF6ln\"\"\"\r", "t", {.delimiter = ';', .latin1 = true});
  EXPECT_EQ(rows_of(latin), (std::vector<Names>{{"M\xC3\xBCller", "K\xC3\xB6ln\""}}));
  EXPECT_EQ(sniff_delimiter("a;b\n1,5;2,5\n"), ';');
  EXPECT_EQ(sniff_delimiter("a\tb,c\n1\t2,3\n1\t2\n"), '\t');
  EXPECT_EQ(sniff_delimiter("a|b|c\n1|2|3\n4|5"), '|');
  EXPECT_EQ(sniff_delimiter("one\ntwo\n"), ',');
  EXPECT_EQ(parse_csv_number(" 3,14 ", true), 3.14);
  EXPECT_EQ(parse_csv_number("3.14", true), std::nullopt);
  EXPECT_EQ(parse_csv_number("+7"), 7);
  EXPECT_EQ(parse_csv_number("1e999"), std::numeric_limits<double>::infinity());
}

TEST(Csv, FieldsAreQuotedWhereTheyMustBe) {
  const auto written = [](const std::string& text) {
    std::string line;
    append_csv_field(line, text, ',');
    return line;
  };
  EXPECT_EQ(written(" a b "), " a b ");
  EXPECT_EQ(written("a,b"), "\"a,b\"");
  EXPECT_EQ(written("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(written("two\nlines"), "\"two\nlines\"");
}

TEST(Csv, LimitsHold) {
  EXPECT_NE(error_of("1,2,3\n", {.bytes = 100, .columns = 2}).find("more than 2 columns"),
            std::string::npos);
  EXPECT_NE(error_of("1,2,3\n", {.bytes = 5, .columns = 9}).find("at most 5 B"), std::string::npos);
}

}  // namespace
}  // namespace ganymede::media
