#include "ganymede/media/npy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

// Kind and size after the byte-order mark; NumPy has no bfloat16.
constexpr std::array<std::pair<std::string_view, DType>, 12> kCodes = {{{"b1", DType::kBool},
                                                                        {"u1", DType::kU8},
                                                                        {"i1", DType::kI8},
                                                                        {"i2", DType::kI16},
                                                                        {"u2", DType::kU16},
                                                                        {"i4", DType::kI32},
                                                                        {"u4", DType::kU32},
                                                                        {"i8", DType::kI64},
                                                                        {"u8", DType::kU64},
                                                                        {"f2", DType::kF16},
                                                                        {"f4", DType::kF32},
                                                                        {"f8", DType::kF64}}};
constexpr size_t kLargestRank = 64;

class DictParser {
 public:
  DictParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      value(key);
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_space();
    if (at_ != text_.size()) fail("text after the dict");
    if (!descr_ || !order_ || !shape_) fail("descr, fortran_order or shape is missing");
    return header_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError({.where = where_,
                     .found = "NPY header: " + what + " at its byte " + std::to_string(at_),
                     .allowed = "a dict of descr, fortran_order and shape"});
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail(std::string("no '") + c + "'");
  }

  std::string_view string() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail("no quoted text");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a quote is not closed");
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    if (inside.find('\\') != std::string_view::npos) fail("an escape");
    at_ = end + 1;
    return inside;
  }

  void value(std::string_view key) {
    if (key == "descr") {
      once(&descr_);
      descr();
    } else if (key == "fortran_order") {
      once(&order_);
      header_.fortran = boolean();
    } else if (key == "shape") {
      once(&shape_);
      shape();
    } else {
      fail("unknown key");
    }
  }

  void once(bool* seen) const {
    if (*seen) fail("a key appears twice");
    *seen = true;
  }

  void descr() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') fail("a structured type");
    const std::string_view code = string();
    if (code.find('O') != std::string_view::npos) fail("Python objects (pickle), never read,");
    constexpr std::string_view kOrders = "<>=|";
    const bool has_order = !code.empty() && kOrders.find(code[0]) != std::string_view::npos;
    const std::string_view kind = code.substr(has_order ? 1 : 0);
    const auto found = std::ranges::find(kCodes, kind, &std::pair<std::string_view, DType>::first);
    if (found == kCodes.end())
      fail("the unsupported type '" + std::string(code.substr(0, 40)) + "'");
    header_.dtype = found->second;
    header_.big_endian = has_order && code[0] == '>';
  }

  bool boolean() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    fail("neither True nor False");
  }

  void shape() {
    expect('(');
    while (!accept(')')) {
      if (header_.shape.size() == kLargestRank) fail("more than 64 dimensions");
      header_.shape.push_back(integer());
      if (accept(',')) continue;
      if (header_.shape.size() == 1) fail("no ',' in a tuple of one");
      expect(')');
      break;
    }
  }

  int64_t integer() {
    skip_space();
    int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error == std::errc::result_out_of_range) fail("a dimension is out of range");
    if (error != std::errc() || value < 0) fail("a dimension is not a number from 0");
    at_ += static_cast<size_t>(end - begin);
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // written by Python 2
    return value;
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
  NpyHeader header_;
  bool descr_ = false;
  bool order_ = false;
  bool shape_ = false;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& where) {
  return DictParser(text, where).parse();
}

std::string npy_dict(DType dtype, std::span<const int64_t> shape) {
  const auto found = std::ranges::find(kCodes, dtype, &std::pair<std::string_view, DType>::second);
  if (found == kCodes.end()) {
    throw UsageError({.where = "npy",
                      .found = "NumPy has no " + std::string(dtype_name(dtype)),
                      .remedy = "converting to float32"});
  }
  std::string tuple = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    tuple += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  tuple += shape.size() == 1 ? ",)" : ")";
  const std::string order = element_bytes(dtype) == 1 ? "|" : "<";
  return "{'descr': '" + order + std::string(found->first) +
         "', 'fortran_order': False, 'shape': " + tuple + ", }";
}

}  // namespace ganymede::media
