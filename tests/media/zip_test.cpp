#include "ganymede/media/zip.h"

#include <zlib.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "container_checks.h"

namespace ganymede::media {
namespace {

struct Entry {
  std::string name;
  std::string data;
  uint16_t method = 0;
  uint32_t size = 0;  // unpacked; 0: that of data
  uint32_t crc = 0;   // 0: the right one
  uint16_t flags = 0;
  uint32_t attributes = 0100644U << 16;
  std::string local_name = {};  // another one in the local header
};

std::string common(const Entry& entry, uint32_t crc, uint32_t size) {
  return le<uint16_t>(20) + le(entry.flags) + le(entry.method) + le<uint32_t>(0) + le(crc) +
         le<uint32_t>(static_cast<uint32_t>(entry.data.size())) + le(size);
}

// An archive as given, right or wrong.
std::string archive(const std::vector<Entry>& entries) {
  std::string bytes;
  std::string directory;
  for (const Entry& entry : entries) {
    const uint32_t size = entry.size != 0 ? entry.size : static_cast<uint32_t>(entry.data.size());
    const auto* data = reinterpret_cast<const Bytef*>(entry.data.data());
    const uint32_t crc =
        entry.crc != 0 ? entry.crc : static_cast<uint32_t>(crc32_z(0, data, entry.data.size()));
    const std::string local = entry.local_name.empty() ? entry.name : entry.local_name;
    directory += "PK\x01\x02" + le<uint16_t>(0x031e) + common(entry, crc, size) +
                 le<uint16_t>(static_cast<uint16_t>(entry.name.size())) + std::string(8, '\0') +
                 le(entry.attributes) + le<uint32_t>(static_cast<uint32_t>(bytes.size())) +
                 entry.name;
    bytes += "PK\x03\x04" + common(entry, crc, size) +
             le<uint16_t>(static_cast<uint16_t>(local.size())) + le<uint16_t>(0) + local +
             entry.data;
  }
  const auto count = static_cast<uint16_t>(entries.size());
  return bytes + directory + "PK\x05\x06" + le<uint32_t>(0) + le(count) + le(count) +
         le<uint32_t>(static_cast<uint32_t>(directory.size())) +
         le<uint32_t>(static_cast<uint32_t>(bytes.size())) + le<uint16_t>(0);
}

ZipReader open(const std::string& bytes) { return ZipReader(ByteSource(bytes, "bad.zip")); }

void read_all(const std::string& bytes) {
  const ZipReader zip = open(bytes);
  for (size_t i = 0; i < zip.members().size(); ++i) zip.read(i);
}

void expect_bad(const std::string& label, const std::string& needle, const std::string& bytes) {
  expect_refused<DataError>(label, needle, [&] { read_all(bytes); });
}

std::string deflated(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Entry deflated_entry(const std::string& name, const std::string& plain) {
  const auto* data = reinterpret_cast<const Bytef*>(plain.data());
  return {.name = name,
          .data = deflated(plain),
          .method = 8,
          .size = static_cast<uint32_t>(plain.size()),
          .crc = static_cast<uint32_t>(crc32_z(0, data, plain.size()))};
}

TEST(Zip, ReadsStoredAndDeflatedMembers) {
  const ZipReader zip = open(
      archive({{.name = "a/x.png", .data = "hello"}, deflated_entry("b.txt", "abcabcabcabc")}));
  ASSERT_EQ(zip.members().size(), 2U);
  EXPECT_TRUE(zip.members()[0].stored);
  EXPECT_FALSE(zip.members()[1].stored);
  EXPECT_EQ(zip.members()[1].size, 12U);
  EXPECT_EQ(zip.read(0), "hello");
  EXPECT_EQ(zip.read("b.txt"), "abcabcabcabc");
  EXPECT_EQ(zip.find("b.txt"), 1U);
  EXPECT_EQ(zip.find("c.txt"), std::nullopt);
  expect_refused<DataError>("missing", "no member \"c.txt\"", [&] { zip.read("c.txt"); });
}

TEST(Zip, LeavesOutFoldersAndLinks) {
  const ZipReader zip =
      open(archive({{.name = "d/", .data = ""},
                    {.name = "link", .data = "/etc", .attributes = 0120777U << 16},
                    {.name = "f", .data = "x"}}));
  EXPECT_EQ(zip.members().size(), 1U);
  EXPECT_EQ(zip.skipped(), 2U);
  EXPECT_EQ(zip.read("f"), "x");
}

TEST(Zip, RefusesDangerousNames) {
  for (const char* name : {"../x", "a/../../x", "..", "a/.."}) {
    expect_bad(std::string("ARC01 ") + name, "out of the archive",
               archive({{.name = name, .data = "x"}}));
  }
  expect_bad("ARC02", "absolute", archive({{.name = "/etc/x", .data = "x"}}));
  expect_bad("drive", "drive", archive({{.name = "C:x", .data = "x"}}));
  expect_bad("backslash", "backslash", archive({{.name = "..\\x", .data = "x"}}));
  expect_bad("NUL", "control", archive({{.name = std::string("a\0b", 3), .data = "x"}}));
  expect_bad("empty", "is empty", archive({{.name = "", .data = "x"}}));
  expect_bad("ARC05", "appears twice",
             archive({{.name = "a", .data = "x"}, {.name = "a", .data = "y"}}));
  expect_bad("ARC11", "65535 bytes long",
             archive({{.name = std::string(65535, 'n'), .data = "x"}}));
}

TEST(Zip, RefusesBombs) {
  Entry bomb = deflated_entry("zeros", std::string(size_t{20} << 20, '\0'));
  expect_bad("ARC06", "100 times", archive({bomb}));
  bomb.size = 1000;
  expect_bad("ARC06 lie", "more than expected", archive({bomb}));
  bomb.size = 0xfffffff0;
  expect_bad("ARC06 huge", "100 times", archive({bomb}));
  const ZipLimits small = {.member_bytes = 10};
  const std::string bytes = archive({{.name = "a", .data = std::string(11, 'x')}});
  expect_refused<DataError>("limit", "at most 10",
                            [&] { ZipReader(ByteSource(bytes, "x"), small); });
  const ZipLimits total = {.unpacked_bytes = 20};
  const std::string many = archive({deflated_entry("a", "0123456789"),
                                    deflated_entry("b", "0123456789"), deflated_entry("c", "0")});
  expect_refused<DataError>("total", "more than 20",
                            [&] { ZipReader(ByteSource(many, "x"), total); });
}

TEST(Zip, NestedArchivesAreJustBytes) {
  const std::string inner = archive({{.name = "x", .data = "deep"}});
  const ZipReader outer = open(archive({{.name = "inner.zip", .data = inner}}));
  EXPECT_EQ(outer.read(0), inner);  // ARC07
}

TEST(Zip, RefusesDisagreeingHeaders) {
  expect_bad("ARC08 name", "disagree", archive({{.name = "a", .data = "x", .local_name = "b"}}));
  expect_bad("ARC08 length", "disagree",
             archive({{.name = "a", .data = "xyz", .local_name = "bb"}}));
  std::string sizes = archive({{.name = "a", .data = "xyz"}});
  sizes[22] ^= 1;
  expect_bad("ARC08 size", "disagree", sizes);
  expect_bad("CRC", "CRC", archive({{.name = "a", .data = "xyz", .crc = 77}}));
  expect_bad("size lie", "instead of 13",
             archive({{.name = "a", .data = deflated("abc"), .method = 8, .size = 13}}));
  expect_bad("stored sizes", "two different sizes",
             archive({{.name = "a", .data = "abc", .size = 4}}));
  expect_bad("encrypted", "encrypted", archive({{.name = "a", .data = "x", .flags = 1}}));
  expect_bad("method", "compression method 12",
             archive({{.name = "a", .data = "x", .method = 12}}));
}

TEST(Zip, RefusesOverlappingMembers) {
  const std::string one = archive({{.name = "a", .data = "xyz"}, {.name = "b", .data = "xyz"}});
  std::string bytes = one;
  const size_t second = bytes.find("PK\x01\x02", bytes.find("PK\x01\x02") + 1);
  bytes.replace(second + 42, 4, le<uint32_t>(0));
  expect_bad("overlap", "overlaps", bytes);
}

TEST(Zip, RefusesBrokenArchives) {
  const std::string good =
      archive({{.name = "a", .data = "hello"}, {.name = "b", .data = "world"}});
  for (size_t size = 0; size < good.size(); ++size) {
    expect_bad("cut at " + std::to_string(size), "bad.zip", good.substr(0, size));
  }
  expect_bad("junk in front", "", "junk" + good);
  std::string disks = good;
  disks[good.size() - 22 + 4] = 1;
  expect_bad("disks", "several disks", disks);
  std::string count = good;
  count.replace(good.size() - 22 + 8, 4, le<uint16_t>(60000) + le<uint16_t>(60000));
  expect_bad("count", "too short for its 60000", count);
  std::string zip64 = good;
  zip64.replace(good.size() - 22 + 16, 4, le<uint32_t>(0xffffffff));
  expect_bad("zip64", "zip64 locator", zip64);
}

// No flipped byte may crash the reader or change what a member holds.
TEST(Zip, FlippedBytesNeverChangeContent) {
  const std::string good =
      archive({{.name = "a", .data = "hello"}, deflated_entry("b", "worldworld")});
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      try {
        const ZipReader zip = open(bytes);
        for (size_t m = 0; m < zip.members().size(); ++m) {
          const std::string expected = zip.members()[m].size == 5 ? "hello" : "worldworld";
          EXPECT_EQ(zip.read(m), expected) << i;
        }
      } catch (const DataError&) {
        continue;
      }
    }
  }
}

TEST(ZipWriter, RoundTripsAndIsDeterministic) {
  const ScratchFolder scratch;
  const std::string large(size_t{3} << 20, 'L');
  for (const char* name : {"a.zip", "b.zip"}) {
    ZipWriter zip(scratch / name);
    zip.add("00000/img00000000.png", "first");
    zip.add("empty", "");
    zip.add("gr\xc3\xbc\xc3\x9f.png", "utf-8 name");
    zip.add("large", large);
    zip.finish();
  }
  EXPECT_EQ(read_bytes(scratch / "a.zip"), read_bytes(scratch / "b.zip"));
  const ZipReader zip(scratch / "a.zip");
  ASSERT_EQ(zip.members().size(), 4U);
  EXPECT_EQ(zip.read("00000/img00000000.png"), "first");
  EXPECT_EQ(zip.read("empty"), "");
  EXPECT_EQ(zip.read("gr\xc3\xbc\xc3\x9f.png"), "utf-8 name");
  EXPECT_EQ(zip.read("large"), large);
}

TEST(ZipWriter, NothingAppearsBeforeFinish) {
  const ScratchFolder scratch;
  write_bytes(scratch / "a.zip", "old");
  {
    ZipWriter zip(scratch / "a.zip");
    zip.add("x", "y");
  }
  EXPECT_EQ(read_bytes(scratch / "a.zip"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
}

TEST(ZipWriter, RefusesBadNamesAndPlaces) {
  const ScratchFolder scratch;
  ZipWriter zip(scratch / "a.zip");
  zip.add("x", "y");
  expect_refused<UsageError>("twice", "added twice", [&] { zip.add("x", "z"); });
  expect_refused<UsageError>("parent", "out of the archive", [&] { zip.add("../x", "z"); });
  expect_refused<UsageError>("folder", "folder", [&] { zip.add("d/", ""); });
  expect_refused<FileError>("absent", "absent", [&] { ZipWriter(scratch / "absent/a.zip"); });
}

TEST(ZipWriter, FailedWriteLeavesTheOldArchive) {
  const ScratchFolder scratch;
  write_bytes(scratch / "a.zip", "old");
  for (const char* fault : {"file.write:1:enospc", "file.sync:1:eio", "file.rename:1:eio"}) {
    expect_refused<FileError>(fault, "a.zip", [&] {
      const Fault planned(fault);
      ZipWriter zip(scratch / "a.zip");
      zip.add("x", "y");
      zip.finish();
    });
    EXPECT_EQ(read_bytes(scratch / "a.zip"), "old");
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
}

TEST(ZipWriter, UsesZip64ForManyMembers) {
  const ScratchFolder scratch;
  ZipWriter writer(scratch / "a.zip");
  constexpr int kCount = 70'000;
  for (int i = 0; i < kCount; ++i) writer.add(std::to_string(i), std::to_string(i * 7));
  writer.finish();
  const ZipReader zip(scratch / "a.zip");
  ASSERT_EQ(zip.members().size(), static_cast<size_t>(kCount));
  EXPECT_EQ(zip.read("69999"), std::to_string(69'999 * 7));
}

TEST(Zip, ManyThreadsMayRead) {
  const ScratchFolder scratch;
  ZipWriter writer(scratch / "a.zip");
  for (int i = 0; i < 200; ++i) writer.add(std::to_string(i), std::string(1000 + i, 'a' + i % 26));
  writer.finish();
  const ZipReader zip(scratch / "a.zip");
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        const int m = (i * 7 + t * 13) % 200;
        if (zip.read(static_cast<size_t>(m)) != std::string(1000 + m, 'a' + m % 26)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace ganymede::media
