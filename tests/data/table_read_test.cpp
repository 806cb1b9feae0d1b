// Tables from files: as they come, and the malformed ones CSV01 to CSV15.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "ganymede/core/files.h"
#include "ganymede/data/table/datetime.h"
#include "ganymede/data/table/table.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

class TableRead : public ::testing::Test {
 protected:
  fs::path file(const std::string& text) const {
    write_bytes(folder_ / "t.csv", text);
    return folder_ / "t.csv";
  }
  Table read(const std::string& text) const { return read_table(file(text)); }
  Table read(const std::string& text, const nlohmann::json& hints) const {
    const fs::path path = file(text);
    return read_table(path, std::make_shared<TableSchema>(
                                infer_schema(path, schema_hints(hints, "schema.json"))));
  }

  // Refused within a second, at line:column, saying `found`.
  void refused(const std::string& text, const std::string& place, const std::string& found) const {
    const fs::path path = file(text);
    const auto start = std::chrono::steady_clock::now();
    try {
      read_table(path);
      FAIL() << "accepted: " << text.substr(0, 60);
    } catch (const DataError& error) {
      EXPECT_EQ(error.parts().where, path.string() + ":" + place) << error.what();
      EXPECT_TRUE(contains(error.what(), found)) << error.what();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  }

  TempFolder folder_;
};

const std::string kTwenty = [] {
  std::string text;
  for (int i = 0; i < 20; ++i) text += std::to_string(i * 7 % 20) + ",a\n";
  return text;
}();

TEST_F(TableRead, KindsAreInferred) {
  std::string text = "n,price,zip,who,day,flag,same,none,key,odd\n";
  for (int i = 0; i < 40; ++i) {
    text += std::to_string(i % 7) + "," + std::to_string(i % 9) + ".50," + (i % 2 ? "007" : "012") +
            "," + (i % 3 ? "Ann" : "Bob") + ",2020-0" + std::to_string(1 + i % 9) + "-15," +
            (i % 2 ? "yes" : "no") + ",x,," + "k-" + std::to_string(1000 + i) + "," +
            (i % 20 == 3 ? "unknown" : std::to_string(i * i)) + "\n";
  }
  const Table table = read(text);
  std::vector<std::string> kinds;
  for (const Column& column : table.schema().columns) kinds.emplace_back(name_of(column.kind));
  EXPECT_EQ(kinds, (std::vector<std::string>{"number", "number", "category", "category", "datetime",
                                             "boolean", "constant", "constant", "id", "number"}));
  EXPECT_TRUE(table.column(0).integer());
  EXPECT_EQ(table.column(1).decimals, 2);
  EXPECT_TRUE(table.column(1).fixed_decimals);
  EXPECT_EQ(table.column(2).categories, (std::vector<std::string>{"012", "007"}));
  EXPECT_EQ(table.column(3).counts, (std::vector<int64_t>{26, 14}));  // Ann is commoner
  EXPECT_EQ(table.column(4).format, "%Y-%m-%d");
  EXPECT_EQ(table.column(8).pattern, "k-%04d");
  EXPECT_EQ(table.column(9).words, std::vector<std::string>{"unknown"});
  EXPECT_EQ(table.cells(9).codes[3], 0);
  EXPECT_TRUE(std::isnan(table.cells(9).numbers[3]));
}

TEST_F(TableRead, CommonWordsAmongManyNumbersAreValuesOfTheirOwn) {
  std::string doses = "n,dose,grade\n";
  for (int i = 0; i < 100; ++i) {
    doses += std::to_string(i * 7 % 100) + "," + (i % 3 == 0 ? "none" : std::to_string(i * i)) +
             "," + (i % 3 == 0 ? "none" : std::to_string(i % 5)) + "\n";
  }
  const Table table = read(doses);
  EXPECT_EQ(table.column(1).kind, ColumnKind::kNumber);
  EXPECT_EQ(table.column(1).words, std::vector<std::string>{"none"});
  EXPECT_EQ(table.column(2).kind, ColumnKind::kCategory);  // five different numbers are codes
}

TEST_F(TableRead, EveryCellIsWrittenAsItWas) {
  const std::string text =
      "\"a, b\",x,day,who\n0.50, 3,2001-02-03,\" O\"\"Neil\"\n1.25, NA,1999-12-31,\"two\nlines\"\n"
      "2.00,7,?,Ann\n";
  const Table table = read(text);
  TableWriter writer(folder_ / "out.csv", table.shared_schema());
  writer.add(table);
  writer.finish();
  EXPECT_EQ(
      read_file(folder_ / "out.csv"),
      "\"a, b\",x,day,who\n0.50,3,2001-02-03,\" O\"\"Neil\"\n1.25, NA,1999-12-31,\"two\nlines\"\n"
      "2.00,7,?,Ann\n");
  EXPECT_FALSE(fs::exists(folder_ / "out.csv.part"));
}

TEST_F(TableRead, WithoutFinishNothingIsLeft) {
  const Table table = read("a\n1\n2\n");
  {
    TableWriter writer(folder_ / "out.csv", table.shared_schema());
  }
  EXPECT_FALSE(fs::exists(folder_ / "out.csv"));
  EXPECT_FALSE(fs::exists(folder_ / "out.csv.part"));
}

TEST_F(TableRead, DelimitersDecimalCommasAndEncodings) {
  const Table semicolons = read("a;b\n1,5;x\n2,25;y\n");
  EXPECT_EQ(semicolons.schema().dialect.delimiter, ';');
  EXPECT_EQ(semicolons.cells(0).numbers, (std::vector<double>{1.5, 2.25}));
  EXPECT_EQ(semicolons.text(1, 0), "2,25");
  EXPECT_EQ(read("1\t0\n0\t1\n").schema().dialect.delimiter, '\t');
  EXPECT_FALSE(read("1\t0\n0\t1\n").schema().header);
  EXPECT_EQ(read("\xEF\xBB\xBFname,n\nA,1\nB,2\n").column(0).name, "name");
  const Table latin = read("stadt,n\nM\xFCnchen,1\nK\xF6ln,2\nM\xFCnchen,3\n");
  EXPECT_TRUE(latin.schema().dialect.latin1);
  EXPECT_EQ(latin.column(0).categories[0], "M\xC3\xBCnchen");
}

TEST_F(TableRead, MissingCellsAreKnownByTheirSpellings) {
  const Table table = read("a,b\n1,x\n ?,y\nNA,\n4,x\n,y\n");
  EXPECT_EQ(table.column(0).missing, 3);
  EXPECT_EQ(table.cells(0).missing, (std::vector<uint8_t>{0, 1, 1, 0, 1}));
  EXPECT_EQ(table.cells(1).codes, (std::vector<int32_t>{0, 1, -1, 0, 1}));
}

TEST_F(TableRead, PeopleCorrectTheSchema) {
  const std::string text = "code,when,seen\n1,03/04/2020,-9\n2,05/06/2020,1\n1,01/02/2020,2\n";
  EXPECT_EQ(read(text).column(1).format, "%m/%d/%Y");
  const Table table =
      read(text, {{"missing", {"-9"}},
                  {"columns",
                   {{{"name", "code"}, {"kind", "category"}},
                    {{"name", "when"}, {"kind", "datetime"}, {"format", "%d/%m/%Y"}}}}});
  EXPECT_EQ(table.column(0).kind, ColumnKind::kCategory);
  EXPECT_EQ(table.cells(1).numbers[0], parse_datetime("2020-04-03", "%Y-%m-%d"));
  EXPECT_EQ(table.column(2).missing, 1);
  EXPECT_THROW(read(text, {{"columns", {{{"name", "cod"}, {"kind", "id"}}}}}), UsageError);
  EXPECT_THROW(read(text, {{"columns", {{{"name", "code"}, {"kind", "float"}}}}}), DataError);
}

TEST_F(TableRead, MetadataOfOtherToolsIsRead) {
  const std::string text = "a,b,c\n1,5,2\n2,6,3\n1,7,9\n";
  const Table sdv = read(text, {{"tables",
                                 {{"t",
                                   {{"columns",
                                     {{"a", {{"sdtype", "categorical"}}},
                                      {"b", {{"sdtype", "id"}}},
                                      {"c", {{"sdtype", "numerical"}}}}}}}}}});
  EXPECT_EQ(sdv.column(0).kind, ColumnKind::kCategory);
  EXPECT_EQ(sdv.column(1).kind, ColumnKind::kId);
  EXPECT_EQ(sdv.column(2).kind, ColumnKind::kNumber);
  const Table ctgan = read(text, {{"columns", {{{"name", "a"}, {"type", "ordinal"}}}}});
  EXPECT_EQ(ctgan.column(0).kind, ColumnKind::kCategory);
  const Table list = read(text, nlohmann::json::array({"c"}));
  EXPECT_EQ(list.column(0).kind, ColumnKind::kNumber);
  EXPECT_EQ(list.column(2).kind, ColumnKind::kCategory);
}

TEST_F(TableRead, TheSchemaSurvivesItsJson) {
  const Table table = read("a,b,c,d\n1.5,x,2020-01-01,\n2,y,2021-05-05,1\n7,x,2020-01-01,0\n");
  const TableSchema again = schema_from_json(to_json(table.schema()), "x");
  EXPECT_EQ(again, table.schema());
}

TEST_F(TableRead, RowsOfAnotherFileFitTheSchemaOrAreRefused) {
  const Table table = read("a,b\n1,x\n2,y\n3,x\n");
  write_bytes(folder_ / "other.csv", "a,b\n9,z\n2,y\n");
  EXPECT_THROW(read_table(folder_ / "other.csv", table.shared_schema()), DataError);
  const Table other = read_table(folder_ / "other.csv", table.shared_schema(), {.foreign = true});
  EXPECT_EQ(other.cells(0).numbers[0], 9);
  EXPECT_EQ(other.cells(1).codes, (std::vector<int32_t>{-1, 1}));
  write_bytes(folder_ / "other.csv", "a,c\n9,x\n");
  EXPECT_THROW(read_table(folder_ / "other.csv", table.shared_schema()), DataError);
}

TEST_F(TableRead, Csv01To07BrokenFiles) {
  refused("", "1:1", "empty file");
  refused("a,b\n", "1:1", "no rows");
  refused("a,b\n1,2\n3\n", "3:1", "1 fields");
  refused("a,b\n1,2\n3,4,5\n", "3:5", "3 fields");
  refused("a,b\n1,\"x\n2,y\n", "2:3", "does not close");
  refused(std::string("a,b\n1,x\0y\n", 10), "2:3", "NUL");
  refused(
      "\xFF\xFE"
      "a\0,\0b\0",
      "1:1", "UTF-16");
  refused("a,b\n1,x\r2,y\n", "2:3", "ends in another way");
  const Table old = read("a,b\r1,x\r2,y\r");  // CR alone, as on old Macs, when it is all through
  EXPECT_EQ(old.rows(), 2);
}

TEST_F(TableRead, Csv08And09SizesBeyondTheLimits) {
  std::string cell;
  cell.resize(100'000'000, 'x');
  refused("a,b\n1," + cell + "\n", "2:3", "1.0 MiB");
  refused("a,b\n1,\"" + std::string(3'000'000, '\n') + "\n", "2:3", "quoted field");
  std::string wide = "c0";
  for (int i = 1; i < 100'000; ++i) wide += ",c" + std::to_string(i);
  refused(wide + "\n", "1:23467", "4096 columns");
}

TEST_F(TableRead, Csv10To12OddColumnsAreNoErrors) {
  const Table table = read("none,same,n\n,x,1\n,x,2\n,x,3\n");
  EXPECT_EQ(table.column(0).kind, ColumnKind::kConstant);
  EXPECT_TRUE(table.column(0).categories.empty());
  EXPECT_EQ(table.column(1).categories, std::vector<std::string>{"x"});
  std::string many = "a,b\n";
  for (int64_t i = 0; i < 1'000'000; ++i)
    many += "text " + std::to_string(i * 7919 % 1'000'003) + ",1\n";
  const fs::path path = file(many);
  const std::clock_t start = std::clock();
  EXPECT_EQ(infer_schema(path).columns[0].kind, ColumnKind::kId);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 3);
}

TEST_F(TableRead, Csv13NumbersThatAreNone) {
  for (const char* bad : {"1e999", "inf", "-Infinity", "0x10", "1_000"}) {
    refused("a,b\n" + kTwenty + bad + ",a\n", "22:1", bad);
  }
  EXPECT_EQ(read("a,b\n" + kTwenty + "nan,a\n").column(0).missing, 1);
}

TEST_F(TableRead, Csv14And15NamesTwiceAndDatesThatDoNotExist) {
  refused("a,b,a\n1,2,3\n", "1:5", "\"a\" again");
  std::string dates = "day\n";
  for (int i = 10; i < 29; ++i) dates += "2020-02-" + std::to_string(i) + "\n";
  refused(dates + "0000-00-00\n", "21:1", "0000-00-00");
  EXPECT_EQ(read(dates + "0000-00-00\n",
                 {{"missing", {"0000-00-00"}}, {"columns", nlohmann::json::array()}})
                .column(0)
                .missing,
            1);
}

TEST(TableTimes, FormatsAreExact) {
  EXPECT_EQ(parse_datetime("1970-01-02", "%Y-%m-%d"), 86400);
  EXPECT_EQ(parse_datetime("2000-03-01T00:00:01Z", "%Y-%m-%dT%H:%M:%SZ"), 951868801);
  EXPECT_EQ(parse_datetime("1969-12-31 23:59:59.5", "%Y-%m-%d %H:%M:%S.%f"), -0.5);
  EXPECT_EQ(parse_datetime("2021-02-29", "%Y-%m-%d"), std::nullopt);
  EXPECT_EQ(parse_datetime("2021-02-28x", "%Y-%m-%d"), std::nullopt);
  for (const std::string& format : known_datetime_formats()) {
    const double seconds = datetime_step(format) < 1 ? 951868801.25 : 951868800;
    EXPECT_EQ(parse_datetime(format_datetime(seconds, format), format), seconds) << format;
  }
}

}  // namespace
}  // namespace ganymede::data
