// Keyed counter-based randomness: every draw is a pure function of
// (seed, purpose, index, position), so order, threads and interruptions cannot change it.
// Philox4x32-10: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace ganymede {

class DrawTape;

using PhiloxCounter = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

// One block of Philox4x32-10: four random words from a counter and a key.
PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key);

// A stream of draws under one key. Copying a stream copies its position.
// The key comes from (seed, purpose); `index` (a global step or sample id) and the running
// position form the counter. Draws are identical for any thread count and device (made on the
// CPU in float32, then moved).
class Stream {
 public:
  Stream(uint64_t seed, std::string_view purpose, uint64_t index = 0);

  // The same key with another index, from position 0.
  Stream at(uint64_t index) const;

  uint32_t next_u32();
  uint64_t next_u64();
  uint64_t below(uint64_t n);  // uniform in [0, n), n >= 1, unbiased
  double next_uniform();       // [0, 1), 53 bits
  double next_normal();        // N(0, 1)

  // Raw fills, float32, threads allowed; uniform is in [0, 1).
  void fill_uniform(float* out, int64_t count);
  void fill_normal(float* out, int64_t count);

  // Tensors, float32 on the CPU, of the given shape.
  at::Tensor normal(at::IntArrayRef shape);
  at::Tensor uniform(at::IntArrayRef shape, double low = 0.0, double high = 1.0);
  at::Tensor bernoulli(at::IntArrayRef shape, double probability);        // 0 or 1
  at::Tensor integers(at::IntArrayRef shape, int64_t low, int64_t high);  // int64 in [low, high)

 private:
  PhiloxCounter block(uint64_t position) const;
  uint64_t take(uint64_t blocks);  // reserves whole blocks, returns the first
  at::Tensor drawn(at::IntArrayRef shape, at::ScalarType type,
                   const std::function<void(Stream&, const at::Tensor&)>& fill);
  friend class DrawTape;

  PhiloxKey key_;
  uint64_t index_;
  uint64_t position_ = 0;  // next unused block
};

// A keyed bijection of [0, size): element i of a random permutation in O(1) memory
// (Feistel network over Philox with cycle walking).
class Permutation {
 public:
  Permutation(uint64_t size, uint64_t seed, std::string_view purpose, uint64_t epoch);
  uint64_t operator()(uint64_t position) const;  // position < size
  uint64_t size() const { return size_; }

 private:
  uint64_t size_;
  unsigned half_bits_;
  PhiloxKey key_;
  uint64_t epoch_;
};

}  // namespace ganymede
