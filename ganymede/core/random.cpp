#include "ganymede/core/random.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "ganymede/core/draw_tape.h"
#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"

// Inlined into functions for several kinds of vectors (the build compiles this file for speed,
// without fused multiply-adds).
#define GANYMEDE_INLINE [[gnu::always_inline]] inline

namespace ganymede {
namespace {

constexpr size_t kWords = 4;            // random words of a block
constexpr size_t kLanes = 32;           // blocks that are made at once
constexpr int64_t kGrainBlocks = 4096;  // below this a thread costs more than it brings
constexpr int kRounds = 10;
constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr unsigned kFeistelRounds = 8;

uint32_t low32(uint64_t x) { return static_cast<uint32_t>(x); }
uint32_t high32(uint64_t x) { return static_cast<uint32_t>(x >> 32); }
uint64_t join64(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }

// Philox is a bijection of its counter, so different (seed, purpose hash) pairs meet in the same
// key only as often as random 64-bit numbers do.
PhiloxKey make_key(uint64_t seed, std::string_view purpose) {
  const uint64_t hash = xxh3(purpose);
  const PhiloxCounter mixed =
      philox({low32(seed), high32(seed), low32(hash), high32(hash)}, {0x47616e79, 0x6d656465});
  return {mixed[0], mixed[1]};
}

// A number of [1, 2^32] as double, exactly, from the number less 1: by way of int32, which vectors
// convert in one instruction.
double one_more(uint32_t word) {
  return static_cast<double>(static_cast<int32_t>(word ^ 0x80000000)) + 2147483649.0;
}

// log(n * 2^-32) for n in [1, 2^32], within 1e-12. Own arithmetic instead of the C library's, so
// that every machine and library version draws the same bits.
GANYMEDE_INLINE double log_of_fraction(double n) {
  const uint64_t bits = std::bit_cast<uint64_t>(n);
  // The exponent's bits as the low bits of 2^52: a double without a conversion of integers.
  double exponent = std::bit_cast<double>(bits >> 52 | 0x4330000000000000) - (0x1p52 + 1023 + 32);
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  // Arithmetic instead of a branch, which random bits would make unpredictable (also below).
  const double upper = mantissa > 1.4142135623730951 ? 1.0 : 0.0;
  mantissa *= 1.0 - 0.5 * upper;
  exponent += upper;
  const double s = (mantissa - 1.0) / (mantissa + 1.0);  // log m = 2 atanh s, |s| < 0.172
  const double q = s * s;
  const double series =
      1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q * (1.0 / 11 + q / 13)))));
  return 2.0 * s * series + exponent * 0.6931471805599453;
}

struct Direction {
  double x, y;
};

// A point of the unit circle, uniform in its angle: the top two bits choose the quarter, the rest
// an angle in [-pi/4, pi/4).
GANYMEDE_INLINE Direction direction(uint32_t word) {
  const double angle = static_cast<int32_t>(word & 0x3fffffff);
  const double t = (angle * 0x1p-30 - 0.5) * 1.5707963267948966;
  const double q = t * t;
  const double sine =
      t * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72 * (1 - q / 110 * (1 - q / 156))))));
  const double cosine =
      1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56 * (1 - q / 90 * (1 - q / 132)))));
  const double sign = 1.0 - 2.0 * static_cast<int32_t>(word >> 31);
  const double turned = static_cast<int32_t>(word >> 30 & 1);  // by a right angle
  return {sign * (cosine * (1 - turned) - sine * turned),
          sign * (sine * (1 - turned) + cosine * turned)};
}

// Two independent N(0, 1) from two words: Box and Muller 1958. |value| <= 6.66.
GANYMEDE_INLINE Direction normal_pair(uint32_t radius_word, uint32_t angle_word) {
  const double radius = std::sqrt(-2.0 * log_of_fraction(one_more(radius_word)));
  const Direction d = direction(angle_word);
  return {radius * d.x, radius * d.y};
}

// The words of kLanes blocks one after the other, by their place in the block.
struct Words {
  alignas(64) std::array<std::array<uint32_t, kLanes>, kWords> at;
};

GANYMEDE_INLINE void words_of(PhiloxKey key, uint64_t index, uint64_t first, Words& words) {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const uint64_t position = first + lane;
    uint32_t c0 = low32(position), c1 = high32(position), c2 = low32(index), c3 = high32(index);
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < kRounds; ++round) {
      const uint64_t a = uint64_t{kMultiplier0} * c0;
      const uint64_t b = uint64_t{kMultiplier1} * c2;
      c0 = high32(b) ^ c1 ^ k0;
      c1 = low32(b);
      c2 = high32(a) ^ c3 ^ k1;
      c3 = low32(a);
      k0 += kWeyl0;
      k1 += kWeyl1;
    }
    words.at[0][lane] = c0;
    words.at[1][lane] = c1;
    words.at[2][lane] = c2;
    words.at[3][lane] = c3;
  }
}

// What becomes of words, kLanes blocks at a time: kWords numbers of each.
struct Normals {
  GANYMEDE_INLINE void operator()(const Words& words, float* out) const {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const Direction a = normal_pair(words.at[0][lane], words.at[1][lane]);
      const Direction b = normal_pair(words.at[2][lane], words.at[3][lane]);
      out[kWords * lane] = static_cast<float>(a.x);
      out[kWords * lane + 1] = static_cast<float>(a.y);
      out[kWords * lane + 2] = static_cast<float>(b.x);
      out[kWords * lane + 3] = static_cast<float>(b.y);
    }
  }
};

// [0, 1) in steps of 2^-24.
struct Units {
  GANYMEDE_INLINE void operator()(const Words& words, float* out) const {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      for (size_t i = 0; i < kWords; ++i) {
        out[kWords * lane + i] =
            static_cast<float>(static_cast<int32_t>(words.at[i][lane] >> 8)) * 0x1p-24F;
      }
    }
  }
};

struct Range {
  double low, high;
  float last;  // rounding to float may reach `high`, which the range excludes
  GANYMEDE_INLINE void operator()(const Words& words, float* out) const {
    Units()(words, out);
    for (size_t i = 0; i < kWords * kLanes; ++i)
      out[i] = std::min(last, static_cast<float>(low + out[i] * (high - low)));
  }
};

// 1 where the word is `last` or less.
struct Chances {
  uint32_t last;
  GANYMEDE_INLINE void operator()(const Words& words, float* out) const {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      for (size_t i = 0; i < kWords; ++i)
        out[kWords * lane + i] = words.at[i][lane] <= last ? 1.0F : 0.0F;
    }
  }
};

template <typename Make>
GANYMEDE_INLINE void make_lanes(PhiloxKey key, uint64_t index, uint64_t first, const Make& make,
                                float* out) {
  Words words;
  words_of(key, index, first, words);
  make(words, out);
}

template <typename Make>
void make_anywhere(PhiloxKey key, uint64_t index, uint64_t first, const Make& make, float* out) {
  make_lanes(key, index, first, make, out);
}

#if defined(__x86_64__)
// The same operations on wider vectors: the same bits, without fused multiply-adds.
template <typename Make>
[[gnu::target("avx2")]] void make_avx2(PhiloxKey key, uint64_t index, uint64_t first,
                                       const Make& make, float* out) {
  make_lanes(key, index, first, make, out);
}
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#else
template <typename Make>
void make_avx2(PhiloxKey key, uint64_t index, uint64_t first, const Make& make, float* out) {
  make_anywhere(key, index, first, make, out);
}
bool has_avx2() { return false; }
#endif

// Number i is made of block i / kWords alone, so any split among threads gives the same bits.
template <typename Make>
void fill(float* out, int64_t count, PhiloxKey key, uint64_t index, uint64_t first,
          const Make& make) {
  constexpr auto kNumbers = static_cast<int64_t>(kWords * kLanes);
  const auto run = has_avx2() ? make_avx2<Make> : make_anywhere<Make>;
  const int64_t chunks = (count + kNumbers - 1) / kNumbers;
  at::parallel_for(0, chunks, kGrainBlocks / kLanes, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const uint64_t position = first + static_cast<uint64_t>(chunk) * kLanes;
      const int64_t left = count - chunk * kNumbers;
      if (left >= kNumbers) {
        run(key, index, position, make, out + chunk * kNumbers);
        continue;
      }
      std::array<float, kNumbers> buffer;
      run(key, index, position, make, buffer.data());
      std::copy_n(buffer.begin(), left, out + chunk * kNumbers);
    }
  });
}

uint64_t blocks_of(int64_t count) { return (static_cast<uint64_t>(count) + kWords - 1) / kWords; }

[[noreturn]] void refuse(std::string found, std::string allowed) {
  throw UsageError({.where = "random", .found = std::move(found), .allowed = std::move(allowed)});
}

}  // namespace

PhiloxCounter philox(PhiloxCounter c, PhiloxKey key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t a = uint64_t{kMultiplier0} * c[0];
    const uint64_t b = uint64_t{kMultiplier1} * c[2];
    c = {high32(b) ^ c[1] ^ key[0], low32(b), high32(a) ^ c[3] ^ key[1], low32(a)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return c;
}

Stream::Stream(uint64_t seed, std::string_view purpose, uint64_t index)
    : key_(make_key(seed, purpose)), index_(index) {}

Stream Stream::at(uint64_t index) const {
  Stream other = *this;
  other.index_ = index;
  other.position_ = 0;
  return other;
}

PhiloxCounter Stream::block(uint64_t position) const {
  return philox({low32(position), high32(position), low32(index_), high32(index_)}, key_);
}

uint64_t Stream::take(uint64_t blocks) {
  if (DrawTape* tape = DrawTape::current(); tape != nullptr && !tape->drawing_)
    tape->refusal_ = "a number drawn by itself";
  const uint64_t first = position_;
  position_ += blocks;
  return first;
}

uint32_t Stream::next_u32() { return block(take(1))[0]; }

uint64_t Stream::next_u64() {
  const PhiloxCounter words = block(take(1));
  return join64(words[0], words[1]);
}

// Lemire 2019, "Fast random integer generation in an interval": the product's high half, drawn
// again in the rare case that its low half falls into the uneven rest.
uint64_t Stream::below(uint64_t n) {
  if (n == 0) refuse("a number below 0 was asked for", "1 or more");
  const uint64_t uneven = (0 - n) % n;
  for (;;) {
    const auto product = static_cast<unsigned __int128>(next_u64()) * n;
    if (static_cast<uint64_t>(product) >= uneven) return static_cast<uint64_t>(product >> 64);
  }
}

double Stream::next_uniform() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

double Stream::next_normal() {
  const PhiloxCounter words = block(take(1));
  return normal_pair(words[0], words[1]).x;
}

void Stream::fill_uniform(float* out, int64_t count) {
  fill(out, count, key_, index_, take(blocks_of(count)), Units());
}

void Stream::fill_normal(float* out, int64_t count) {
  fill(out, count, key_, index_, take(blocks_of(count)), Normals());
}

at::Tensor Stream::drawn(at::IntArrayRef shape, at::ScalarType type, const DrawTape::Fill& fill) {
  if (DrawTape* tape = DrawTape::current()) return tape->draw(*this, shape, type, fill);
  at::Tensor out = at::empty(shape, type);
  fill(*this, out);
  return out;
}

at::Tensor Stream::normal(at::IntArrayRef shape) {
  return drawn(shape, at::kFloat, [](Stream& stream, const at::Tensor& out) {
    stream.fill_normal(out.data_ptr<float>(), out.numel());
  });
}

at::Tensor Stream::uniform(at::IntArrayRef shape, double low, double high) {
  if (!(low <= high)) refuse("a uniform range whose low end is above its high end", "low <= high");
  return drawn(shape, at::kFloat, [low, high](Stream& stream, const at::Tensor& out) {
    if (low == 0 && high == 1) return stream.fill_uniform(out.data_ptr<float>(), out.numel());
    const auto last = std::max(static_cast<float>(low),
                               std::nextafter(static_cast<float>(high), static_cast<float>(low)));
    fill(out.data_ptr<float>(), out.numel(), stream.key_, stream.index_,
         stream.take(blocks_of(out.numel())), Range{low, high, last});
  });
}

at::Tensor Stream::bernoulli(at::IntArrayRef shape, double probability) {
  if (!(probability >= 0.0 && probability <= 1.0)) {
    refuse("probability " + std::to_string(probability), "0 to 1");
  }
  return drawn(shape, at::kFloat, [probability](Stream& stream, const at::Tensor& out) {
    const uint64_t first = stream.take(blocks_of(out.numel()));
    // word * 2^-32 < probability, of integers.
    const double until = std::ceil(probability * 0x1p32);
    if (until < 1) {
      std::fill_n(out.data_ptr<float>(), out.numel(), 0.0F);
      return;
    }
    fill(out.data_ptr<float>(), out.numel(), stream.key_, stream.index_, first,
         Chances{static_cast<uint32_t>(until - 1)});
  });
}

// A fixed number of words per element keeps the draws a function of their place; the bias of
// range / 2^64 that this leaves is far below what any test could see.
at::Tensor Stream::integers(at::IntArrayRef shape, int64_t low, int64_t high) {
  if (low >= high) refuse("an empty range of integers", "low < high");
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  return drawn(shape, at::kLong, [low, range](Stream& stream, const at::Tensor& out) {
    const int64_t count = out.numel();
    const uint64_t first = stream.take(static_cast<uint64_t>((count + 1) / 2));
    const auto pick = [&](uint32_t a, uint32_t b) {
      const auto product = static_cast<unsigned __int128>(join64(a, b)) * range;
      return static_cast<int64_t>(static_cast<uint64_t>(low) +
                                  static_cast<uint64_t>(product >> 64));
    };
    int64_t* to = out.data_ptr<int64_t>();
    at::parallel_for(0, (count + 1) / 2, kGrainBlocks, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const PhiloxCounter w = stream.block(first + static_cast<uint64_t>(b));
        to[2 * b] = pick(w[0], w[1]);
        if (2 * b + 1 < count) to[2 * b + 1] = pick(w[2], w[3]);
      }
    });
  });
}

Permutation::Permutation(uint64_t size, uint64_t seed, std::string_view purpose, uint64_t epoch)
    : size_(size),
      half_bits_(1),
      key_(make_key(seed, "permutation of " + std::string(purpose))),  // not a Stream's key
      epoch_(epoch) {
  if (size == 0) refuse("a permutation of nothing", "a size of 1 or more");
  const auto bits = static_cast<unsigned>(std::bit_width(size - 1));
  half_bits_ = std::max(1u, (bits + 1) / 2);
}

uint64_t Permutation::operator()(uint64_t position) const {
  if (position >= size_) {
    refuse("position " + std::to_string(position) + " of a permutation",
           "0 to " + std::to_string(size_ - 1));
  }
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t value = position;
  // The network permutes the next power of four; walking on until a value lies below `size_` stays
  // a bijection, and ends because the walk's own cycle leads back to `position`.
  do {
    uint64_t left = value >> half_bits_;
    uint64_t right = value & mask;
    for (uint32_t round = 0; round < kFeistelRounds; ++round) {
      const PhiloxCounter words =
          philox({low32(right), round, low32(epoch_), high32(epoch_)}, key_);
      left ^= words[0] & mask;
      std::swap(left, right);
    }
    value = left << half_bits_ | right;
  } while (value >= size_);
  return value;
}

}  // namespace ganymede
