#include "ganymede/interop/torch_storage.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"

namespace ganymede::interop {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}) {
  throw ModelError({.where = where, .found = found, .allowed = allowed});
}

class ZipStorages final : public StorageReader {
 public:
  ZipStorages(const media::ZipReader& archive, std::string top)
      : archive_(archive), top_(std::move(top)) {}

 protected:
  std::string load(const StorageId& id) const override {
    const std::string member = top_ + "/data/" + id.key;
    const auto index = archive_.find(member);
    if (!index) refuse(name(), "no member for the storage " + shown(id.key));
    const media::ZipMember& entry = archive_.members()[*index];
    if (!entry.stored) refuse(name(), "the storage " + shown(id.key) + " is compressed", "stored");
    if (entry.size != static_cast<uint64_t>(id.bytes())) {
      refuse(name(), "the storage " + shown(id.key) + " has " + std::to_string(entry.size) +
                         " bytes where its id says " + std::to_string(id.bytes()));
    }
    return archive_.read(*index);
  }
  const std::string& name() const override { return archive_.name(); }

 private:
  const media::ZipReader& archive_;
  std::string top_;
};

class StreamStorages final : public StorageReader {
 public:
  StreamStorages(const media::ByteSource& source, uint64_t begin, const Pickle& object,
                 const PickleLimits& limits)
      : source_(source) {
    const std::map<std::string, int64_t> sizes = sizes_of(object);
    const Pickle keys = Pickle::read(source, begin, limits);
    if (!keys.root().is(PickleKind::kList)) refuse(name(), "no list of storages");
    uint64_t at = keys.end();
    for (const PickleValue* key : keys.root().items) at = add(*key, at, sizes);
  }

 protected:
  std::string load(const StorageId& id) const override {
    const auto found = places_.find(id.key);
    if (found == places_.end()) refuse(name(), "no storage " + shown(id.key));
    if (found->second.count != id.count) {
      refuse(name(), "the storage " + shown(id.key) + " has " +
                         std::to_string(found->second.count) + " elements where its id says " +
                         std::to_string(id.count));
    }
    return source_.read(found->second.offset, static_cast<size_t>(id.bytes()));
  }
  const std::string& name() const override { return source_.name(); }

 private:
  struct Place {
    uint64_t offset;
    int64_t count;
  };

  std::map<std::string, int64_t> sizes_of(const Pickle& object) const {
    std::map<std::string, int64_t> sizes;
    for (const PickleValue& value : object.values()) {
      if (!value.is(PickleKind::kPersistent)) continue;
      const StorageId id = storage_id(value, name());
      sizes[id.key] = id.element_bytes();
    }
    return sizes;
  }

  // Notes where the storage `key` lies, its count being at byte `at`; returns the byte after it.
  uint64_t add(const PickleValue& key, uint64_t at, const std::map<std::string, int64_t>& sizes) {
    const auto size = sizes.find(key.text);
    if (!key.is(PickleKind::kString) || size == sizes.end()) {
      refuse(name(), "a storage that no tensor names");
    }
    if (source_.size() - at < sizeof(int64_t)) refuse(name(), "the storages are cut off");
    uint64_t count = 0;
    const std::string head = source_.read(at, sizeof(int64_t));
    for (size_t i = 0; i < head.size(); ++i) {
      count |= static_cast<uint64_t>(static_cast<uint8_t>(head[i])) << (8 * i);
    }
    at += sizeof(int64_t);
    const auto element_bytes = static_cast<uint64_t>(size->second);
    if (count > (source_.size() - at) / element_bytes) {
      refuse(name(), "the storage " + shown(key.text) + " is cut off: " + std::to_string(count) +
                         " elements where " + std::to_string(source_.size() - at) +
                         " bytes are left");
    }
    if (!places_.emplace(key.text, Place{at, static_cast<int64_t>(count)}).second) {
      refuse(name(), "the storage " + shown(key.text) + " is listed twice");
    }
    return at + count * element_bytes;
  }

  const media::ByteSource& source_;
  std::map<std::string, Place> places_;
};

}  // namespace

std::optional<at::ScalarType> type_of_word(const std::string& word) {
  static const std::map<std::string, at::ScalarType> types = {
      {"torch.FloatStorage", at::kFloat},       {"torch.DoubleStorage", at::kDouble},
      {"torch.HalfStorage", at::kHalf},         {"torch.BFloat16Storage", at::kBFloat16},
      {"torch.LongStorage", at::kLong},         {"torch.IntStorage", at::kInt},
      {"torch.ShortStorage", at::kShort},       {"torch.CharStorage", at::kChar},
      {"torch.ByteStorage", at::kByte},         {"torch.BoolStorage", at::kBool},
      {"torch.uint16", at::ScalarType::UInt16}, {"torch.uint32", at::ScalarType::UInt32},
      {"torch.uint64", at::ScalarType::UInt64}};
  const auto found = types.find(word);
  if (found == types.end()) return std::nullopt;
  return found->second;
}

int64_t StorageId::element_bytes() const {
  return type ? static_cast<int64_t>(c10::elementSize(*type)) : 1;
}

StorageId storage_id(const PickleValue& persistent, const std::string& where) {
  const PickleValue& id = *persistent.items.at(0);
  const auto& parts = id.items;
  if (!id.is(PickleKind::kTuple) || parts.size() < 5 || !parts[0]->is(PickleKind::kString) ||
      parts[0]->text != "storage") {
    refuse(where, "a persistent object that is no storage", "tensors");
  }
  if (!parts[1]->is(PickleKind::kGlobal) || !parts[2]->is(PickleKind::kString) ||
      !parts[4]->is(PickleKind::kInteger)) {
    refuse(where, "a storage whose id is damaged");
  }
  if (parts.size() > 5 && !parts[5]->is(PickleKind::kNone)) {
    refuse(where, "a storage that is a view of another (PyTorch before 0.4)");
  }
  StorageId result{parts[2]->text, type_of_word(parts[1]->text), parts[4]->integer};
  if (!result.type && parts[1]->text != "torch.storage.UntypedStorage") {
    refuse(where, "a storage of " + shown(parts[1]->text));
  }
  int64_t bytes = 0;
  if (result.count < 0 || __builtin_mul_overflow(result.count, result.element_bytes(), &bytes)) {
    refuse(where, "a storage of " + std::to_string(result.count) + " elements");
  }
  return result;
}

at::Tensor StorageReader::get(const StorageId& id) {
  if (const auto found = loaded_.find(id.key); found != loaded_.end()) {
    const StorageId& before = found->second.id;
    if (before.type != id.type || before.count != id.count) {
      refuse(name(), "the storage " + shown(id.key) + " is used with two types or sizes");
    }
    return found->second.bytes;
  }
  // The tensor keeps the bytes as they were read: no second copy.
  auto bytes = std::make_shared<std::string>(load(id));
  if (id.type == at::kBool) {  // other values than 0 and 1 are undefined
    for (char& byte : *bytes) byte = byte != 0 ? 1 : 0;
  }
  char* const data = bytes->data();
  const at::Tensor tensor = at::from_blob(
      data, {id.bytes()}, [bytes = std::move(bytes)](void*) mutable { bytes.reset(); }, at::kByte);
  loaded_.emplace(id.key, Loaded{id, tensor});
  return tensor;
}

std::unique_ptr<StorageReader> zip_storages(const media::ZipReader& archive, std::string top) {
  return std::make_unique<ZipStorages>(archive, std::move(top));
}

std::unique_ptr<StorageReader> stream_storages(const media::ByteSource& source, uint64_t begin,
                                               const Pickle& object, const PickleLimits& limits) {
  return std::make_unique<StreamStorages>(source, begin, object, limits);
}

}  // namespace ganymede::interop
