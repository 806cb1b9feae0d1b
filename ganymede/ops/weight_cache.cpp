#include "ganymede/ops/weight_cache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <tuple>

#include "ganymede/core/hash.h"
#include "ganymede/core/levers.h"
#include "ganymede/ops/conv_choice.h"
#include "ganymede/ops/kernel/arena.h"

namespace ganymede::ops {
namespace {

constexpr size_t kMostBytes = size_t{384} << 20;
constexpr size_t kMostFloatsForSamples = 16'000'000;

using Buffer = std::shared_ptr<float[]>;
using WeakStorage = c10::weak_intrusive_ptr<c10::StorageImpl>;

// What a result was made from, apart from the values.
struct Source {
  const void* data;
  winograd::Family family;
  int tile;
  winograd::WeightUse use;
  int64_t channels;
  int64_t filters;
  bool operator==(const Source&) const = default;
};

struct Entry {
  Source source;
  WeakStorage storage;
  uint64_t version;  // counter and sample
  Buffer buffer;
  size_t size;  // floats
  uint64_t last_use;
};

class Cache {
 public:
  Buffer find(const Source& source, const WeakStorage& storage, uint64_t version) {
    const std::scoped_lock lock(mutex_);
    for (Entry& entry : entries_) {
      if (entry.source == source && entry.version == version && entry.storage == storage) {
        entry.last_use = ++clock_;
        return entry.buffer;
      }
    }
    return nullptr;
  }

  // A buffer of `size` floats: that of an entry that can never be found again, or a new one.
  Buffer take(const Source& source, size_t size) {
    const std::scoped_lock lock(mutex_);
    const auto useless = [&](const Entry& entry) {
      return entry.size == size && entry.buffer.use_count() == 1 &&
             (entry.storage.expired() || entry.source == source);
    };
    const auto found = std::ranges::find_if(entries_, useless);
    if (found == entries_.end()) return Buffer(allocate_floats(size));
    Buffer buffer = std::move(found->buffer);
    entries_.erase(found);
    return buffer;
  }

  void put(Entry entry) {
    const std::scoped_lock lock(mutex_);
    entry.last_use = ++clock_;
    entries_.push_back(std::move(entry));
    while (bytes() > kMostBytes && entries_.size() > 1) {
      entries_.erase(std::ranges::min_element(entries_, {}, &Entry::last_use));
    }
  }

  size_t locked_bytes() {
    const std::scoped_lock lock(mutex_);
    return bytes();
  }

  void clear() {
    const std::scoped_lock lock(mutex_);
    entries_.clear();
  }

 private:
  size_t bytes() const {
    size_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.size * sizeof(float);
    return sum;
  }

  std::mutex mutex_;
  std::vector<Entry> entries_;
  uint64_t clock_ = 0;
};

Cache& cache() {
  static Cache instance;
  return instance;
}

// In training weights change after two or three uses, and what keeping them saves is lost in
// writing them to memory. In evaluation they stay; and where samples are made one by one, reading
// large ones takes less time than transforming them for a single picture.
bool worth_keeping_here(const winograd::Problem& problem, winograd::WeightUse use) {
  if (!within_conv_rules() || !is_on(Lever::kKeptWeights)) return false;
  return winograd::worth_keeping(problem, use) ||
         (problem.batch == 1 && winograd::transformed_size(problem, use) <= kMostFloatsForSamples);
}

}  // namespace

uint64_t weight_version(const at::Tensor& weight) {
  constexpr int64_t kSamples = 256;
  std::array<uint32_t, kSamples + 1> values{};
  const auto* data = weight.const_data_ptr<float>();
  const int64_t count = std::min(kSamples, weight.numel());
  for (int64_t i = 0; i < count; ++i) {
    values.at(i) =
        std::bit_cast<uint32_t>(data[i * (weight.numel() - 1) / std::max<int64_t>(count - 1, 1)]);
  }
  values.back() = weight.is_inference() ? 0 : weight._version();
  return xxh3({reinterpret_cast<const char*>(values.data()), sizeof(values)});
}

KeptWeights::KeptWeights(const winograd::Problem& problem, winograd::WeightUse use,
                         const at::Tensor& weight, const Executor& executor)
    : plain_(weight.const_data_ptr<float>()) {
  // Inference tensors have no version counter.
  if (!worth_keeping_here(problem, use) || weight.is_inference()) return;
  const Source source{plain_, problem.family, problem.tile, use, problem.channels, problem.filters};
  const uint64_t version = weight_version(weight);
  const WeakStorage storage(weight.storage().getWeakStorageImpl());
  transformed_ = cache().find(source, storage, version);
  if (transformed_) return;
  const size_t size = winograd::transformed_size(problem, use);
  Buffer buffer = cache().take(source, size);
  winograd::transform_weights(problem, use, plain_, buffer.get(), executor);
  transformed_ = buffer;
  cache().put({source, storage, version, std::move(buffer), size, 0});
}

size_t weight_cache_bytes() { return cache().locked_bytes(); }
void clear_weight_cache() { cache().clear(); }

}  // namespace ganymede::ops
