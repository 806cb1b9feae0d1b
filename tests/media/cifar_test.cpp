#include "ganymede/media/cifar.h"

#include <filesystem>

#include "container_checks.h"

namespace ganymede::media {
namespace {

constexpr size_t kImage = 3072;

std::string record(const std::string& labels, char fill) {
  return labels + std::string(kImage, fill);
}

void expect_bad(const std::string& label, const std::string& needle, CifarKind kind,
                const std::string& bytes) {
  expect_refused<DataError>(label, needle, [&] { decode_cifar(bytes, kind, "bad.bin"); });
}

TEST(Cifar, ReadsCifar10) {
  std::string second = record("\x09", 'b');
  second[1 + 1024] = 'g';
  const CifarBatch batch = decode_cifar(record("\x03", 'a') + second, CifarKind::kCifar10, "x");
  EXPECT_EQ(batch.count, 2);
  EXPECT_EQ(batch.labels, (std::vector<uint8_t>{3, 9}));
  EXPECT_TRUE(batch.coarse.empty());
  ASSERT_EQ(batch.images.size(), 2 * kImage);
  EXPECT_EQ(batch.images[0], 'a');
  EXPECT_EQ(batch.images[kImage + 1024], 'g');
  EXPECT_EQ(batch.images[2 * kImage - 1], 'b');
}

TEST(Cifar, ReadsCifar100) {
  const CifarBatch batch = decode_cifar(record("\x13\x63", 'a'), CifarKind::kCifar100, "x");
  EXPECT_EQ(batch.count, 1);
  EXPECT_EQ(batch.coarse, std::vector<uint8_t>{19});
  EXPECT_EQ(batch.labels, std::vector<uint8_t>{99});
  EXPECT_EQ(batch.images, std::vector<uint8_t>(kImage, 'a'));
}

TEST(Cifar, DetectsTheKind) {
  const std::string ten = record("\x03", 'a');
  const std::string hundred = record("\x03\x30", 'a');
  EXPECT_EQ(detect_cifar(ten), CifarKind::kCifar10);
  EXPECT_EQ(detect_cifar(hundred), CifarKind::kCifar100);
  EXPECT_EQ(detect_cifar(""), std::nullopt);
  EXPECT_EQ(detect_cifar(record("\x0a", 'a')), std::nullopt);
  EXPECT_EQ(detect_cifar(record("\x14\x01", 'a')), std::nullopt);
}

TEST(Cifar, RefusesBrokenFiles) {
  expect_bad("empty", "0 bytes", CifarKind::kCifar10, "");
  expect_bad("short", "3072 bytes", CifarKind::kCifar10, std::string(3072, '\0'));
  expect_bad("long", "multiple of 3074", CifarKind::kCifar100, std::string(3075, '\0'));
  expect_bad("label", "record 1 has no CIFAR-10 label", CifarKind::kCifar10,
             record("\x03", 'a') + record("\x0a", 'a'));
  expect_bad("coarse", "record 0", CifarKind::kCifar100, record("\x14\x01", 'a'));
  expect_bad("fine", "fine 0 to 99", CifarKind::kCifar100, record("\x01\x64", 'a'));
  const ScratchFolder scratch;
  write_bytes(scratch / "x.bin", "hello");
  expect_refused<DataError>("neither", "neither", [&] { read_cifar(scratch / "x.bin"); });
}

}  // namespace
}  // namespace ganymede::media
