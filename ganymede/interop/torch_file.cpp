#include "ganymede/interop/torch_file.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/interop/torch_storage.h"
#include "ganymede/media/zip.h"

namespace ganymede::interop {
namespace {

using TensorMap = std::map<std::string, at::Tensor>;

constexpr size_t kLargestRank = 64;
// 0x1950a86a20f9469cfc6c, the number that a stream begins with.
constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr int64_t kStreamVersion = 1001;

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}, const std::string& remedy = {}) {
  throw ModelError({.where = where, .found = found, .allowed = allowed, .remedy = remedy});
}

// Builds the tensors of one file from what its pickle says.
class TensorBuilder {
 public:
  TensorBuilder(StorageReader& storages, std::string where)
      : storages_(storages), where_(std::move(where)) {}

  at::Tensor build(const PickleValue& call) {
    const PickleValue& maker = unwrapped(call);
    const auto& items = maker.items;
    const bool has_type = maker.text == "torch._utils._rebuild_tensor_v3";
    const size_t count = has_type ? 7 : 6;
    if (items.size() < count || !items[0]->is(PickleKind::kPersistent) ||
        (has_type && !items[6]->is(PickleKind::kGlobal))) {
      refuse(where_, "a tensor whose parts are damaged");
    }
    if (items.size() > count && !is_empty(*items[count])) {
      refuse(where_, "a tensor that is a lazy conjugate or negative", "plain tensors");
    }
    const StorageId id = storage_id(*items[0], where_);
    const auto type = has_type ? type_of_word(items[6]->text) : id.type;
    if (!type) refuse(where_, "a tensor without a type");
    return view(storages_.get(id), *type, integer(*items[1]), sizes(*items[2]), sizes(*items[3]));
  }

 private:
  // The tensor within a parameter.
  const PickleValue& unwrapped(const PickleValue& call) const {
    if (call.text != "torch._utils._rebuild_parameter") return call;
    if (call.items.empty() || !call.items[0]->is(PickleKind::kCall) ||
        call.items[0]->text == call.text) {
      refuse(where_, "a parameter that holds no tensor");
    }
    return *call.items[0];
  }

  static bool is_empty(const PickleValue& value) {
    return value.is(PickleKind::kNone) || (value.is(PickleKind::kDict) && value.items.empty());
  }

  int64_t integer(const PickleValue& value) const {
    if (!value.is(PickleKind::kInteger) || value.integer < 0) {
      refuse(where_, "a tensor with a size, stride or offset that is no whole number from 0 on");
    }
    return value.integer;
  }

  std::vector<int64_t> sizes(const PickleValue& tuple) const {
    if (!tuple.is(PickleKind::kTuple) || tuple.items.size() > kLargestRank) {
      refuse(where_, "a tensor whose shape is no tuple of at most 64 numbers");
    }
    std::vector<int64_t> result;
    for (const PickleValue* item : tuple.items) result.push_back(integer(*item));
    return result;
  }

  at::Tensor view(const at::Tensor& bytes, at::ScalarType type, int64_t offset,
                  const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) const {
    if (shape.size() != strides.size()) refuse(where_, "a tensor with more sizes than strides");
    const auto element = static_cast<int64_t>(c10::elementSize(type));
    if (bytes.numel() % element != 0) refuse(where_, "a storage that is no multiple of its type");
    const int64_t available = bytes.numel() / element;
    bool overflow = false;
    int64_t count = 1;
    int64_t last = offset;  // index of the last element
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t reach = 0;
      overflow |= __builtin_mul_overflow(count, shape[i], &count);
      overflow |= __builtin_mul_overflow(std::max<int64_t>(shape[i], 1) - 1, strides[i], &reach);
      overflow |= __builtin_add_overflow(last, reach, &last);
    }
    int64_t logical = 0;
    overflow |= __builtin_mul_overflow(count, element, &logical);
    if (overflow || offset > available || (count > 0 && last >= available)) {
      refuse(where_, "a tensor that reaches beyond its storage of " + std::to_string(available) +
                         " elements");
    }
    if (count == 0) return at::empty(shape, type);
    return bytes.view(type).as_strided(shape, strides, offset);
  }

  StorageReader& storages_;
  std::string where_;
};

// Walks through dictionaries and lists and gives each tensor its name.
class Flattener {
 public:
  Flattener(TensorBuilder& builder, const TorchFileLimits& limits, std::string file,
            uint64_t file_bytes)
      : builder_(builder),
        limits_(limits),
        file_(std::move(file)),
        budget_(std::max(limits.view_bytes, file_bytes * limits.view_factor)) {}

  TensorMap flatten(const PickleValue& root) {
    visit(root, "", 0);
    return std::move(tensors_);
  }

 private:
  void visit(const PickleValue& value, const std::string& name, size_t depth) {
    if (++steps_ > limits_.steps) refuse(file_, "too many values, or values within themselves");
    if (depth > limits_.depth) {
      refuse(file_, "nested more than " + std::to_string(limits_.depth) + " deep");
    }
    if (value.is(PickleKind::kCall)) return add(value, name.empty() ? "tensor" : name);
    if (value.is(PickleKind::kList) || value.is(PickleKind::kTuple)) {
      for (size_t i = 0; i < value.items.size(); ++i) {
        visit(*value.items[i], below(name, std::to_string(i)), depth + 1);
      }
    } else if (value.is(PickleKind::kDict)) {
      for (size_t i = 0; i < value.items.size(); i += 2) {
        const PickleValue& child = *value.items[i + 1];
        if (holds_values(child)) visit(child, below(name, key(*value.items[i])), depth + 1);
      }
    }
  }

  static bool holds_values(const PickleValue& value) {
    return value.is(PickleKind::kCall) || value.is(PickleKind::kList) ||
           value.is(PickleKind::kTuple) || value.is(PickleKind::kDict);
  }

  std::string key(const PickleValue& value) const {
    if (value.is(PickleKind::kString)) return value.text;
    if (value.is(PickleKind::kInteger)) return std::to_string(value.integer);
    refuse(file_, "a dictionary whose keys are neither text nor numbers");
  }

  std::string below(const std::string& parent, const std::string& name) const {
    std::string joined = parent.empty() ? name : parent + "." + name;
    const bool printable =
        std::ranges::none_of(joined, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (joined.size() > limits_.name_bytes || !printable || name.empty()) {
      refuse(file_, "the name \"" + shown(joined) + "\"",
             "1 to " + std::to_string(limits_.name_bytes) + " bytes without control characters");
    }
    return joined;
  }

  void add(const PickleValue& call, const std::string& name) {
    if (tensors_.size() >= limits_.tensors) {
      refuse(file_, "more than " + std::to_string(limits_.tensors) + " tensors");
    }
    const at::Tensor tensor = builder_.build(call);
    const auto bytes = static_cast<uint64_t>(tensor.numel()) * tensor.element_size();
    if (bytes > budget_) {
      refuse(file_ + ": " + shown(name), "the tensors are far larger than the file",
             std::to_string(limits_.view_factor) + " times its size");
    }
    budget_ -= bytes;
    if (!tensors_.emplace(name, tensor).second) {
      refuse(file_, "two tensors are named \"" + shown(name) + "\"");
    }
  }

  TensorBuilder& builder_;
  TorchFileLimits limits_;
  std::string file_;
  uint64_t budget_;
  uint64_t steps_ = 0;
  TensorMap tensors_;
};

TensorMap tensors_of(const Pickle& object, StorageReader& storages, const media::ByteSource& source,
                     const TorchFileLimits& limits) {
  TensorBuilder builder(storages, source.name());
  return Flattener(builder, limits, source.name(), source.size()).flatten(object.root());
}

// The one folder at the top of the archive that holds "data.pkl"; its name is the writer's choice.
std::string top_folder(const media::ZipReader& archive) {
  std::string top;
  for (const media::ZipMember& member : archive.members()) {
    const size_t slash = member.name.find('/');
    if (slash == std::string::npos || member.name.substr(slash) != "/data.pkl") continue;
    if (!top.empty()) refuse(archive.name(), "two pickles: \"data.pkl\" in two folders");
    top = member.name.substr(0, slash);
  }
  if (top.empty()) {
    refuse(archive.name(), "no member \"data.pkl\"", "archives that torch.save wrote");
  }
  return top;
}

TensorMap read_zip(const media::ByteSource& source, const TorchFileLimits& limits) {
  const media::ZipReader archive(source);
  const std::string top = top_folder(archive);
  if (archive.find(top + "/constants.pkl")) {
    refuse(source.name(), "a TorchScript program", "files of weights",
           "in Python: torch.save(torch.jit.load(FILE).state_dict(), OUT)");
  }
  if (const auto order = archive.find(top + "/byteorder")) {
    const std::string text = archive.members()[*order].size < 16 ? archive.read(*order) : "";
    if (text != "little") refuse(source.name(), "byte order \"" + shown(text) + "\"", "little");
  }
  const size_t index = *archive.find(top + "/data.pkl");
  if (archive.members()[index].size > limits.pickle.stream_bytes) {
    refuse(source.name(), "the pickle is too large");
  }
  const media::ByteSource bytes(archive.read(index), source.name() + ": data.pkl");
  const Pickle object = Pickle::read(bytes, 0, limits.pickle);
  const auto storages = zip_storages(archive, top);
  return tensors_of(object, *storages, source, limits);
}

const PickleValue* find(const PickleValue& dictionary, const std::string& key) {
  if (!dictionary.is(PickleKind::kDict)) return nullptr;
  for (size_t i = 0; i < dictionary.items.size(); i += 2) {
    const PickleValue& name = *dictionary.items[i];
    if (name.is(PickleKind::kString) && name.text == key) return dictionary.items[i + 1];
  }
  return nullptr;
}

TensorMap read_stream(const media::ByteSource& source, const TorchFileLimits& limits) {
  const auto next = [&](uint64_t begin) { return Pickle::read(source, begin, limits.pickle); };
  const Pickle magic = next(0);
  if (!magic.root().is(PickleKind::kLong) || magic.root().text != kMagic) {
    refuse(source.name(), "neither a zip archive nor PyTorch's stream of pickles",
           "files that torch.save wrote");
  }
  const Pickle version = next(magic.end());
  if (!version.root().is(PickleKind::kInteger) || version.root().integer != kStreamVersion) {
    refuse(source.name(), "another version of the stream", std::to_string(kStreamVersion));
  }
  const Pickle system = next(version.end());
  const PickleValue* little = find(system.root(), "little_endian");
  if (little == nullptr || !little->is(PickleKind::kBool) || little->integer == 0) {
    refuse(source.name(), "made on a big-endian machine", "little-endian files");
  }
  const Pickle object = next(system.end());
  const auto storages = stream_storages(source, object.end(), object, limits.pickle);
  return tensors_of(object, *storages, source, limits);
}

bool is_zip(const media::ByteSource& source) {
  return source.size() >= 4 && source.read(0, 4) == std::string_view("PK\x03\x04", 4);
}

}  // namespace

TensorMap read_torch_file(const std::filesystem::path& path, const TorchFileLimits& limits) {
  return read_torch_file(media::ByteSource(path), limits);
}

TensorMap read_torch_file(const media::ByteSource& source, const TorchFileLimits& limits) {
  try {
    return is_zip(source) ? read_zip(source, limits) : read_stream(source, limits);
  } catch (const DataError& error) {  // of the archive
    throw ModelError(error.parts());
  }
}

bool is_torch_file(const std::filesystem::path& path) {
  constexpr size_t kHead = 32;
  const media::ByteSource source(path);
  if (is_zip(source)) return true;
  const std::string head = source.read(0, std::min<uint64_t>(source.size(), kHead));
  return head.starts_with('\x80') && head.find(kMagic) != std::string::npos;
}

}  // namespace ganymede::interop
