// Gaps of a file filled in; every other byte stays.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/table/encoder.h"
#include "ganymede/data/table/fill.h"
#include "support.h"

namespace ganymede::data {
namespace {

struct Filled {
  std::string before, after;
  int64_t gaps = 0;
};

// Every gap filled with what an all-zero row decodes to: the smallest number, the first category.
Filled filled_with_zeros(const std::filesystem::path& folder, const std::string& text) {
  const std::filesystem::path path = folder / "gaps.csv";
  write_file_atomic(path, text);
  const Table table = read_table(path);
  const Encoder encoder = Encoder::fit(table, {.minmax = true});
  const at::Tensor rows = encoder.tensor(encoder.encode(table));
  const at::Tensor zeros = at::where(at::isnan(rows), at::zeros_like(rows), rows);
  return {.before = text,
          .after = filled_text(text, path.string(), table, encoder.decode(zeros), encoder),
          .gaps = count_gaps(table, encoder)};
}

std::string table_text(const std::string& end, const std::string& gap) {
  std::string text = "id,size,colour,note" + end;
  for (int i = 0; i < 40; ++i) {
    const std::string size = i % 10 == 3 ? gap : std::to_string(5 + i % 7) + ".50";
    const std::string colour = i % 8 == 5 ? gap : i % 3 == 0 ? " red" : "\"bl,ue\"";
    text +=
        "row-" + std::to_string(1000 + i) + "," + size + "," + colour + ",\"say \"\"x\"\"\"" + end;
  }
  return text;
}

class TableFill : public ::testing::Test {
 protected:
  testing::TempFolder folder_;
};

TEST_F(TableFill, OnlyGapsChange) {
  for (const std::string end : {"\n", "\r\n"}) {
    for (const std::string gap : {"", "NA", "\"\""}) {
      SCOPED_TRACE(gap + (end == "\n" ? " LF" : " CRLF"));
      const Filled filled = filled_with_zeros(folder_.path(), table_text(end, gap));
      EXPECT_EQ(filled.gaps, 9);  // 4 sizes and 5 colours
      // Line by line: a line without a gap is the same, another has no gap left.
      size_t a = 0, b = 0;
      int changed = 0;
      while (a < filled.before.size()) {
        const size_t a_end = filled.before.find(end, a), b_end = filled.after.find(end, b);
        const std::string before = filled.before.substr(a, a_end - a);
        const std::string after = filled.after.substr(b, b_end - b);
        changed += before != after ? 1 : 0;
        EXPECT_EQ(before.substr(0, 9), after.substr(0, 9));
        EXPECT_TRUE(after.ends_with("\"say \"\"x\"\"\"") || after.ends_with("note")) << after;
        EXPECT_EQ(after.find(",,"), std::string::npos) << after;
        a = a_end + end.size();
        b = b_end + end.size();
      }
      EXPECT_EQ(changed, 8);  // one row has two
      EXPECT_EQ(b, filled.after.size());
    }
  }
}

TEST_F(TableFill, AFileWithoutGapsStaysAsItIs) {
  const Filled filled =
      filled_with_zeros(folder_.path(), "a,b\n1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n7,x\n8,y\n9,x\n10,y");
  EXPECT_EQ(filled.gaps, 0);
  EXPECT_EQ(filled.after, filled.before);
}

}  // namespace
}  // namespace ganymede::data
