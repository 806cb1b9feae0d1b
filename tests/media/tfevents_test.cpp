#include "ganymede/media/tfevents.h"

#include <cstring>
#include <filesystem>

#include "container_checks.h"
#include "ganymede/core/hash.h"

namespace ganymede::media {
namespace {

uint32_t masked(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

template <typename T>
T number(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// The payloads of all records, after checking their frames.
std::vector<std::string> records(const std::filesystem::path& path) {
  const std::string bytes = read_bytes(path);
  std::string_view rest = bytes;
  std::vector<std::string> found;
  while (!rest.empty()) {
    if (rest.size() < 16) throw std::runtime_error("torn frame");
    const auto length = number<uint64_t>(rest);
    EXPECT_EQ(number<uint32_t>(rest.substr(8)), masked(rest.substr(0, 8)));
    if (length > rest.size() - 16) throw std::runtime_error("torn record");
    const std::string_view data = rest.substr(12, length);
    EXPECT_EQ(number<uint32_t>(rest.substr(12 + length)), masked(data));
    found.emplace_back(data);
    rest.remove_prefix(16 + length);
  }
  return found;
}

// Everything after the wall time, which is 9 bytes long.
std::string after_time(const std::string& record) {
  EXPECT_EQ(record[0], '\x09');
  return record.substr(9);
}

TEST(TfEvents, WritesTheDocumentedBytes) {
  const ScratchFolder scratch;
  EventWriter writer(scratch / "run");
  writer.session_start(300);
  writer.scalar("loss", 0.5, 2);
  writer.flush();
  const auto found = records(writer.path());
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(after_time(found[0]),
            "\x1a\x0d"
            "brain.Event:2");
  EXPECT_EQ(after_time(found[1]), std::string("\x10\xac\x02\x3a\x02\x08\x01", 7));
  std::string value("\x10\x02\x2a\x0d\x0a\x0b\x0a\x04loss\x15");
  value.append(le(0.5F));
  EXPECT_EQ(after_time(found[2]), value);
  EXPECT_TRUE(writer.path().filename().string().starts_with("events.out.tfevents."));
}

TEST(TfEvents, EveryWriterHasItsOwnFile) {
  const ScratchFolder scratch;
  EventWriter first(scratch.path());
  EventWriter second(scratch.path());
  EXPECT_NE(first.path(), second.path());
}

TEST(TfEvents, FlushesWhenDestroyed) {
  const ScratchFolder scratch;
  std::filesystem::path path;
  {
    EventWriter writer(scratch.path());
    path = writer.path();
    writer.scalar("a", 1, 1);
    EXPECT_EQ(records(path).size(), 1U);
  }
  EXPECT_EQ(records(path).size(), 2U);
}

TEST(TfEvents, FullDiskLosesNothing) {
  const ScratchFolder scratch;
  EventWriter writer(scratch.path());
  writer.scalar("a", 1, 1);
  expect_refused<FileError>("full", "tfevents", [&] {
    const Fault planned("file.write:1:enospc");
    writer.flush();
  });
  EXPECT_EQ(records(writer.path()).size(), 1U);
  writer.scalar("a", 2, 2);
  writer.flush();
  EXPECT_EQ(records(writer.path()).size(), 3U);
}

TEST(TfEvents, UnusableFolderIsAFileError) {
  const ScratchFolder scratch;
  write_bytes(scratch / "file", "x");
  expect_refused<FileError>("file", "file", [&] { EventWriter(scratch / "file" / "run"); });
}

}  // namespace
}  // namespace ganymede::media
