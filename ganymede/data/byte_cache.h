// Decoded samples kept in memory, filled by whoever reads them first.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace ganymede::data {

// Slots of equal size for items [0, slots); further items are never kept. Thread-safe: a slot is
// written once, by one thread, and only seen when it is whole.
class ByteCache {
 public:
  ByteCache() = default;
  // As many of `items` as fit into `budget_bytes`.
  ByteCache(int64_t items, int64_t item_bytes, int64_t budget_bytes);

  // The bytes of an item, or null when it is not there.
  const uint8_t* find(int64_t item) const;
  // Keeps a copy; does nothing for items beyond the slots or already there.
  void put(int64_t item, const uint8_t* bytes) const;
  int64_t slots() const { return slots_; }

 private:
  enum State : uint8_t { kEmpty, kBusy, kReady };
  int64_t slots_ = 0;
  int64_t item_bytes_ = 0;
  std::unique_ptr<uint8_t[]> bytes_;
  std::unique_ptr<std::atomic<uint8_t>[]> states_;
};

}  // namespace ganymede::data
