#include "ganymede/interop/pickle.h"

#include <gtest/gtest.h>

#include "tests/interop/pickles.h"

namespace ganymede::interop {
namespace {

using namespace testing;

Pickle read(const std::string& opcodes, const PickleLimits& limits = {}) {
  return Pickle::read(source(proto() + opcodes + "."), 0, limits);
}

std::string refused(const std::string& opcodes, const PickleLimits& limits = {}) {
  return refusal([&] { read(opcodes, limits); });
}

std::string repeat(const std::string& part, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += part;
  return all;
}

TEST(Pickle, ReadsNumbers) {
  EXPECT_EQ(read("K\xff").root().integer, 255);
  EXPECT_EQ(read("M" + little(65535, 2)).root().integer, 65535);
  EXPECT_EQ(read("J" + little(0xfffffffe, 4)).root().integer, -2);
  EXPECT_EQ(read(std::string("\x8a\x00", 2)).root().integer, 0);
  EXPECT_EQ(read("\x8a\x01\xff").root().integer, -1);
  EXPECT_EQ(read("\x8a\x02" + little(300, 2)).root().integer, 300);
  EXPECT_EQ(read(integer(INT64_MIN)).root().integer, INT64_MIN);
  const Pickle large = read("\x8a\x09" + std::string(8, '\0') + "\x01");  // 2^64
  EXPECT_TRUE(large.root().is(PickleKind::kLong));
  EXPECT_EQ(large.root().text.size(), 9U);
  EXPECT_EQ(read("G" + std::string("\x3f\xf8\0\0\0\0\0\0", 8)).root().real, 1.5);
  EXPECT_EQ(read("\x88").root().integer, 1);
  EXPECT_TRUE(read("N").root().is(PickleKind::kNone));
}

TEST(Pickle, ReadsText) {
  const std::string word = "w\xc3\xb6rd";
  for (const std::string& opcodes :
       {text(word), "\x8c" + little(5, 1) + word, "\x8d" + little(5, 8) + word,
        "U" + little(5, 1) + word, "T" + little(5, 4) + word}) {
    const Pickle pickle = read(opcodes);
    EXPECT_TRUE(pickle.root().is(PickleKind::kString));
    EXPECT_EQ(pickle.root().text, word);
  }
  const Pickle bytes = read("C" + little(2, 1) + std::string("\0\xff", 2));
  EXPECT_TRUE(bytes.root().is(PickleKind::kBytes));
  EXPECT_EQ(bytes.root().text, std::string("\0\xff", 2));
}

TEST(Pickle, ReadsCollectionsAndMemo) {
  const Pickle pickle = read(
      "]q\x05(K\x01K\x02"
      "e0h\x05\x85");  // a list, and a tuple of it
  EXPECT_TRUE(pickle.root().is(PickleKind::kTuple));
  ASSERT_EQ(pickle.root().items.size(), 1U);
  const PickleValue& list = *pickle.root().items[0];
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1]->integer, 2);
  const Pickle mapping = read(
      "}K\x01N"
      "s(K\x02\x88u");
  EXPECT_TRUE(mapping.root().is(PickleKind::kDict));
  ASSERT_EQ(mapping.root().items.size(), 4U);
  EXPECT_EQ(mapping.root().items[2]->integer, 2);
  EXPECT_EQ(read("(K\x01K\x02l").root().items.size(), 2U);
  EXPECT_EQ(read("(K\x01K\x02"
                 "d")
                .root()
                .items.size(),
            2U);
}

TEST(Pickle, EndsAfterStop) {
  const Pickle first = Pickle::read(source(proto() + "K\x01." + proto() + "K\x02."), 0);
  const Pickle second = Pickle::read(source(proto() + "K\x01." + proto() + "K\x02."), first.end());
  EXPECT_EQ(first.root().integer, 1);
  EXPECT_EQ(second.root().integer, 2);
}

TEST(Pickle, OrderedDictsAreDicts) {
  const std::string ordered = global("collections", "OrderedDict");
  EXPECT_TRUE(read(ordered + ")R}b").root().is(PickleKind::kDict));  // with attributes
  const std::string pair = "](" + text("k") +
                           "K\x07"
                           "e";
  const Pickle python2 = read(ordered + "]" + pair + "a\x85R");
  ASSERT_EQ(python2.root().items.size(), 2U);
  EXPECT_EQ(python2.root().items[1]->integer, 7);
}

TEST(Pickle, RefusesEverythingElseByName) {
  const std::vector<std::vector<std::string>> names = {
      {"posix", "system", "os.system"},
      {"__builtin__", "eval", "builtins.eval"},
      {"builtins", "exec", "builtins.exec"},
      {"torch", "load", "torch.load"},
      {"torch._utils", "_rebuild_sparse_tensor", "torch._utils._rebuild_sparse_tensor"}};
  for (const auto& name : names) {
    const std::string wanted = "this file wants to run " + name[2] + "; it is refused";
    const std::string old_style = refused(global(name[0], name[1]));
    EXPECT_NE(old_style.find(wanted), std::string::npos) << old_style;
    EXPECT_NE(old_style.find("byte 2"), std::string::npos) << old_style;
    EXPECT_NE(refused(text(name[0]) + text(name[1]) + "\x93").find(wanted), std::string::npos);
  }
  EXPECT_NE(refused(global("a\x1b[31m", "b")).find("a?[31m.b"), std::string::npos);
}

TEST(Pickle, RefusesOpcodesThatMakeObjects) {
  for (const std::string code : {"i", "o", "P", "\x81", "\x82", "\x83", "\x84", "\x92", "I", "\x8b",
                                 "\x8f", "\x96", "\xff"}) {
    EXPECT_NE(refused("NN" + code + "\n\n\n\n").find("not part of a file of weights"),
              std::string::npos)
        << code;
  }
  EXPECT_NE(refused("}\x81").find("NEWOBJ"), std::string::npos);
}

TEST(Pickle, OnlyFunctionsOfTheTableAreCalled) {
  EXPECT_NE(refused("K\x01)R"), "");
  EXPECT_NE(refused(text("os.system") + ")R"), "");
  EXPECT_NE(refused(global("torch", "FloatStorage") + ")R").find("called"), std::string::npos);
  EXPECT_NE(refused(global("collections", "OrderedDict") + "]R"), "");
  EXPECT_NE(refused(global("torch", "Size") + "K\x01\x85R"), "");
  EXPECT_NE(refused("K\x01}b").find("attributes"), std::string::npos);
}

TEST(Pickle, RefusesDamage) {
  for (const std::string opcodes : {"",
                                    "0",
                                    "t",
                                    "u",
                                    "e",
                                    "\x85",
                                    "K\x01\x87",
                                    "h\x07",
                                    "q\x01",
                                    "K\x01K\x02s",
                                    ("K\x01K\x02"
                                     "a"),
                                    ("}K\x01"
                                     "(K\x02u"),
                                    "(K\x01R",
                                    "K",
                                    "X\xff\xff\xff\x7f",
                                    "\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
                                    "cno_end",
                                    "\x80\x09",
                                    "(K\x01",
                                    "QQ"}) {
    EXPECT_NE(refused(opcodes), "") << opcodes;
  }
  EXPECT_NE(refused("(" + repeat("0", 3)), "") << "a mark protects what is below it";
}

TEST(Pickle, LimitsMemoryAndDepth) {
  const PickleLimits small{.memory_bytes = 1 << 16};
  EXPECT_NE(refused(repeat("]", 1000), small).find("MiB"), std::string::npos);
  EXPECT_NE(refused("](" + repeat("N", 10000) + "e", small), "");
  EXPECT_NE(refused(text(std::string(1 << 17, 'a')), small), "");
  std::string puts = "N";
  for (int i = 0; i < 2000; ++i) puts += "r" + little(1000003ULL * i % 4294967291ULL, 4);
  EXPECT_NE(refused(puts, small), "");
  EXPECT_NE(refused(repeat("(", 1001)).find("deep"), std::string::npos);
  EXPECT_NE(refused(text(std::string(3000, 'a')), {.stream_bytes = 1000}), "");
  // Sizes made of one remembered tuple again and again.
  std::string copies = "(" + repeat("K\x01", 100) + "tq\x01";
  copies += repeat(global("torch", "Size") + "h\x01\x85R0", 1000);
  EXPECT_NE(refused(copies, small), "");
}

TEST(Pickle, DeepListsNeedNoStack) {
  constexpr size_t kDeep = 100000;
  const Pickle pickle = read(repeat("]", kDeep) + repeat("a", kDeep - 1));
  EXPECT_EQ(pickle.values().size(), kDeep);
}

}  // namespace
}  // namespace ganymede::interop
