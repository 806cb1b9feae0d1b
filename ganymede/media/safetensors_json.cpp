#include "ganymede/media/safetensors_json.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_set>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadataKey = "__metadata__";

// In the order of DType.
constexpr std::array<std::string_view, 13> kCodes = {
    "BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64", "F16", "BF16", "F32", "F64"};

std::optional<DType> dtype_from_code(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code);
  if (found == kCodes.end()) return std::nullopt;
  return static_cast<DType>(found - kCodes.begin());
}

// Names end up in messages, terminals and module paths, so only plain text is let in.
std::optional<std::string> name_problem(std::string_view name, size_t limit) {
  if (name.empty()) return "is empty";
  if (name.size() > limit) return "is longer than " + std::to_string(limit) + " bytes";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "has a control character";
  }
  if (name == ".." || name.starts_with("../") || name.ends_with("/..") ||
      name.find("/../") != std::string_view::npos) {
    return "contains \"..\"";
  }
  return std::nullopt;
}

// For messages: a hostile name must not fill the screen.
std::string shown(std::string_view name) {
  constexpr size_t kShown = 80;
  std::string text = "\"";
  for (const char c : name.substr(0, kShown)) {
    text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return text + (name.size() > kShown ? "...\"" : "\"");
}

// Receives the header as events and accepts exactly
// {"__metadata__": {string: string}, name: {"dtype": s, "shape": [n], "data_offsets": [n, n]}}.
class HeaderParser : public nlohmann::json_sax<Json> {
 public:
  HeaderParser(const SafetensorsLimits& limits, const std::string& where)
      : limits_(limits), where_(where) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(size_t /*elements*/) override {
    switch (place_) {
      case Place::kStart:
        place_ = Place::kTop;
        return true;
      case Place::kTopValue:
        place_ = key_ == kMetadataKey ? Place::kMetadata : Place::kTensor;
        if (place_ == Place::kTensor) begin_tensor();
        return true;
      default:
        unexpected("an object");
    }
  }

  bool key(string_t& key) override {
    if (place_ == Place::kTop) {
      if (!top_keys_.insert(key).second) refuse("key " + shown(key) + " appears twice");
      key_ = key;
      place_ = Place::kTopValue;
    } else if (place_ == Place::kMetadata) {
      if (header_.metadata.contains(key)) refuse("metadata key " + shown(key) + " appears twice");
      metadata_key_ = key;
      place_ = Place::kMetadataValue;
    } else {
      tensor_key(key);
    }
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::kMetadataValue) {
      metadata_bytes_ += metadata_key_.size() + value.size();
      if (metadata_bytes_ > limits_.metadata_bytes) {
        refuse("metadata is too long",
               "at most " + std::to_string(limits_.metadata_bytes) + " bytes");
      }
      header_.metadata.emplace(metadata_key_, value);
      place_ = Place::kMetadata;
    } else if (place_ == Place::kDType) {
      set_dtype(value);
      place_ = Place::kTensor;
    } else {
      unexpected("a string");
    }
    return true;
  }

  bool start_array(size_t /*elements*/) override {
    if (place_ == Place::kShape) {
      place_ = Place::kShapeItems;
    } else if (place_ == Place::kOffsets) {
      place_ = Place::kOffsetItems;
    } else {
      unexpected("an array");
    }
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::kShapeItems) {
      add_dimension(value);
    } else if (place_ == Place::kOffsetItems) {
      if (offsets_.size() == 2) tensor_refuse("has more than two data_offsets");
      offsets_.push_back(value);
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool end_array() override {
    place_ = Place::kTensor;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) finish_tensor();
    place_ = place_ == Place::kTop ? Place::kDone : Place::kTop;
    return true;
  }

  // Only tokens with a minus sign come here.
  bool number_integer(number_integer_t value) override {
    unexpected("the negative number " + std::to_string(value));
  }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    unexpected("the number " + shown(text));
  }
  bool null() override { unexpected("null"); }
  bool boolean(bool value) override { unexpected(value ? "true" : "false"); }
  bool binary(binary_t& /*value*/) override { unexpected("binary data"); }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    refuse("header is not valid UTF-8 JSON at its byte " + std::to_string(position));
  }

 private:
  enum class Place {
    kStart,
    kTop,
    kTopValue,
    kMetadata,
    kMetadataValue,
    kTensor,
    kDType,
    kShape,
    kShapeItems,
    kOffsets,
    kOffsetItems,
    kDone
  };

  [[noreturn]] void refuse(const std::string& found, const std::string& allowed = {}) const {
    throw ModelError({.where = where_, .found = found, .allowed = allowed});
  }
  [[noreturn]] void tensor_refuse(const std::string& found, const std::string& allowed = {}) const {
    refuse("tensor " + shown(key_) + " " + found, allowed);
  }
  [[noreturn]] void unexpected(const std::string& what) const {
    const std::string at = key_.empty() ? "" : " at " + shown(key_);
    refuse("header has " + what + at + " where it may not be",
           "dtype, shape and data_offsets (integers from 0) by tensor; __metadata__ of strings");
  }

  void begin_tensor() {
    if (header_.entries.size() == limits_.tensors) {
      refuse("more than " + std::to_string(limits_.tensors) + " tensors");
    }
    if (const auto problem = name_problem(key_, limits_.name_bytes)) {
      refuse("tensor name " + shown(key_) + " " + *problem);
    }
    dtype_.reset();
    shape_.reset();
    offsets_.clear();
    seen_.clear();
  }

  void tensor_key(const std::string& key) {
    if (!seen_.insert(key).second) tensor_refuse("has " + shown(key) + " twice");
    if (key == "dtype") {
      place_ = Place::kDType;
    } else if (key == "shape") {
      shape_.emplace();
      place_ = Place::kShape;
    } else if (key == "data_offsets") {
      place_ = Place::kOffsets;
    } else {
      tensor_refuse("has the unknown key " + shown(key), "dtype, shape, data_offsets");
    }
  }

  void set_dtype(const std::string& code) {
    dtype_ = dtype_from_code(code);
    if (!dtype_) {
      tensor_refuse("has dtype " + shown(code),
                    "BOOL U8 I8 I16 U16 I32 U32 I64 U64 F16 BF16 F32 F64");
    }
  }

  void add_dimension(uint64_t value) {
    if (shape_->size() == limits_.rank) {
      tensor_refuse("has more than " + std::to_string(limits_.rank) + " dimensions");
    }
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      tensor_refuse("has a dimension of " + std::to_string(value));
    }
    shape_->push_back(static_cast<int64_t>(value));
  }

  void finish_tensor() {
    if (!dtype_ || !shape_ || offsets_.size() != 2) {
      tensor_refuse("lacks dtype, shape or two data_offsets");
    }
    if (offsets_[0] > offsets_[1]) {
      tensor_refuse("ends at " + std::to_string(offsets_[1]) + " before it begins at " +
                    std::to_string(offsets_[0]));
    }
    const uint64_t bytes = offsets_[1] - offsets_[0];
    const auto expected = checked_bytes(*shape_, *dtype_);
    if (!expected) tensor_refuse("has shape " + shape_text(*shape_) + ", which overflows");
    if (*expected != bytes) {
      tensor_refuse("of shape " + shape_text(*shape_) + " needs " + std::to_string(*expected) +
                    " bytes, its data_offsets give " + std::to_string(bytes));
    }
    header_.entries.push_back({key_, *dtype_, *shape_, offsets_[0], bytes});
  }

  const SafetensorsLimits& limits_;
  const std::string& where_;
  SafetensorsHeader header_;
  Place place_ = Place::kStart;
  std::unordered_set<std::string> top_keys_;
  std::string key_;
  std::string metadata_key_;
  uint64_t metadata_bytes_ = 0;
  std::optional<DType> dtype_;
  std::optional<std::vector<int64_t>> shape_;
  std::vector<uint64_t> offsets_;
  std::set<std::string> seen_;
};

std::string json_string(const std::string& text) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    throw ModelError({.where = "safetensors", .found = shown(text) + " is not valid UTF-8"});
  }
}

std::string entry_json(const SafetensorsEntry& entry) {
  std::string shape;
  for (const int64_t dimension : entry.shape) {
    shape += (shape.empty() ? "" : ",") + std::to_string(dimension);
  }
  return json_string(entry.name) + ":{\"dtype\":\"" +
         std::string(kCodes[static_cast<size_t>(entry.dtype)]) + "\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + std::to_string(entry.offset) + "," +
         std::to_string(entry.offset + entry.bytes) + "]}";
}

void check_writable(const SafetensorsEntry& entry, const SafetensorsLimits& limits) {
  const std::string where = "tensor " + shown(entry.name);
  if (const auto problem = name_problem(entry.name, limits.name_bytes)) {
    throw ModelError({.where = where, .found = "the name " + *problem});
  }
  if (entry.name == kMetadataKey) {
    throw ModelError({.where = where, .found = "the name is reserved"});
  }
  if (entry.shape.size() > limits.rank || checked_bytes(entry.shape, entry.dtype) != entry.bytes) {
    throw ModelError({.where = where,
                      .found = "shape " + shape_text(entry.shape) + " of " +
                               std::string(dtype_name(entry.dtype)) + " does not fit " +
                               std::to_string(entry.bytes) + " bytes"});
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_json(std::string_view text, const SafetensorsLimits& limits,
                                         const std::string& where) {
  const size_t last = text.find_last_not_of(' ');
  if (last == std::string_view::npos || text.front() != '{' || text[last] != '}') {
    throw ModelError({.where = where,
                      .found = "header is not a JSON object followed by spaces only",
                      .allowed = "a safetensors file"});
  }
  HeaderParser parser(limits, where);
  const std::string_view object = text.substr(0, last + 1);
  Json::sax_parse(object.begin(), object.end(), &parser);
  return parser.take();
}

std::string write_safetensors_json(const std::vector<SafetensorsEntry>& entries,
                                   const std::map<std::string, std::string>& metadata) {
  const SafetensorsLimits limits;
  std::string text = "{";
  if (!metadata.empty()) {
    text += "\"" + std::string(kMetadataKey) + "\":{";
    bool first = true;
    for (const auto& [key, value] : metadata) {
      text += (first ? "" : ",") + json_string(key) + ":" + json_string(value);
      first = false;
    }
    text += "}";
  }
  for (const SafetensorsEntry& entry : entries) {
    check_writable(entry, limits);
    text += (text.size() > 1 ? "," : "") + entry_json(entry);
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > limits.header_bytes || entries.size() > limits.tensors) {
    throw ModelError({.where = "safetensors",
                      .found = std::to_string(entries.size()) + " tensors need a header of " +
                               std::to_string(text.size()) + " bytes",
                      .allowed = "at most 100000 tensors and 100000000 bytes"});
  }
  return text;
}

}  // namespace ganymede::media
