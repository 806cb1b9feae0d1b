#include "ganymede/media/idx.h"

#include <zlib.h>

#include <filesystem>

#include "container_checks.h"
#include "ganymede/media/inflate.h"

namespace ganymede::media {
namespace {

std::string be32(uint32_t value) {
  std::string bytes = le(value);
  return {bytes.rbegin(), bytes.rend()};
}

std::string idx_file(int code, const std::vector<uint32_t>& shape, const std::string& data) {
  std::string bytes = {'\0', '\0', static_cast<char>(code), static_cast<char>(shape.size())};
  for (const uint32_t dimension : shape) bytes += be32(dimension);
  return bytes + data;
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void expect_bad(const std::string& label, const std::string& needle, const std::string& bytes) {
  expect_refused<DataError>(label, needle, [&] { decode_idx(bytes, "bad.idx"); });
}

TEST(Idx, ReadsBytes) {
  const IdxArray array = decode_idx(idx_file(8, {2, 3}, "abcdef"), "x");
  EXPECT_EQ(array.dtype, DType::kU8);
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(array.bytes, "abcdef");
}

TEST(Idx, ConvertsWiderTypes) {
  const IdxArray array = decode_idx(idx_file(0x0c, {2}, be32(7) + be32(0x01020304)), "x");
  EXPECT_EQ(array.dtype, DType::kI32);
  EXPECT_EQ(array.bytes, le<int32_t>(7) + le<int32_t>(0x01020304));
  const IdxArray real = decode_idx(idx_file(0x0d, {1}, std::string("\x3f\xc0\x00\x00", 4)), "x");
  EXPECT_EQ(real.dtype, DType::kF32);
  EXPECT_EQ(real.bytes, le(1.5F));
}

TEST(Idx, ReadsGzipByContent) {
  const std::string plain = idx_file(8, {4}, "wxyz");
  EXPECT_EQ(decode_idx(gzip(plain), "x").bytes, "wxyz");
  EXPECT_EQ(decode_idx(gzip(plain.substr(0, 5)) + gzip(plain.substr(5)), "two members").bytes,
            "wxyz");
}

TEST(Idx, RecognisesItself) {
  const std::string plain = idx_file(8, {4}, "wxyz");
  EXPECT_TRUE(is_idx(plain));
  EXPECT_TRUE(is_idx(gzip(plain)));
  EXPECT_FALSE(is_idx(""));
  EXPECT_FALSE(is_idx("\x89PNG"));
  EXPECT_FALSE(is_idx(gzip("something else")));
  EXPECT_FALSE(is_idx("\x1f\x8b"));
}

TEST(Idx, SaysWhatItFound) {
  expect_bad("png", "starts with 89504e47", "\x89PNG\r\n");
  expect_bad("type", "not an IDX file", idx_file(7, {1}, "x"));
  expect_bad("rank 0", "not an IDX file", idx_file(8, {}, "x"));
  expect_bad("rank 200", "not an IDX file", std::string("\0\0\x08\xc8", 4));
  expect_bad("short", "[2, 3] of uint8 does not fit 5 bytes", idx_file(8, {2, 3}, "abcde"));
  expect_bad("long", "does not fit 7 bytes", idx_file(8, {2, 3}, "abcdefg"));
  expect_bad("overflow", "does not fit",
             idx_file(0x0e, {0xffffffff, 0xffffffff, 0xffffffff}, "abcdefgh"));
  expect_refused<FileError>("missing", "absent", [] { read_idx("/absent/absent-idx1-ubyte"); });
}

TEST(Idx, EveryTruncationIsRefused) {
  const std::string plain = idx_file(8, {2, 3}, "abcdef");
  for (const std::string& bytes : {plain, gzip(plain)}) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      expect_bad(std::to_string(size), "bad.idx", bytes.substr(0, size));
    }
  }
  std::string damaged = gzip(plain);
  damaged[damaged.size() - 8] ^= 1;
  expect_bad("CRC", "damaged", damaged);
  expect_bad("trailing", "follow the end", gzip(plain) + "junk");
}

TEST(Inflate, StopsAtLimitAndRatio) {
  const std::string zeros(size_t{32} << 20, '\0');
  const std::string packed = gzip(zeros);
  expect_refused<DataError>("limit", "more than expected",
                            [&] { inflate_bytes(packed, Wrapping::kGzip, 1000, "x"); });
  expect_refused<DataError>("ratio", "100 times",
                            [&] { inflate_bytes(packed, Wrapping::kGzip, zeros.size(), "x"); });
  EXPECT_EQ(inflate_bytes(gzip("abc"), Wrapping::kGzip, 3, "x"), "abc");
}

TEST(Idx, ReadsFashionMnist) {
  const char* shared = std::getenv("GANYMEDE_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared != nullptr ? shared : GANYMEDE_SOURCE_DIR "/../shared") /
      "data/fashion_mnist";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no data at " << folder;
  int images = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.find("idx3-ubyte") == std::string::npos) continue;
    const IdxArray array = read_idx(entry.path());
    const int64_t expected = name.starts_with("train") ? 60000 : 10000;
    EXPECT_EQ(array.shape, (std::vector<int64_t>{expected, 28, 28}));
    ++images;
  }
  EXPECT_GE(images, 2);
}

}  // namespace
}  // namespace ganymede::media
