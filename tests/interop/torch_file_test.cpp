#include "ganymede/interop/torch_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/interop/pickles.h"

namespace ganymede::interop {
namespace {

using namespace testing;

std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// A file of one tensor over a storage "0" of six floats 0..5.
std::string one_tensor(const std::string& made,
                       const std::string& bytes = floats({0, 1, 2, 3, 4, 5})) {
  return archive(proto() + dict({{"w", made}}) + ".", {{"0", bytes}});
}

std::map<std::string, at::Tensor> read(const std::string& bytes) {
  return read_torch_file(source(bytes));
}

TEST(TorchFile, ReadsStridesAndOffsets) {
  const auto tensors = read(one_tensor(tensor(storage("0", 6), 1, {2, 2}, {1, 3})));
  const at::Tensor& w = tensors.at("w");
  EXPECT_EQ(w.strides(), (at::IntArrayRef{1, 3}));
  EXPECT_TRUE(at::equal(w, at::tensor({1.0, 4.0, 2.0, 5.0}).to(at::kFloat).view({2, 2})));
}

TEST(TorchFile, SharedStoragesStayShared) {
  const std::string file = archive(proto() +
                                       dict({{"a", tensor(storage("0", 6), 0, {6}, {1})},
                                             {"b", tensor(storage("0", 6), 2, {2}, {1})}}) +
                                       ".",
                                   {{"0", floats({0, 1, 2, 3, 4, 5})}}, "any name");
  const auto tensors = read(file);
  tensors.at("a")[3] = 9;
  EXPECT_EQ(tensors.at("b")[1].item<float>(), 9);
}

TEST(TorchFile, ReadsTheStream) {
  const std::string object = proto() + dict({{"w", tensor(storage("17", 2), 0, {2}, {1})}}) + "." +
                             proto() + "]" + text("17") + "a.";
  const std::string file = stream_head() + object + little(2, 8) + floats({1, -1});
  const auto tensors = read(file);
  EXPECT_EQ(tensors.at("w")[1].item<float>(), -1);
  EXPECT_NE(
      file_refusal(stream_head(false) + object + little(2, 8) + floats({1, -1})).find("endian"),
      std::string::npos);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(file_refusal(file.substr(0, size)), "") << size;
  }
  const std::string head = stream_head() + object;
  EXPECT_NE(file_refusal(head + little(3, 8) + floats({1, 2, 3})), "") << "another count";
  EXPECT_NE(file_refusal(head + little(~uint64_t{0}, 8) + floats({1, 2})), "") << "count -1";
}

TEST(TorchFile, BoolsAreZeroOrOne) {
  const auto tensors = read(
      one_tensor(tensor(storage("0", 3, "BoolStorage"), 0, {3}, {1}), std::string("\0\1\xfe", 3)));
  EXPECT_EQ(tensors.at("w").to(at::kInt).sum().item<int>(), 2);
}

TEST(TorchFile, RefusesTensorsOutsideTheirStorage) {
  const auto refused = [](int64_t offset, const std::vector<int64_t>& shape,
                          const std::vector<int64_t>& strides, int64_t count = 6) {
    return file_refusal(one_tensor(tensor(storage("0", count), offset, shape, strides)));
  };
  EXPECT_EQ(refused(0, {6}, {1}), "");
  EXPECT_NE(refused(1, {6}, {1}), "");
  EXPECT_NE(refused(0, {2, 3}, {4, 1}), "");
  EXPECT_NE(refused(6, {}, {}), "");
  EXPECT_EQ(refused(6, {0}, {1}), "");
  EXPECT_NE(refused(7, {0}, {1}), "");
  EXPECT_NE(refused(-1, {1}, {1}), "");
  EXPECT_NE(refused(0, {-1}, {1}), "");
  EXPECT_NE(refused(5, {2}, {-1}), "");
  EXPECT_NE(refused(0, {2}, {1, 1}), "");
  EXPECT_NE(refused(0, {INT64_MAX, 3}, {0, 0}), "") << "count overflows";
  EXPECT_NE(refused(0, {3, 3}, {INT64_MAX, 1}), "") << "reach overflows";
  EXPECT_NE(refused(INT64_MAX, {2}, {1}), "") << "end overflows";
  EXPECT_NE(refused(0, {5}, {1}, 5), "") << "the member has six";
  EXPECT_NE(refused(0, {1}, {1}, -1), "");
  EXPECT_NE(refused(0, {1}, {1}, INT64_MAX), "") << "bytes overflow";
  EXPECT_NE(refused(0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)), "");
}

TEST(TorchFile, RefusesForeignPersistentIds) {
  const std::string body =
      tuple({text("module"), text("x"), text("y"), text("z"), integer(1)}) + "Q";
  EXPECT_NE(file_refusal(one_tensor(tensor(body, 0, {1}, {1}))).find("no storage"),
            std::string::npos);
  EXPECT_NE(file_refusal(one_tensor(tensor(text("x") + "Q", 0, {1}, {1}))), "");
  EXPECT_NE(file_refusal(one_tensor(tensor(integer(1), 0, {1}, {1}))), "");
  const std::string up = storage("../data.pkl", 6);
  EXPECT_NE(file_refusal(one_tensor(tensor(up, 0, {1}, {1}))).find("no member"), std::string::npos);
}

TEST(TorchFile, RefusesOneStorageOfTwoTypes) {
  const std::string file = proto() +
                           dict({{"a", tensor(storage("0", 2), 0, {2}, {1})},
                                 {"b", tensor(storage("0", 1, "DoubleStorage"), 0, {1}, {1})}}) +
                           ".";
  EXPECT_NE(file_refusal(archive(file, {{"0", floats({1, 2})}})).find("two types"),
            std::string::npos);
}

TEST(TorchFile, RefusesBombs) {
  // A list that holds itself, and lists that each hold the one before twice.
  EXPECT_NE(file_refusal(archive(proto() + "]q\x01h\x01"
                                           "a."))
                .find("deep"),
            std::string::npos);
  std::string doubling = proto() + "]q" + little(0, 1);
  for (uint64_t i = 0; i < 60; ++i) {
    doubling += "0](h" + little(i, 1) + "h" + little(i, 1) + "eq" + little(i + 1, 1);
  }
  EXPECT_NE(file_refusal(archive(doubling + ".")).find("too many values"), std::string::npos);
  std::string deep = proto();
  for (int i = 0; i < 70; ++i) deep += "]";
  for (int i = 0; i < 69; ++i) deep += "a";
  EXPECT_NE(file_refusal(archive(deep + ".")).find("deep"), std::string::npos);
  // Six floats that claim to be a terabyte, once and in a thousand tensors.
  EXPECT_NE(file_refusal(one_tensor(tensor(storage("0", 6), 0, {int64_t{1} << 38}, {0}))), "");
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 1000; ++i) {
    many.emplace_back("w" + std::to_string(i), tensor(storage("0", 6), 0, {int64_t{1} << 20}, {0}));
  }
  EXPECT_NE(file_refusal(archive(proto() + dict(many) + ".", {{"0", floats({0, 1, 2, 3, 4, 5})}}))
                .find("larger than the file"),
            std::string::npos);
  EXPECT_NE(file_refusal(archive(proto() + dict(many) + ".", {{"0", floats({0, 1, 2, 3, 4, 5})}}),
                         {.tensors = 3}),
            "");
}

TEST(TorchFile, RefusesNamesThatCollideOrAreNone) {
  const std::string made = tensor(storage("0", 6), 0, {1}, {1});
  const auto refused = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
    return file_refusal(
        archive(proto() + dict(entries) + ".", {{"0", floats({0, 1, 2, 3, 4, 5})}}));
  };
  EXPECT_NE(refused({{"w", made}, {"w", made}}).find("two tensors"), std::string::npos);
  EXPECT_NE(refused({{"a.b", made}, {"a", dict({{"b", made}})}}), "");
  EXPECT_NE(refused({{"", made}}), "");
  EXPECT_NE(refused({{"a\nb", made}}).find("a?b"), std::string::npos);
  EXPECT_NE(refused({{std::string(1025, 'a'), made}}), "");
  EXPECT_EQ(refused({{"", "N"}, {"w", made}}), "") << "names of what is no tensor do not matter";
}

TEST(TorchFile, RefusesOtherArchives) {
  const std::string empty = proto() + "}.";
  EXPECT_EQ(file_refusal(archive(empty)), "");
  EXPECT_EQ(file_refusal(archive(empty, {{"/byteorder", "little"}})), "");
  EXPECT_NE(file_refusal(archive(empty, {{"/byteorder", "big"}})).find("byte order"),
            std::string::npos);
  EXPECT_NE(file_refusal(archive(empty, {{"/constants.pkl", ""}})).find("TorchScript"),
            std::string::npos);
  EXPECT_NE(file_refusal(archive(empty, {}, "a/b")).find("data.pkl"), std::string::npos);
  EXPECT_NE(file_refusal("PK\x03\x04 and nothing else"), "");
  EXPECT_NE(file_refusal("\x89PNG"), "");
  EXPECT_NE(file_refusal(""), "");
}

TEST(TorchFile, MissingFilesAreFileErrors) {
  EXPECT_THROW(read_torch_file(std::filesystem::path("/nowhere/x.pth")), FileError);
}

}  // namespace
}  // namespace ganymede::interop
