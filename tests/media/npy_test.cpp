#include "ganymede/media/npy.h"

#include <filesystem>

#include "container_checks.h"
#include "ganymede/media/zip.h"

namespace ganymede::media {
namespace {

std::string npy_file(const std::string& dict, const std::string& data, char major = 1) {
  const std::string length = major == 1 ? le<uint16_t>(static_cast<uint16_t>(dict.size()))
                                        : le<uint32_t>(static_cast<uint32_t>(dict.size()));
  return "\x93NUMPY" + std::string(1, major) + std::string(1, '\0') + length + dict + data;
}

std::string dict_of(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }\n";
}

void expect_bad(const std::string& label, const std::string& needle, const std::string& bytes) {
  expect_refused<DataError>(label, needle, [&] { decode_npy(bytes, "bad.npy"); });
}

std::string sequence(size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(Npy, ReadsAllVersions) {
  for (const char major : {1, 2, 3}) {
    const NpyArray array = decode_npy(npy_file(dict_of("<i2", "(2, 3)"), sequence(12), major), "x");
    EXPECT_EQ(array.dtype, DType::kI16);
    EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(array.bytes, sequence(12));
  }
}

TEST(Npy, ReadsScalarsAndEmptyArrays) {
  EXPECT_TRUE(decode_npy(npy_file(dict_of("|u1", "()"), "x"), "x").shape.empty());
  EXPECT_EQ(decode_npy(npy_file(dict_of("|u1", "(3,)"), "xyz"), "x").shape,
            std::vector<int64_t>{3});
  EXPECT_TRUE(decode_npy(npy_file(dict_of("<f8", "(0, 3)", true), ""), "x").bytes.empty());
}

TEST(Npy, ConvertsFortranOrder) {
  // a[i][j][k] = 100 i + 10 j + k, shape (2, 3, 2), first index fastest in the file.
  std::string fortran;
  std::string expected;
  for (int k = 0; k < 2; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i)
        fortran += le<int16_t>(static_cast<int16_t>(100 * i + 10 * j + k));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 2; ++k)
        expected += le<int16_t>(static_cast<int16_t>(100 * i + 10 * j + k));
  const NpyArray array = decode_npy(npy_file(dict_of("<i2", "(2, 3, 2)", true), fortran), "NPY04");
  EXPECT_EQ(array.bytes, expected);
  EXPECT_TRUE(array.was_fortran);
}

TEST(Npy, ConvertsBigEndian) {
  const NpyArray array = decode_npy(npy_file(dict_of(">i4", "(2,)"), sequence(8)), "NPY06");
  EXPECT_EQ(array.bytes, std::string("\x03\x02\x01\x00\x07\x06\x05\x04", 8));
}

TEST(Npy, RefusesBrokenHeaders) {
  expect_bad("NPY01", "header of 4294967280 bytes",
             std::string("\x93NUMPY\x02\x00", 8) + le<uint32_t>(0xFFFFFFF0) + "{}");
  expect_bad("NPY02", "version 9.9", "\x93NUMPY\x09\x09" + le<uint16_t>(2) + "{}");
  expect_bad("NPY03", "out of range", npy_file(dict_of("<f4", "(9223372036854775808, 2)"), "x"));
  expect_bad("NPY03b", "overflows", npy_file(dict_of("<f4", "(9223372036854775807, 2)"), "x"));
  for (const char* descr : {"|O", "O", "|O8"}) {
    expect_bad(std::string("NPY05 ") + descr, "pickle", npy_file(dict_of(descr, "(1,)"), "x"));
  }
  for (const char* descr : {"<c8", "|S3", "<U3", "<M8[s]", "<f16", "|V4", "", "<", "<i3"}) {
    expect_bad(std::string("type ") + descr, "unsupported type",
               npy_file(dict_of(descr, "(1,)"), "x"));
  }
  expect_bad("structured", "structured",
             npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd"));
  expect_bad("signature", "signature", "PK\x03\x04");
  expect_bad("empty", "signature", "");
}

TEST(Npy, RefusesBrokenDicts) {
  for (const char* dict :
       {"{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
        "{'descr: '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f\\x34', 'shape': (1,)}", "{", "",
        "(1,)"}) {
    expect_bad(std::string("NPY07 ") + dict, "NPY header", npy_file(dict, "abcd"));
  }
}

TEST(Npy, EveryTruncationIsRefused) {
  const std::string bytes = encode_npy({DType::kI16, {2, 3}, "abcdefghijkl"});
  for (size_t size = 0; size < bytes.size(); ++size) {
    expect_bad(std::to_string(size), "bad.npy", bytes.substr(0, size));
  }
  expect_bad("longer", "the file holds 13", bytes + "x");
}

TEST(Npy, RoundTripsEveryType) {
  for (int i = 0; i < 13; ++i) {
    const auto dtype = static_cast<DType>(i);
    const std::string bytes = sequence(6 * element_bytes(dtype));
    const ArrayView view{dtype, {3, 1, 2}, bytes};
    if (dtype == DType::kBF16) {
      expect_refused<UsageError>("bfloat16", "bfloat16", [&] { encode_npy(view); });
      continue;
    }
    const std::string file = encode_npy(view);
    EXPECT_EQ((file.size() - bytes.size()) % 64, 0U);
    const NpyArray array = decode_npy(file, "x");
    EXPECT_EQ(array.dtype, dtype);
    EXPECT_EQ(array.shape, view.shape);
    EXPECT_EQ(array.bytes, bytes);
  }
  expect_refused<UsageError>("size", "does not fit", [] { encode_npy({DType::kU8, {2}, "x"}); });
}

TEST(Npz, RoundTrips) {
  const ScratchFolder scratch;
  write_npz(scratch / "a.npz", {{"x", {DType::kU8, {2}, "ab"}}, {"y", {DType::kF32, {}, "abcd"}}});
  const auto arrays = read_npz(scratch / "a.npz");
  ASSERT_EQ(arrays.size(), 2U);
  EXPECT_EQ(arrays.at("x").bytes, "ab");
  EXPECT_EQ(arrays.at("y").dtype, DType::kF32);
}

TEST(Npz, RefusesLiesAndDamage) {
  const ScratchFolder scratch;
  write_npz(scratch / "a.npz", {{"x", {DType::kU8, {64}, std::string(64, 'x')}}});
  const std::string good = read_bytes(scratch / "a.npz");
  const auto expect_bad_npz = [&](const std::string& label, const std::string& needle,
                                  const std::string& bytes) {
    write_bytes(scratch / "b.npz", bytes);
    expect_refused<DataError>(label, needle, [&] { read_npz(scratch / "b.npz"); });
  };
  std::string lie = good;
  const size_t directory = good.find("PK\x01\x02");
  lie.replace(directory + 24, 4, le<uint32_t>(1'000'000'000));
  expect_bad_npz("NPY08", "two different sizes", lie);
  lie.replace(directory + 20, 4, le<uint32_t>(1'000'000'000));
  expect_bad_npz("NPY08 both", "size is wrong", lie);
  std::string damaged = good;
  damaged[good.find("xxxx") + 5] = 'y';
  expect_bad_npz("NPY09", "CRC", damaged);
  ZipWriter other(scratch / "b.npz");
  other.add("readme.txt", "hello");
  other.finish();
  expect_refused<DataError>("member", "*.npy", [&] { read_npz(scratch / "b.npz"); });
}

}  // namespace
}  // namespace ganymede::media
