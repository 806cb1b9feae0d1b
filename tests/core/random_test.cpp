#include "ganymede/core/random.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "ganymede/core/draw_tape.h"
#include "ganymede/core/error.h"

namespace ganymede {
namespace {

// The rows "philox4x32 10" of tests/kat_vectors in the Random123 distribution.
TEST(Philox, PublishedVectors) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

class RestoreThreads {
 public:
  ~RestoreThreads() { at::set_num_threads(threads_); }

 private:
  int threads_ = at::get_num_threads();
};

TEST(Stream, SameBitsForAnyThreadCount) {
  const RestoreThreads restore;
  constexpr int64_t kCount = 200003;  // many grains and a part of a block
  std::vector<std::vector<float>> normals, uniforms;
  std::vector<at::Tensor> integers;
  for (const int threads : {1, 2, 4}) {
    at::set_num_threads(threads);
    Stream stream(7, "latents", 3);
    normals.emplace_back(kCount);
    stream.fill_normal(normals.back().data(), kCount);
    uniforms.emplace_back(kCount);
    stream.fill_uniform(uniforms.back().data(), kCount);
    integers.push_back(stream.integers({kCount}, -5, 1000));
  }
  for (int i : {1, 2}) {
    EXPECT_EQ(std::memcmp(normals[0].data(), normals[i].data(), kCount * sizeof(float)), 0);
    EXPECT_EQ(std::memcmp(uniforms[0].data(), uniforms[i].data(), kCount * sizeof(float)), 0);
    EXPECT_TRUE(integers[0].equal(integers[i]));
  }
}

TEST(DrawTape, DrawsAgainWhatTheSameCodeWouldDrawAtAnotherIndex) {
  const auto draws = [](uint64_t index) {
    Stream one(3, "a", index), other(4, "b", index);
    std::vector<at::Tensor> all = {one.normal({5, 7}), one.uniform({9}), other.uniform({4}, -2, 3)};
    all.push_back(one.bernoulli({33}, 0.25));
    all.push_back(other.integers({6}, -4, 9));
    return all;
  };
  DrawTape tape(7, /*pinned=*/false);
  std::vector<at::Tensor> recorded;
  {
    const DrawTape::Recording recording(tape);
    recorded = draws(7);
  }
  EXPECT_EQ(tape.refusal(), "");
  for (const uint64_t index : {7, 8, 1000, 7}) {
    tape.redraw(index);
    const auto expected = draws(index);
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(at::equal(recorded[i], expected[i])) << "index " << index << " draw " << i;
  }
}

TEST(DrawTape, RefusesWhatItCannotDrawAgain) {
  DrawTape single(7, false), elsewhere(7, false);
  {
    const DrawTape::Recording recording(single);
    Stream(3, "a", 7).next_u32();
  }
  EXPECT_NE(single.refusal().find("drawn by itself"), std::string::npos);
  {
    const DrawTape::Recording recording(elsewhere);
    Stream(3, "a", 8).normal({2});
  }
  EXPECT_NE(elsewhere.refusal().find("index of its own"), std::string::npos);
}

TEST(Stream, AShortFillIsThePrefixOfALongOne) {
  std::vector<float> longer(1001), shorter(37);
  Stream(1, "x").fill_normal(longer.data(), 1001);
  Stream(1, "x").fill_normal(shorter.data(), 37);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

TEST(Stream, CopiesContinueAndAtStartsAnew) {
  Stream a(9, "augment", 4);
  (void)a.next_u64();
  Stream b = a;
  EXPECT_EQ(a.next_u64(), b.next_u64());
  EXPECT_EQ(a.at(4).next_u64(), Stream(9, "augment", 4).next_u64());
  EXPECT_EQ(a.at(5).next_normal(), Stream(9, "augment", 5).next_normal());
}

TEST(Stream, SeedPurposeAndIndexAllMatter) {
  std::set<uint64_t> firsts;
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32, ~uint64_t{0}}) {
    for (const char* purpose : {"", "a", "b", "latents"}) {
      for (uint64_t index : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
        firsts.insert(Stream(seed, purpose, index).next_u64());
      }
    }
  }
  EXPECT_EQ(firsts.size(), 48u);
}

TEST(Stream, UniformMoments) {
  const at::Tensor u = Stream(3, "u").uniform({1 << 20}).to(at::kDouble);
  EXPECT_GE(u.min().item<double>(), 0.0);
  EXPECT_LT(u.max().item<double>(), 1.0);
  // Five standard errors: sd / sqrt(n) = 0.2887 / 1024; the variance's is 0.0745 / 1024.
  EXPECT_NEAR(u.mean().item<double>(), 0.5, 5 * 0.2887 / 1024);
  EXPECT_NEAR(u.var().item<double>(), 1.0 / 12, 5 * 0.0745 / 1024);
}

TEST(Stream, NormalMomentsAndTails) {
  const at::Tensor z = Stream(3, "z").normal({1024, 1024}).to(at::kDouble);
  const auto moment = [&](int k) { return z.pow(k).mean().item<double>(); };
  // Standard errors of the k-th moment: sqrt((E z^2k - (E z^k)^2) / n), n = 2^20.
  EXPECT_NEAR(moment(1), 0, 5 * 1.0 / 1024);
  EXPECT_NEAR(moment(2), 1, 5 * std::sqrt(2.0) / 1024);
  EXPECT_NEAR(moment(3), 0, 5 * std::sqrt(15.0) / 1024);
  EXPECT_NEAR(moment(4), 3, 5 * std::sqrt(96.0) / 1024);
  const double beyond3 = z.abs().gt(3).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(beyond3, std::erfc(3 / std::sqrt(2.0)), 5 * std::sqrt(0.0027) / 1024);
  // Neighbours come from one Box-Muller pair and must not be correlated, nor their squares.
  const at::Tensor a = z.flatten().slice(0, 0, at::nullopt, 2);
  const at::Tensor b = z.flatten().slice(0, 1, at::nullopt, 2);
  EXPECT_NEAR(a.mul(b).mean().item<double>(), 0, 5 / std::sqrt(524288.0));
  EXPECT_NEAR(a.square().mul(b.square()).mean().item<double>(), 1, 5 * std::sqrt(8 / 524288.0));
}

// The kernel's own log and sine against the C library's, from the same words.
TEST(Stream, NormalIsBoxMullerOfTheWords) {
  constexpr int kCount = 40000;
  std::vector<float> z(kCount);
  Stream normals(11, "check");
  Stream words(11, "check");
  normals.fill_normal(z.data(), kCount);
  for (int i = 0; i < kCount; i += 4) {
    const uint64_t word = words.next_u64();  // the first two words of the same block
    const double u = (static_cast<double>(word & 0xffffffff) + 1) * 0x1p-32;
    const auto angle_word = static_cast<uint32_t>(word >> 32);
    const double angle = angle_word * 0x1p-32 * 2 * M_PI - M_PI / 4;
    const double radius = std::sqrt(-2 * std::log(u));
    ASSERT_NEAR(z[i], radius * std::cos(angle), 1e-6) << i;
    ASSERT_NEAR(z[i + 1], radius * std::sin(angle), 1e-6) << i;
  }
}

// From a second implementation (Philox, XXH3 of the purpose, Box-Muller with the C library). A
// change here changes every run that people resume.
TEST(Stream, DrawsStayTheSameAcrossVersions) {
  Stream stream(2026, "pinned", 5);
  EXPECT_EQ(stream.next_u64(), 338933092870915480u);
  EXPECT_EQ(stream.below(1000), 481u);
  EXPECT_EQ(stream.normal({2})[1].item<float>(), -0x1.9ddfc2p+0f);
}

TEST(Stream, BelowIsEvenAndInRange) {
  Stream stream(5, "below");
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts.at(stream.below(7));
  double chi2 = 0;
  for (const int c : counts) chi2 += (c - 10000.0) * (c - 10000.0) / 10000.0;
  EXPECT_LT(chi2, 27.9);  // 6 degrees of freedom, p = 1e-4
  EXPECT_EQ(stream.below(1), 0u);
  // Two thirds of 2^64 shows a bias of the naive remainder: its lower half would be twice as
  // likely.
  const uint64_t n = ~uint64_t{0} / 3 * 2;
  int low = 0;
  for (int i = 0; i < 20000; ++i) low += stream.below(n) < n / 2 ? 1 : 0;
  EXPECT_NEAR(low, 10000, 5 * 71);
  EXPECT_THROW(stream.below(0), UsageError);
}

TEST(Stream, TensorsHaveTypeRangeAndRate) {
  Stream stream(6, "tensors");
  const at::Tensor b = stream.bernoulli({400, 500}, 0.3);
  EXPECT_EQ(b.scalar_type(), at::kFloat);
  EXPECT_NEAR(b.mean().item<double>(), 0.3, 5 * std::sqrt(0.21 / 200000));
  EXPECT_TRUE(b.eq(0).logical_or(b.eq(1)).all().item<bool>());
  EXPECT_EQ(stream.bernoulli({100}, 0).sum().item<float>(), 0);
  EXPECT_EQ(stream.bernoulli({100}, 1).sum().item<float>(), 100);
  const at::Tensor i = stream.integers({3, 10000}, -2, 4);
  EXPECT_EQ(i.scalar_type(), at::kLong);
  EXPECT_EQ(i.min().item<int64_t>(), -2);
  EXPECT_EQ(i.max().item<int64_t>(), 3);
  EXPECT_NEAR(i.to(at::kDouble).mean().item<double>(), 0.5, 5 * std::sqrt(35.0 / 12 / 30000));
  const at::Tensor u = stream.uniform({100000}, -1, 1);
  EXPECT_GE(u.min().item<float>(), -1);
  EXPECT_LT(u.max().item<float>(), 1);
  EXPECT_LT(stream.uniform({100000}, 1, 1 + 1e-6).max().item<float>(), 1.000001f);
  EXPECT_EQ(stream.normal({0, 3}).numel(), 0);
}

TEST(Stream, RefusesImpossibleRanges) {
  Stream stream(0, "bad");
  EXPECT_THROW(stream.uniform({1}, 2, 1), UsageError);
  EXPECT_THROW(stream.bernoulli({1}, 1.5), UsageError);
  EXPECT_THROW(stream.bernoulli({1}, std::nan("")), UsageError);
  EXPECT_THROW(stream.integers({1}, 3, 3), UsageError);
}

TEST(Permutation, IsABijectionOfEverySize) {
  std::vector<uint64_t> sizes = {1000, 1023, 1024, 1025, 4096, 4097, 60000};
  for (uint64_t size = 1; size <= 70; ++size) sizes.push_back(size);
  for (const uint64_t size : sizes) {
    const Permutation permutation(size, 42, "shuffle", 0);
    std::vector<bool> seen(size);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t value = permutation(i);
      ASSERT_LT(value, size);
      ASSERT_FALSE(seen[value]) << "size " << size << " position " << i;
      seen[value] = true;
    }
  }
}

TEST(Permutation, WorksForSizesNoMemoryCouldHold) {
  for (const uint64_t size : {(uint64_t{1} << 40) + 1, ~uint64_t{0}}) {
    const Permutation permutation(size, 1, "huge", 0);
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < 1000; ++i) {
      const uint64_t value = permutation(size - 1 - i);
      EXPECT_LT(value, size);
      seen.insert(value);
    }
    EXPECT_EQ(seen.size(), 1000u);
  }
}

TEST(Permutation, EpochsAndSeedsDiffer) {
  const auto fixed_points = [](const Permutation& a, const Permutation& b) {
    int same = 0;
    for (uint64_t i = 0; i < a.size(); ++i) same += a(i) == b(i) ? 1 : 0;
    return same;
  };
  const Permutation base(60000, 1, "shuffle", 0);
  // Two independent permutations agree in one place on average (Poisson): 12 is p < 1e-9.
  EXPECT_LT(fixed_points(base, Permutation(60000, 1, "shuffle", 1)), 12);
  EXPECT_LT(fixed_points(base, Permutation(60000, 2, "shuffle", 0)), 12);
  EXPECT_LT(fixed_points(base, Permutation(60000, 1, "other", 0)), 12);
  EXPECT_EQ(fixed_points(base, Permutation(60000, 1, "shuffle", 0)), 60000);
}

TEST(Permutation, EveryOrderOfThreeIsEquallyLikely) {
  std::vector<int> counts(27);
  for (uint64_t epoch = 0; epoch < 60000; ++epoch) {
    const Permutation p(3, 8, "small", epoch);
    ++counts.at(9 * p(0) + 3 * p(1) + p(2));
  }
  double chi2 = 0;
  for (const int c : counts) chi2 += c == 0 ? 0 : (c - 10000.0) * (c - 10000.0) / 10000.0;
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 21);  // 6 of 27 codes are orders
  EXPECT_LT(chi2, 25.7);                                       // 5 degrees of freedom, p = 1e-4
}

TEST(Permutation, RefusesWhatIsOutside) {
  EXPECT_THROW(Permutation(0, 1, "none", 0), UsageError);
  EXPECT_THROW(Permutation(3, 1, "three", 0)(3), UsageError);
}

}  // namespace
}  // namespace ganymede
