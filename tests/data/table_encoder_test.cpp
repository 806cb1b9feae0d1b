// Rows to numbers and back, training by sampling, conditions on rows.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "ganymede/core/files.h"
#include "ganymede/core/sample_json.h"
#include "ganymede/data/holdout.h"
#include "ganymede/data/loader.h"
#include "ganymede/data/sample_stream.h"
#include "ganymede/data/table/association.h"
#include "ganymede/data/table/table_data.h"
#include "ganymede/data/table/table_domain.h"
#include "ganymede/data/table/where.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

// 400 rows of every kind, with missing cells.
std::string sample_text() {
  std::string text = "id,age,gain,day,city,flag,same,score\n";
  for (int i = 0; i < 400; ++i) {
    const std::string city = i % 10 < 6 ? "Rome" : i % 10 < 9 ? " Oslo" : "Bern";
    text += std::to_string(i + 1) + "," + std::to_string(20 + (i * 37) % 61) + "," +
            (i % 4 ? "0" : std::to_string(1000 + i * 3)) + ",2020-" + (i % 2 ? "01" : "02") + "-" +
            std::to_string(10 + i % 18) + "," + (i % 25 == 7 ? "?" : city) + "," +
            (i % 3 ? "yes" : "no") + ",x," + (i % 50 == 3 ? "" : std::to_string(i % 97) + ".25") +
            "\n";
  }
  return text;
}

class TableEncoder : public ::testing::Test {
 protected:
  TableEncoder() {
    write_bytes(folder_ / "t.csv", sample_text());
    config_ = at_path(folder_ / "t.csv");
    config_.domain = "table";
  }
  std::shared_ptr<TableDataset> open(bool conditions, const std::string& encoding = "modes") {
    config_.conditions = conditions;
    config_.encoding = encoding;
    return std::dynamic_pointer_cast<TableDataset>(open_dataset(config_));
  }
  at::Tensor all_rows(const TableDataset& set) {
    at::Tensor rows = at::empty({set.size(), set.spec().elements()});
    for (int64_t i = 0; i < set.size(); ++i) set.read(i, rows[i].data_ptr<float>());
    return rows;
  }

  TempFolder folder_;
  DataConfig config_;
};

TEST_F(TableEncoder, SpansCoverTheRowAndHoldOneOne) {
  const auto set = open(true);
  const SampleSpec& spec = set->spec();
  EXPECT_EQ(spec.domain, "table");
  const at::Tensor rows = all_rows(*set);
  int64_t at = 0, conditions = 0;
  std::map<int64_t, int64_t> spans_of;
  for (const Span& span : spec.spans) {
    const at::Tensor part = rows.narrow(1, at, span.width);
    if (span.kind == Span::Kind::kOneHot) {
      EXPECT_TRUE(at::equal(part.sum(1), at::ones({set->size()})));
      EXPECT_EQ(part.max().item<float>(), 1);
      EXPECT_EQ(part.min().item<float>(), span.width > 1 ? 0 : 1);
    } else {
      EXPECT_LE(part.abs().max().item<float>(), 0.99F);
    }
    ++spans_of[span.column];
    at += span.width;
    conditions += static_cast<int64_t>(span.shares.size());
  }
  EXPECT_EQ(at, spec.shape[0]);
  EXPECT_EQ(conditions, spec.condition_width());
  EXPECT_EQ(conditions, 4 + 2);        // city with its missing cells, flag
  EXPECT_FALSE(spans_of.contains(0));  // the id
  EXPECT_FALSE(spans_of.contains(6));  // the constant
  EXPECT_EQ(spans_of[1], 2);           // age: a scalar and its modes
  EXPECT_EQ(open(false)->spec().condition_width(), 0);
}

TEST_F(TableEncoder, DecodingRestoresWhatWasEncoded) {
  const auto set = open(true);
  const Table& table = set->table();
  const Table again = set->encoder().decode(all_rows(*set));
  ASSERT_EQ(again.rows(), table.rows());
  for (int64_t c = 0; c < table.columns(); ++c) {
    if (table.column(c).kind == ColumnKind::kId) continue;
    int64_t wrong = 0;
    for (int64_t row = 0; row < table.rows(); ++row) {
      // A scalar is clipped at 0.99 of four deviations; none lies beyond here.
      wrong += again.text(row, c) != table.text(row, c) ? 1 : 0;
    }
    EXPECT_EQ(wrong, 0) << table.column(c).name;
  }
  EXPECT_EQ(again.text(0, 0), "401");
}

TEST_F(TableEncoder, WhateverANetworkSaysStaysWithinTheSource) {
  const auto set = open(true);
  Stream random(1, "test");
  const at::Tensor noise = random.normal({500, set->spec().shape[0]}) * 3;
  const Table table = set->encoder().decode(noise);
  std::set<std::string> cities;
  for (int64_t row = 0; row < table.rows(); ++row) {
    if (!table.cells(1).is_missing(row)) {
      const double age = table.cells(1).numbers[static_cast<size_t>(row)];
      EXPECT_TRUE(age >= 20 && age <= 80 && age == std::floor(age)) << age;
    }
    cities.insert(table.text(row, 4));
    const std::string day = table.text(row, 3);
    EXPECT_TRUE(day >= "2020-01-10" && day <= "2020-02-27") << day;
    EXPECT_EQ(table.text(row, 6), "x");
  }
  EXPECT_EQ(cities, (std::set<std::string>{"Rome", " Oslo", "Bern", "?"}));
}

TEST_F(TableEncoder, CommonValuesAndFewValuesAreModesOfTheirOwn) {
  const auto set = open(false);
  std::map<int64_t, ColumnCode> codes;
  for (const ColumnCode& code : set->encoder().codes()) codes[code.column] = code;
  EXPECT_EQ(codes[2].special, std::vector<double>{0});
  EXPECT_FALSE(codes[2].modes.empty());
  EXPECT_TRUE(codes[1].special.empty());
  EXPECT_TRUE(codes[7].missing);
  EXPECT_FALSE(codes[1].missing);
}

TEST_F(TableEncoder, MinMaxHasUnitsAndNanForMissing) {
  const auto set = open(true, "minmax");
  EXPECT_EQ(set->spec().condition_width(), 0);
  EXPECT_EQ(set->spec().spans[0].kind, Span::Kind::kUnit);
  const at::Tensor rows = all_rows(*set);
  const at::Tensor known = rows.masked_select(rows.isnan().logical_not());
  EXPECT_EQ(known.min().item<float>(), 0);
  EXPECT_EQ(known.max().item<float>(), 1);
  EXPECT_TRUE(rows[3][-1].isnan().item<bool>());  // the score of row 3
  const Table again = set->encoder().decode(rows);
  for (int64_t row = 0; row < again.rows(); ++row) {
    for (const int64_t c : {1, 2, 3, 4, 5, 7}) {
      EXPECT_EQ(again.text(row, c), set->table().text(row, c)) << row << " " << c;
    }
  }
}

TEST_F(TableEncoder, AModelDecodesFromItsSpecAlone) {
  const auto set = open(true);
  const SampleSpec spec = sample_spec_from_json(nlohmann::json::parse(to_json(set->spec()).dump()));
  EXPECT_EQ(spec, set->spec());
  const TableDomain* domain = table_domain_of(spec);
  ASSERT_NE(domain, nullptr);
  const at::Tensor rows = all_rows(*set);
  EXPECT_EQ(domain->encoder().decode(rows).text(7, 4), set->encoder().decode(rows).text(7, 4));
  // Other rows, encoded as the model does.
  write_bytes(folder_ / "other.csv",
              "id,age,gain,day,city,flag,same,score\n9,33,0,2020-01-11,Nowhere,yes,x,1.25\n");
  const DataConfig other = domain->fitting(at_path(folder_ / "other.csv"), spec);
  const auto others = open_dataset(other);
  EXPECT_EQ(others->spec(), spec);
  EXPECT_EQ(others->size(), 1);
}

TEST_F(TableEncoder, DamagedEncodingsAreRefused) {
  const nlohmann::json good = open(true)->encoder().to_json();
  EXPECT_NO_THROW(Encoder::from_json(good, "x"));
  const auto refused = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json bad = good;
    bad[nlohmann::json::json_pointer(pointer)] = value;
    EXPECT_THROW(Encoder::from_json(bad, "x"), Error) << pointer;
  };
  refused("/codes/0/column", 99);
  refused("/codes/0/column", 4);  // a mixture for a category
  refused("/codes/0/modes", "none");
  refused("/codes/3/categories", 1000);
  refused("/codes/3/categories", -1);
  refused("/schema/columns/1/minimum", 1e9);
  refused("/schema/columns/1/decimals", 1'000'000);
  refused("/schema/columns/3/format", "%Q");
  refused("/schema/columns/4/counts", nlohmann::json::array({1}));
  refused("/schema", nullptr);
}

TEST_F(TableEncoder, RareCategoriesShareAPlaceAndComeBackByTheirCounts) {
  const auto set = open(false);
  const Encoder encoder = Encoder::fit(set->table(), {.conditions = true, .most_categories = 2});
  const auto& code = *std::find_if(encoder.codes().begin(), encoder.codes().end(),
                                   [](const ColumnCode& c) { return c.column == 4; });
  EXPECT_TRUE(code.rare);
  EXPECT_EQ(code.places(), 3);  // Rome, the others, missing
  const Table again = encoder.decode(encoder.tensor(encoder.encode(set->table())));
  std::map<std::string, int> counts;
  for (int64_t row = 0; row < again.rows(); ++row) ++counts[again.text(row, 4)];
  EXPECT_EQ(counts["Rome"], set->table().column(4).counts[0]);
  EXPECT_GT(counts[" Oslo"], 2 * counts["Bern"]);  // three to one
  EXPECT_GT(counts["Bern"], 0);
}

TEST_F(TableEncoder, DrawnRowsFulfilTheirConditionByLogFrequency) {
  const auto set = open(true);
  const int64_t width = set->spec().condition_width();
  std::vector<int64_t> counts(static_cast<size_t>(width), 0);
  // Where the condition's places lie in the row.
  std::vector<int64_t> place;
  int64_t at = 0;
  for (const Span& span : set->spec().spans) {
    for (size_t i = 0; i < span.shares.size(); ++i) place.push_back(at + static_cast<int64_t>(i));
    at += span.width;
  }
  constexpr int kDraws = 20'000;
  std::vector<float> row(static_cast<size_t>(at));
  for (uint64_t i = 0; i < kDraws; ++i) {
    std::vector<float> condition(static_cast<size_t>(width), 0);
    Stream random(3, "condition", i);
    set->read(set->draw(random, condition.data()), row.data());
    const auto chosen = std::find(condition.begin(), condition.end(), 1.0F) - condition.begin();
    ASSERT_LT(chosen, width);
    EXPECT_EQ(row[static_cast<size_t>(place[static_cast<size_t>(chosen)])], 1.0F);
    ++counts[static_cast<size_t>(chosen)];
  }
  // The flag's two categories: 266 yes, 134 no; a column is chosen with probability a half.
  const double yes = std::log1p(266), no = std::log1p(134);
  EXPECT_NEAR(static_cast<double>(counts[4]) / kDraws, 0.5 * yes / (yes + no), 0.015);
}

TEST_F(TableEncoder, BatchesHoldConditionsAndResumeExactly) {
  const std::shared_ptr<const Dataset> set = open(true);
  const LoaderOptions threads{.batch = 8, .seed = 5, .workers = 2, .prefetch = 3};
  Loader straight(set, threads);
  std::vector<Batch> batches;
  for (int i = 0; i < 4; ++i) batches.push_back(straight.next());
  Loader resumed(set, {.batch = 8, .seed = 5, .workers = 0}, 16);
  for (int i = 2; i < 4; ++i) {
    const Batch batch = resumed.next();
    EXPECT_TRUE(at::equal(batch.samples, batches[static_cast<size_t>(i)].samples));
    EXPECT_TRUE(at::equal(batch.condition, batches[static_cast<size_t>(i)].condition));
    EXPECT_TRUE(at::equal(batch.condition.sum(1), at::ones({8})));
  }
  EXPECT_FALSE(
      Loader(open(false), {.batch = 2, .seed = 1, .workers = 0}).next().condition.defined());
}

TEST_F(TableEncoder, HeldOutRowsAreNeverDrawn) {
  config_.conditions = true;
  config_.holdout = 150;
  const auto part = open_dataset(config_);
  EXPECT_EQ(part->size(), 250);
  std::vector<float> condition(static_cast<size_t>(part->spec().condition_width()), 0);
  for (uint64_t i = 0; i < 500; ++i) {
    std::fill(condition.begin(), condition.end(), 0.0F);
    Stream random(1, "condition", i);
    const int64_t index = part->draw(random, condition.data());
    EXPECT_TRUE(index >= 0 && index < 250);
    EXPECT_EQ(std::count(condition.begin(), condition.end(), 1.0F), 1);
  }
}

TEST_F(TableEncoder, TheSameForAnyNumberOfThreads) {
  const auto set = open(true);
  EXPECT_EQ(open(true)->spec().domain_state, set->spec().domain_state);
  EXPECT_EQ(open(true)->fingerprint(), set->fingerprint());
  config_.limit = 399;
  EXPECT_NE(open(true)->fingerprint(), set->fingerprint());
}

TEST_F(TableEncoder, ConditionsOnRowsAreRead) {
  const auto set = open(true);
  const TableSchema& schema = set->table().schema();
  const auto count = [&](const std::string& where) {
    return static_cast<int64_t>(matching_rows(set->table(), parse_where(where, schema)).size());
  };
  const auto expected = [&](auto&& test) {
    int64_t n = 0;
    for (int64_t row = 0; row < set->size(); ++row) n += test(row) ? 1 : 0;
    return n;
  };
  const auto text = [&](int64_t row, int64_t c) { return set->table().text(row, c); };
  EXPECT_EQ(count("city='Rome'"), expected([&](int64_t r) { return text(r, 4) == "Rome"; }));
  EXPECT_EQ(count("city = Oslo"), expected([&](int64_t r) { return text(r, 4) == " Oslo"; }));
  EXPECT_EQ(count("\"city\" in ('Rome', Bern) and flag=yes"), expected([&](int64_t r) {
              return (text(r, 4) == "Rome" || text(r, 4) == "Bern") && text(r, 5) == "yes";
            }));
  EXPECT_EQ(count("age>=40 AND age < 50"), expected([&](int64_t r) {
              return set->table().cells(1).numbers[static_cast<size_t>(r)] >= 40 &&
                     set->table().cells(1).numbers[static_cast<size_t>(r)] < 50;
            }));
  EXPECT_EQ(count("score is missing"), expected([&](int64_t r) { return text(r, 7).empty(); }));
  EXPECT_EQ(count("city is not missing and city != 'Rome'"),
            expected([&](int64_t r) { return text(r, 4) == " Oslo" || text(r, 4) == "Bern"; }));
  EXPECT_EQ(count("day < 2020-02-01"),
            expected([&](int64_t r) { return text(r, 3) < "2020-02-01"; }));
}

TEST_F(TableEncoder, ConditionsThatNoRowCanFulfilAreRefused) {
  const auto set = open(true);
  const auto error_of = [&](const std::string& where) {
    try {
      parse_where(where, set->table().schema());
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_TRUE(contains(error_of("city='Roma'"), "Rome"));
  EXPECT_TRUE(contains(error_of("town='Rome'"), "no column"));
  EXPECT_TRUE(contains(error_of("city='Rome' and city='Bern'"), "no row can have"));
  EXPECT_TRUE(contains(error_of("age > 80"), "20 to 80"));
  EXPECT_TRUE(contains(error_of("age = 30.5"), "no row can have"));
  EXPECT_TRUE(contains(error_of("age < 30 and age > 40"), "no row can have"));
  EXPECT_TRUE(contains(error_of("city < 'Rome'"), "no order"));
  EXPECT_TRUE(contains(error_of("id = 7"), "kind id"));
  EXPECT_TRUE(contains(error_of("age is missing"), "no row can have"));
  for (const char* text : {"", "city", "city =", "city = 'Rome", "city in 'Rome'", "age > x",
                           "age > 30 or age < 20", "city = Rome Bern"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

// A generator that makes rows of the data by their seeds.
SampleMaker echo(const TableDataset& set) {
  return [&set](const std::vector<uint64_t>& seeds, const at::Tensor&) {
    std::vector<int64_t> rows;
    for (const uint64_t seed : seeds) {
      rows.push_back(static_cast<int64_t>(seed % static_cast<uint64_t>(set.size())));
    }
    return read_batch(set, rows).samples;
  };
}

TEST_F(TableEncoder, SamplesAreChosenExactlyAndStreamed) {
  const auto set = open(true);
  const Domain& domain = domain_of(set->spec());
  const fs::path path = folder_ / "out.csv";
  write_samples(domain, echo(*set), {.count = 300, .seed = 4, .where = "city='Bern'"}, path, {});
  const Table out = read_table(path);
  EXPECT_EQ(out.rows(), 300);
  EXPECT_EQ(out.column(4).kind, ColumnKind::kConstant);
  const std::string first = read_file(path);
  write_samples(domain, echo(*set), {.count = 300, .seed = 4, .where = "city='Bern'"}, path, {});
  EXPECT_EQ(read_file(path), first);
  write_samples(domain, echo(*set), {.count = 10'000, .seed = 4}, path, {});
  const Table many = read_table(path);
  EXPECT_EQ(many.rows(), 10'000);
  EXPECT_EQ(many.text(9'999, 0), "10400");  // ids go on across the pieces
}

TEST_F(TableEncoder, AConditionThatTheModelNeverMeetsEnds) {
  const auto set = open(true);
  const SampleMaker stuck = [&](const std::vector<uint64_t>& seeds, const at::Tensor&) {
    return read_batch(*set, {0}).samples.expand({static_cast<int64_t>(seeds.size()), -1});
  };
  EXPECT_THROW(write_samples(domain_of(set->spec()), stuck, {.count = 1, .where = "city=Bern"},
                             folder_ / "out.csv", {}),
               UsageError);
  EXPECT_FALSE(fs::exists(folder_ / "out.csv"));
}

TEST_F(TableEncoder, TheFilterSetsTheRarestCondition) {
  const auto set = open(true);
  const auto filter = domain_of(set->spec()).filter("flag='yes' and city='Bern'");
  const at::Tensor conditions = filter->conditions({1, 2, 3});
  ASSERT_EQ(conditions.sizes(), (std::vector<int64_t>{3, 6}));
  // City's places in order of frequency: Rome, Oslo, Bern, missing.
  EXPECT_TRUE(at::equal(conditions.select(1, 2), at::ones({3})));
  EXPECT_EQ(conditions.sum().item<float>(), 3);
  EXPECT_FALSE(domain_of(set->spec()).filter("age > 30")->conditions({1}).defined());
}

TEST_F(TableEncoder, PreviewAndArraysAreWritten) {
  const auto set = open(true);
  const Domain& domain = domain_of(set->spec());
  const at::Tensor rows = all_rows(*set);
  const media::Image picture = domain.preview(rows, rows, {});
  EXPECT_GT(picture.width, 1000);
  domain.write(rows, {}, folder_ / "a.npz", {});
  domain.write(rows, {}, folder_ / "a.png", {});
  EXPECT_GT(fs::file_size(folder_ / "a.npz"), 400U * 8 * 3);
  EXPECT_THROW(domain.write(rows, {}, folder_ / "a.pdf", {}), UsageError);
  EXPECT_THROW(domain.preview(at::zeros({2, 3}), {}, {}), UsageError);
}

TEST(TableAssociation, ClosedForms) {
  const TempFolder folder;
  // b = 2a + 1; c tells the halves of a apart; d = c with other names.
  write_bytes(folder / "t.csv", "a,b,c,d\n1,3,x,p\n2,5,x,p\n3,7,y,q\n4,9,y,q\n");
  const Table table = read_table(folder / "t.csv");
  const std::vector<double> found = associations(table, {0, 1, 2, 3});
  EXPECT_NEAR(found[1], 1, 1e-12);
  EXPECT_NEAR(found[2], std::sqrt(4.0 / 5), 1e-12);  // between 4, within 1
  EXPECT_NEAR(found[2 * 4 + 3], 1, 1e-12);
}

TEST(TableEncoderLong, AdultIsEncodedWithinASecond) {
  const fs::path path = shared_data() / "tabular/adult.csv";
  if (!fs::exists(path)) GTEST_SKIP() << "no " << path << ": set GANYMEDE_SHARED";
  DataConfig config = at_path(path);
  config.conditions = true;
  const std::clock_t start = std::clock();
  const auto set = open_table(config);
  // The ctgan package takes 34 s of one machine for fitting and transforming; here even a slow one
  // takes a small part of that.
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 5);
  EXPECT_EQ(set->size(), 32'561);
  EXPECT_EQ(set->table().column(1).missing, 1836);
}

}  // namespace
}  // namespace ganymede::data
