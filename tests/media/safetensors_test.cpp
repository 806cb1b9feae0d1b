#include "ganymede/media/safetensors.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <limits>

#include "container_checks.h"
#include "ganymede/media/tensor_safetensors.h"

namespace ganymede::media {
namespace {

std::string file_of(const std::string& header, const std::string& data = {}) {
  return le<uint64_t>(header.size()) + header + data;
}

std::string tensor_json(const std::string& name, const std::string& dtype, const std::string& shape,
                        const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

// One uint8 tensor of `bytes` bytes called a.
std::string simple_file(const std::string& shape, const std::string& offsets,
                        const std::string& data) {
  return file_of("{" + tensor_json("a", "U8", shape, offsets) + "}", data);
}

void expect_damaged(const std::string& label, const std::string& needle, const std::string& bytes) {
  expect_refused<ModelError>(label, needle, [&] { SafetensorsFile(bytes, "bad.safetensors"); });
  expect_refused<ModelError>(label, "bad.safetensors",
                             [&] { SafetensorsFile(bytes, "bad.safetensors"); });
}

TEST(Safetensors, ReadsAHandWrittenFile) {
  const std::string header = "{\"__metadata__\":{\"format\":\"pt\"}," +
                             tensor_json("b", "F32", "[2,1]", "[4,12]") + "," +
                             tensor_json("a", "U8", "[4]", "[0,4]") + "}   ";
  const SafetensorsFile file(file_of(header, "abcd" + le(1.5F) + le(-2.0F)), "x");
  EXPECT_EQ(file.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.get("a").bytes, "abcd");
  const ArrayView b = file.get("b");
  EXPECT_EQ(b.dtype, DType::kF32);
  EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(b.bytes, le(1.5F) + le(-2.0F));
}

TEST(Safetensors, MissingTensorIsNamed) {
  const SafetensorsFile file(simple_file("[1]", "[0,1]", "x"), "m.safetensors");
  expect_refused<ModelError>("missing", "no tensor \"weight\"", [&] { file.get("weight"); });
}

TEST(Safetensors, AcceptsScalarsAndEmptyTensors) {
  const std::string header = "{" + tensor_json("s", "F64", "[]", "[0,8]") + "," +
                             tensor_json("e", "I32", "[3,0,2]", "[8,8]") + "}";
  const SafetensorsFile file(file_of(header, le(2.25)), "x");
  EXPECT_TRUE(file.get("s").shape.empty());
  EXPECT_TRUE(file.get("e").bytes.empty());
  EXPECT_EQ(SafetensorsFile(file_of("{}"), "empty").names().size(), 0U);
}

TEST(Safetensors, RefusesBrokenLengths) {
  for (size_t size = 0; size < 8; ++size) {
    expect_damaged("ST01 " + std::to_string(size), "bytes long", std::string(size, 'x'));
  }
  expect_damaged("ST02", "not a JSON object", le<uint64_t>(0));
  expect_damaged("ST03", "header length", le(std::numeric_limits<uint64_t>::max()) + "{}");
  expect_damaged("ST04", "does not fit", le<uint64_t>(10) + "{}");
  expect_damaged("ST05", "100000001", le<uint64_t>(100'000'001) + "{}");
}

TEST(Safetensors, RefusesBrokenJson) {
  const std::string tensor = tensor_json("a", "U8", "[1]", "[0,1]");
  expect_damaged("ST06", "not a JSON object", file_of("[]"));
  expect_damaged("ST07", "not a JSON object", file_of(" {" + tensor + "}", "x"));
  expect_damaged("ST08", "not a JSON object", file_of("{" + tensor + "}\t", "x"));
  expect_damaged("ST08b", "not valid", file_of("{" + tensor + "}\t}", "x"));
  expect_damaged("ST09", "not valid UTF-8",
                 file_of("{" + tensor_json("a\xff", "U8", "[1]", "[0,1]") + "}", "x"));
  expect_damaged("ST10", "an array at",
                 file_of("{\"a\":" + std::string(10000, '[') + std::string(10000, ']') + "}"));
  std::string objects = "{";
  for (int i = 0; i < 10000; ++i) objects += "\"a\":{";
  expect_damaged("ST10 objects", "", file_of(objects + std::string(10001, '}')));
  expect_damaged("no end", "not valid", file_of("{" + tensor, "x"));
  expect_damaged("NUL", "not valid", file_of("{" + tensor + std::string(1, '\0') + "}", "x"));
}

TEST(Safetensors, RefusesDuplicateAndUnknownKeys) {
  const std::string tensor = tensor_json("a", "U8", "[1]", "[0,1]");
  expect_damaged("ST11", "\"a\" appears twice", file_of("{" + tensor + "," + tensor + "}", "x"));
  expect_damaged("ST12", "\"dtype\" twice",
                 file_of("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],"
                         "\"data_offsets\":[0,1]}}",
                         "x"));
  expect_damaged("unknown", "unknown key \"code\"",
                 file_of("{\"a\":{\"dtype\":\"U8\",\"code\":\"x\",\"shape\":[1],"
                         "\"data_offsets\":[0,1]}}",
                         "x"));
  expect_damaged("lacks", "lacks dtype", file_of("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", ""));
}

TEST(Safetensors, RefusesBrokenOffsets) {
  const std::string a = tensor_json("a", "U8", "[2]", "[0,2]");
  expect_damaged("ST13", "before it begins", simple_file("[2]", "[2,0]", "xx"));
  expect_damaged("ST14", "\"b\" begins",
                 file_of("{" + a + "," + tensor_json("b", "U8", "[2]", "[1,3]") + "}", "xxx"));
  expect_damaged("ST15", "\"b\" begins",
                 file_of("{" + a + "," + tensor_json("b", "U8", "[2]", "[3,5]") + "}", "xxxxx"));
  expect_damaged("hole at the start", "begins at data byte 1", simple_file("[2]", "[1,3]", "xxx"));
  expect_damaged("ST16", "trailing", simple_file("[2]", "[0,2]", "xxx"));
  expect_damaged("ST17", "before it begins", simple_file("[2]", "[18446744073709551615,1]", "xx"));
  expect_damaged("incomplete", "truncated", simple_file("[2]", "[0,2]", "x"));
  expect_damaged("three offsets", "more than two", simple_file("[2]", "[0,2,3]", "xx"));
  expect_damaged("wrong size", "needs 2 bytes", simple_file("[2]", "[0,3]", "xxx"));
  expect_damaged("ST26 polyglot", "trailing",
                 simple_file("[2]", "[0,2]", "xxPK\x05\x06" + std::string(18, '\0')));
}

TEST(Safetensors, RefusesBrokenShapes) {
  const auto with_shape = [](const std::string& shape) {
    return file_of("{" + tensor_json("w", "I32", shape, "[0,16]") + "}", std::string(16, 'x'));
  };
  expect_damaged("ST18 2^64-2", "", with_shape("[2,18446744073709551614]"));
  expect_damaged("ST18 2^63-1", "overflows", with_shape("[2,9223372036854775807]"));
  expect_damaged(
      "zero hides overflow", "overflows",
      file_of("{" + tensor_json("w", "I32", "[0,9223372036854775807,9]", "[0,0]") + "}"));
  expect_damaged("ST19", "negative", with_shape("[-4]"));
  expect_damaged("ST20 float", "\"3.0\"", with_shape("[3.0]"));
  expect_damaged("ST20 exponent", "\"1e3\"", with_shape("[1e3]"));
  expect_damaged("beyond 64 bits", "number", with_shape("[36893488147419103232]"));
  std::string ones = "[1";
  for (int i = 1; i < 1000; ++i) ones += ",1";
  expect_damaged("ST21", "more than 64 dimensions", with_shape(ones + "]"));
  expect_damaged("shape is text", "a string", with_shape("\"4\""));
  expect_damaged("nested", "an array", with_shape("[[4]]"));
}

TEST(Safetensors, RefusesUnknownTypesAndMetadata) {
  for (const char* dtype : {"F8_E4M3", "C64", "F4", "u8", "", "object"}) {
    expect_damaged(std::string("ST22 ") + dtype, "has dtype",
                   file_of("{" + tensor_json("a", dtype, "[1]", "[0,1]") + "}", "x"));
  }
  for (const char* value : {"1", "null", "true", "[]", "{}", "1.5"}) {
    expect_damaged(std::string("ST23 ") + value, "where it may not be",
                   file_of(std::string("{\"__metadata__\":{\"a\":") + value + "}}"));
  }
  expect_damaged("ST23 list", "where it may not be", file_of("{\"__metadata__\":[]}"));
  expect_damaged("metadata twice", "appears twice",
                 file_of("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}"));
}

TEST(Safetensors, RefusesAMillionEmptyTensors) {
  std::string header = "{";
  for (int i = 0; i < 1'000'000; ++i) {
    header +=
        "\"" + std::to_string(i) + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},";
  }
  header.back() = '}';
  const std::string bytes = file_of(header);
  expect_refused<ModelError>("ST24", "more than 100000 tensors",
                             [&] { SafetensorsFile(bytes, "bad.safetensors"); });
}

TEST(Safetensors, RefusesDangerousNames) {
  for (const char* name : {"../../x", "..", "a/../b", "a\\u0000b", "a\\nb", ""}) {
    expect_damaged(std::string("ST25 ") + name, "tensor name",
                   file_of("{" + tensor_json(name, "U8", "[1]", "[0,1]") + "}", "x"));
  }
  expect_damaged(
      "long", "longer than 1024",
      file_of("{" + tensor_json(std::string(2000, 'n'), "U8", "[1]", "[0,1]") + "}", "x"));
}

TEST(Safetensors, NoticesAFileThatShrinksWhileItIsRead) {
  const ScratchFolder folder;
  const std::string bytes = simple_file("[4096]", "[0,4096]", std::string(4096, 'x'));
  write_bytes(folder / "a.safetensors", bytes);
  const ByteSource source(folder / "a.safetensors");
  std::filesystem::resize_file(folder / "a.safetensors", bytes.size() - 100);
  expect_refused<ModelError>("ST27", "became shorter", [&] { decode_tensors(source); });
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string bytes = encode_safetensors(
      {{"a", {DType::kU8, {3}, "abc"}}, {"b", {DType::kI16, {1}, "xy"}}}, {{"k", "v"}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    expect_refused<ModelError>(std::to_string(size), "cut",
                               [&] { SafetensorsFile(bytes.substr(0, size), "cut"); });
  }
}

TEST(Safetensors, EncodesInTheReferenceOrder) {
  const std::string one = le(1.0F);
  const std::string bytes = encode_safetensors({{"b", {DType::kF32, {1}, one}},
                                                {"a", {DType::kU8, {2}, "uv"}},
                                                {"c", {DType::kF64, {}, std::string(8, '\0')}},
                                                {"aa", {DType::kF32, {1, 1}, one}}});
  const SafetensorsFile file(bytes, "x");
  std::vector<std::string> order;
  for (const SafetensorsEntry& entry : file.header().entries) order.push_back(entry.name);
  EXPECT_EQ(order, (std::vector<std::string>{"c", "aa", "b", "a"}));
  EXPECT_EQ(file.header().data_offset % 8, 0U);
  EXPECT_EQ(bytes.size(), file.header().data_offset + 8 + 4 + 4 + 2);
}

TEST(Safetensors, RefusesToWriteWhatItWouldNotRead) {
  const ArrayView good{DType::kU8, {1}, "x"};
  const auto encode = [](const std::string& name, const ArrayView& array) {
    return [=] { encode_safetensors({{name, array}}); };
  };
  expect_refused<ModelError>("empty name", "is empty", encode("", good));
  expect_refused<ModelError>("reserved", "reserved", encode("__metadata__", good));
  expect_refused<ModelError>("not UTF-8", "UTF-8", encode("\xff", good));
  expect_refused<ModelError>("size", "does not fit", encode("a", {DType::kU8, {2}, "x"}));
  expect_refused<ModelError>("negative", "does not fit", encode("a", {DType::kU8, {-1}, "x"}));
}

TEST(TensorSafetensors, RoundTripsEveryTypeBitByBit) {
  TensorMap tensors;
  for (int i = 0; i < 13; ++i) {
    const at::ScalarType type = scalar_type_of(static_cast<DType>(i));
    tensors["t" + std::to_string(i)] = at::arange(6, at::kFloat).reshape({2, 3}).to(type);
  }
  tensors["scalar"] = at::scalar_tensor(3.5);
  tensors["empty"] = at::empty({0, 4});
  const TensorMap read = decode_tensors(encode_tensors(tensors), "x");
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    SCOPED_TRACE(name);
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type());
    EXPECT_TRUE(read.at(name).equal(tensor));
  }
}

TEST(TensorSafetensors, KeepsNanPayloads) {
  const at::Tensor bits = at::arange(-32768, 32768, at::kInt).to(at::kShort);
  TensorMap tensors = {{"half", bits.view(at::kHalf)}, {"bfloat", bits.view(at::kBFloat16)}};
  const TensorMap read = decode_tensors(encode_tensors(tensors), "ST28");
  EXPECT_TRUE(read.at("half").view(at::kShort).equal(bits));
  EXPECT_TRUE(read.at("bfloat").view(at::kShort).equal(bits));
}

TEST(TensorSafetensors, StridesAndGradientsDoNotMatter) {
  const at::Tensor plain = at::arange(12, at::kFloat).reshape({3, 4});
  at::Tensor leaf = plain.clone().set_requires_grad(true);
  const std::string expected = encode_tensors({{"w", plain}});
  EXPECT_EQ(encode_tensors({{"w", leaf}}), expected);
  EXPECT_EQ(encode_tensors({{"w", plain.t().contiguous().t()}}), expected);
  EXPECT_EQ(encode_tensors({{"w", plain.repeat({1, 2}).narrow(1, 4, 4)}}), expected);
  EXPECT_EQ(encode_tensors({{"w", plain.neg()._neg_view()}}), expected);
}

TEST(TensorSafetensors, RefusesOtherTensors) {
  expect_refused<ModelError>("undefined", "\"w\"", [] { encode_tensors({{"w", at::Tensor()}}); });
  expect_refused<ModelError>("complex", "ComplexFloat",
                             [] { encode_tensors({{"w", at::zeros(2, at::kComplexFloat)}}); });
  expect_refused<ModelError>("sparse", "sparse",
                             [] { encode_tensors({{"w", at::eye(3).to_sparse()}}); });
}

TEST(TensorSafetensors, CopiesFromTheGpu) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device";
  const at::Tensor plain = at::arange(12, at::kFloat).reshape({3, 4});
  EXPECT_EQ(encode_tensors({{"w", plain.to(at::kCUDA)}}), encode_tensors({{"w", plain}}));
}

}  // namespace
}  // namespace ganymede::media
