// The raw memory behind the tensors of a PyTorch file.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ganymede/interop/pickle.h"
#include "ganymede/media/byte_source.h"
#include "ganymede/media/zip.h"

namespace ganymede::interop {

// What a persistent id says about a storage.
struct StorageId {
  std::string key;
  std::optional<at::ScalarType> type;  // none: untyped, counted in bytes
  int64_t count = 0;                   // elements
  int64_t element_bytes() const;
  int64_t bytes() const { return count * element_bytes(); }  // checked by storage_id()
};

// The id in a persistent value: ("storage", type, key, location, count[, None]). Throws ModelError.
StorageId storage_id(const PickleValue& persistent, const std::string& where);

// The type behind "torch.FloatStorage" or "torch.uint16"; none for other words.
std::optional<at::ScalarType> type_of_word(const std::string& word);

// Reads storages when they are first asked for; every one once.
class StorageReader {
 public:
  virtual ~StorageReader() = default;
  StorageReader() = default;
  StorageReader(const StorageReader&) = delete;
  StorageReader& operator=(const StorageReader&) = delete;

  // uint8 [bytes], aligned for every type. Throws ModelError when the file holds no such storage,
  // one of another size, or it was asked for with another type before.
  at::Tensor get(const StorageId& id);

 protected:
  // Exactly id.bytes() bytes, or a ModelError.
  virtual std::string load(const StorageId& id) const = 0;
  virtual const std::string& name() const = 0;

 private:
  struct Loaded {
    StorageId id;
    at::Tensor bytes;
  };
  std::map<std::string, Loaded> loaded_;
};

// Members "<top>/data/<key>" of an archive.
std::unique_ptr<StorageReader> zip_storages(const media::ZipReader& archive, std::string top);

// The stream form: a pickled list of keys at byte `begin`, then for each an element count (int64)
// and its elements. The sizes come from the ids that `object` holds.
std::unique_ptr<StorageReader> stream_storages(const media::ByteSource& source, uint64_t begin,
                                               const Pickle& object, const PickleLimits& limits);

}  // namespace ganymede::interop
