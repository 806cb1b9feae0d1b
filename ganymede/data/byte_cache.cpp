#include "ganymede/data/byte_cache.h"

#include <algorithm>
#include <cstring>

namespace ganymede::data {

ByteCache::ByteCache(int64_t items, int64_t item_bytes, int64_t budget_bytes)
    : slots_(std::min(items, budget_bytes / std::max<int64_t>(item_bytes, 1))),
      item_bytes_(item_bytes),
      // Not initialised: pages that no sample reaches cost nothing.
      bytes_(new uint8_t[static_cast<size_t>(slots_ * item_bytes)]),
      states_(new std::atomic<uint8_t>[static_cast<size_t>(slots_)]) {
  for (int64_t i = 0; i < slots_; ++i) states_[i].store(kEmpty, std::memory_order_relaxed);
}

const uint8_t* ByteCache::find(int64_t item) const {
  if (item >= slots_ || states_[item].load(std::memory_order_acquire) != kReady) return nullptr;
  return bytes_.get() + item * item_bytes_;
}

void ByteCache::put(int64_t item, const uint8_t* bytes) const {
  if (item >= slots_) return;
  uint8_t expected = kEmpty;
  if (!states_[item].compare_exchange_strong(expected, kBusy)) return;
  std::memcpy(bytes_.get() + item * item_bytes_, bytes, static_cast<size_t>(item_bytes_));
  states_[item].store(kReady, std::memory_order_release);
}

}  // namespace ganymede::data
