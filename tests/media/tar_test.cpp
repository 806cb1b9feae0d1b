#include "ganymede/media/tar.h"

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "container_checks.h"

namespace ganymede::media {
namespace {

constexpr size_t kBlock = 512;

std::string octal(uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof(text), "%0*lo", digits, static_cast<unsigned long>(value));
  return text;
}

void set_checksum(std::string& header) {
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 8, octal(sum, 6) + std::string("\0 ", 2));
}

// A header with its own size field; `prefix` is ustar's.
std::string header(const std::string& name, const std::string& size_field, char type = '0',
                   const std::string& prefix = {}) {
  std::string block(kBlock, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 7, "0000644");
  block.replace(124, size_field.size(), size_field);
  block.replace(136, 11, "00000000000");
  block[156] = type;
  block.replace(257, 8,
                std::string("ustar\0"
                            "00",
                            8));
  block.replace(345, prefix.size(), prefix);
  set_checksum(block);
  return block;
}

std::string padded(const std::string& data) {
  return data + std::string((kBlock - data.size() % kBlock) % kBlock, '\0');
}

std::string member(const std::string& name, const std::string& data, char type = '0') {
  return header(name, octal(data.size(), 11), type) + padded(data);
}

std::string pax(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  size_t length = rest.size();
  while (std::to_string(length).size() + rest.size() != length) ++length;
  return std::to_string(length) + rest;
}

const std::string& end_marker() {
  static const std::string zeros(2 * kBlock, '\0');
  return zeros;
}

TarReader open(const std::string& members) {
  return TarReader(ByteSource(members + end_marker(), "bad.tar"));
}

void expect_bad(const std::string& label, const std::string& needle, const std::string& members) {
  expect_refused<DataError>(label, needle, [&] { open(members); });
}

TEST(Tar, ReadsRegularFiles) {
  const TarReader tar = open(member("./a.png", "hello") + member("d/b.png", std::string(512, 'b')) +
                             member("old", "x", '\0') + member("empty", ""));
  ASSERT_EQ(tar.members().size(), 4U);
  EXPECT_EQ(tar.members()[0].name, "a.png");
  EXPECT_EQ(tar.read(0), "hello");
  EXPECT_EQ(tar.read("d/b.png"), std::string(512, 'b'));
  EXPECT_EQ(tar.read("old"), "x");
  EXPECT_EQ(tar.read("empty"), "");
  EXPECT_EQ(tar.find("nothing"), std::nullopt);
  expect_refused<DataError>("missing", "no member \"nothing\"", [&] { tar.read("nothing"); });
}

TEST(Tar, LeavesOutEverythingElse) {
  const TarReader tar = open(header("s", octal(0, 11), '2') + header("h", octal(5, 11), '1') +
                             header("c", octal(0, 11), '3') + header("d/", octal(0, 11), '5') +
                             header("p", octal(0, 11), '6') + member("f", "x"));
  EXPECT_EQ(tar.skipped(), 5U);  // ARC03, ARC04
  ASSERT_EQ(tar.members().size(), 1U);
  EXPECT_EQ(tar.read("f"), "x");
}

TEST(Tar, ReadsLongNames) {
  const std::string name(150, 'n');
  const TarReader tar =
      open(member("PaxHeader", pax("path", "pax/" + name), 'x') + member("short", "1") +
           member("././@LongLink", "gnu/" + name, 'L') + member("short", "2") +
           header("tail", octal(1, 11), '0', "pre/fix") + padded("3"));
  EXPECT_EQ(tar.read("pax/" + name), "1");
  EXPECT_EQ(tar.read("gnu/" + name), "2");
  EXPECT_EQ(tar.read("pre/fix/tail"), "3");
}

TEST(Tar, ReadsOtherSizeFields) {
  std::string base256("\x80", 1);
  base256 += std::string(10, '\0') + "\x03";
  const TarReader tar = open(header("binary", base256) + padded("abc") +
                             member("PaxHeader", pax("size", "4") + pax("comment", "x=y"), 'x') +
                             header("pax", octal(0, 11)) + padded("wxyz") +
                             header("spaces", "         5 ") + padded("12345"));
  EXPECT_EQ(tar.read("binary"), "abc");
  EXPECT_EQ(tar.read("pax"), "wxyz");
  EXPECT_EQ(tar.read("spaces"), "12345");
}

TEST(Tar, RefusesDangerousNames) {
  expect_bad("ARC01", "out of the archive", member("../x", "x"));
  expect_bad("ARC01 inside", "out of the archive", member("./a/../../x", "x"));
  expect_bad("ARC02", "absolute", member("/etc/x", "x"));
  expect_bad("ARC05", "appears twice", member("./a", "x") + member("a", "y"));
  expect_bad("ARC10", "out of the archive",
             member("PaxHeader", pax("path", "../../x"), 'x') + member("good", "x"));
  expect_bad("ARC10 global", "absolute",
             member("PaxHeader", pax("path", "/x"), 'g') + member("good", "x"));
  expect_bad("ARC11", "bytes long",
             member("././@LongLink", std::string(65536, 'n'), 'L') + member("good", "x"));
  expect_bad("no name", "is empty", header("", octal(0, 11)));
}

TEST(Tar, RefusesImpossibleSizes) {
  expect_bad("ARC09", "out of range", header("a", std::string(12, '\xff')));
  expect_bad("ARC09 63 bits", "bytes left",
             header("a", "\x80" + std::string("\0\0\0\x7f", 4) + std::string(7, '\xff')));
  expect_bad("ARC06", "10737418240", header("a", octal(10737418240ULL, 11)));
  expect_bad("not octal", "not octal", header("a", "00000000009"));
  expect_bad("pax size", "not a number",
             member("PaxHeader", pax("size", "12x"), 'x') + member("a", "x"));
  expect_bad("pax huge", "bytes left",
             member("PaxHeader", pax("size", "18446744073709551615"), 'x') + member("a", "x"));
  expect_bad("long extension", "at most 1 MiB", header("x", octal(2 << 20, 11), 'x'));
}

TEST(Tar, RefusesBrokenStructure) {
  expect_bad("text", "checksum", padded("this is no tar archive"));
  std::string damaged = member("a", "x");
  damaged[3] = 'y';
  expect_bad("checksum", "checksum", damaged);
  for (const char* record : {"5 a=", "99 path=x\n", "x", "-1 a=b\n", "9 pathx\n", "3 \n"}) {
    expect_bad(record, "pax record is damaged",
               member("PaxHeader", record, 'x') + member("a", "x"));
  }
  expect_bad("sparse", "sparse", member("a", "x", 'S'));
  expect_bad("pax sparse", "sparse",
             member("PaxHeader", pax("GNU.sparse.major", "1"), 'x') + member("a", "x"));
}

TEST(Tar, EveryTruncationIsRefused) {
  const std::string bytes = member("a", "hello") + member("b", std::string(600, 'x'));
  for (size_t size = 0; size <= bytes.size(); size += 64) {
    expect_refused<DataError>(std::to_string(size), "cut.tar",
                              [&] { TarReader(ByteSource(bytes.substr(0, size), "cut.tar")); });
  }
}

TEST(Tar, SaysHowToUnpackCompressedArchives) {
  for (const auto& [magic, tool] :
       {std::pair{"\x1f\x8b\x08", "gunzip"}, std::pair{"BZh9", "bunzip2"},
        std::pair{"\xfd"
                  "7zXZ",
                  "unxz"},
        std::pair{"\x28\xb5\x2f\xfd", "unzstd"}}) {
    expect_bad(tool, tool, padded(magic));
  }
}

TEST(Tar, ManyThreadsMayRead) {
  const ScratchFolder scratch;
  std::string bytes;
  for (int i = 0; i < 100; ++i)
    bytes += member(std::to_string(i), std::string(500 + i, 'a' + i % 26));
  write_bytes(scratch / "a.tar", bytes + end_marker());
  const TarReader tar(scratch / "a.tar");
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const int m = (i * 7 + t * 13) % 100;
        if (tar.read(static_cast<size_t>(m)) != std::string(500 + m, 'a' + m % 26)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace ganymede::media
