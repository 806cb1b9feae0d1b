#include "ganymede/metrics/float_sort.h"

#include <array>
#include <bit>
#include <utility>

namespace ganymede::metrics {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr unsigned kDigits = 3;
constexpr uint32_t kMask = (1U << kDigitBits) - 1;
constexpr uint32_t kSign = 0x80000000U;

// Bits that sort as whole numbers in the order of the floats: negative ones turned round.
uint32_t key_of(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

float value_of(uint32_t key) {
  return std::bit_cast<float>((key & kSign) != 0 ? key & ~kSign : ~key);
}

// One stable pass by the digit that begins at bit `shift`.
void pass(const uint32_t* in, uint32_t* out, size_t count, unsigned shift) {
  std::array<uint32_t, kMask + 1> starts{};
  for (size_t i = 0; i < count; ++i) ++starts[(in[i] >> shift) & kMask];
  uint32_t sum = 0;
  for (uint32_t& start : starts) sum += std::exchange(start, sum);
  for (size_t i = 0; i < count; ++i) out[starts[(in[i] >> shift) & kMask]++] = in[i];
}

}  // namespace

void sort_floats(std::span<float> values, std::vector<uint32_t>& scratch) {
  const size_t count = values.size();
  scratch.resize(2 * count);
  uint32_t* from = scratch.data();
  uint32_t* to = from + count;
  for (size_t i = 0; i < count; ++i) from[i] = key_of(values[i]);
  for (unsigned digit = 0; digit < kDigits; ++digit) {
    pass(from, to, count, digit * kDigitBits);
    std::swap(from, to);
  }
  for (size_t i = 0; i < count; ++i) values[i] = value_of(from[i]);
}

}  // namespace ganymede::metrics
