// The transforms of F(m, r), one dimension at a time on kLanes channels at once. Included once per
// target by Highway, hence the toggled guard.
//
// A convolution of m outputs with an r-tap kernel g reads n = m + r - 1 inputs d:
//   y = AT [(G g) . (BT d)]
// with one product per evaluation point. The same matrices give the derivatives: with A, B, GT the
// transposes, the data gradient is B [(G g) . (A y)] and the weight gradient GT [(BT d) . (A y)].
#if defined(GANYMEDE_OPS_WINOGRAD_TOOM_COOK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_WINOGRAD_TOOM_COOK_INL_H_
#undef GANYMEDE_OPS_WINOGRAD_TOOM_COOK_INL_H_
#else
#define GANYMEDE_OPS_WINOGRAD_TOOM_COOK_INL_H_
#endif

#include "ganymede/ops/kernel/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

template <int M, int R>
struct ToomCook;

// Points 0, 1, infinity.
template <>
struct ToomCook<2, 2> {
  struct BT {
    static HWY_INLINE void apply(const V* d, V* o) {
      o[0] = d[0] - d[1];
      o[1] = d[1];
      o[2] = d[2] - d[1];
    }
  };
  struct B {
    static HWY_INLINE void apply(const V* m, V* o) {
      o[0] = m[0];
      o[1] = m[1] - m[0] - m[2];
      o[2] = m[2];
    }
  };
  struct A {
    static HWY_INLINE void apply(const V* y, V* o) {
      o[0] = y[0];
      o[1] = y[0] + y[1];
      o[2] = y[1];
    }
  };
  struct AT {
    static HWY_INLINE void apply(const V* m, V* o) {
      o[0] = m[0] + m[1];
      o[1] = m[1] + m[2];
    }
  };
  using G = A;
  using GT = AT;
};

// Points 0, 1, -1, 2, infinity.
template <>
struct ToomCook<4, 2> {
  struct BT {
    static HWY_INLINE void apply(const V* d, V* o) {
      const V t = d[3] - d[1];
      o[0] = madd(splat(2), d[0] - d[2], t);
      o[1] = d[1] + d[2] - t;
      o[2] = madd(splat(3), d[2] - d[1], hn::Neg(t));
      o[3] = t;
      o[4] = nmadd(splat(2), t, d[4] - d[2]);
    }
  };
  struct B {
    static HWY_INLINE void apply(const V* m, V* o) {
      const V t = nmadd(splat(2), m[4], m[0] - m[1] - m[2] + m[3]);
      const V u = madd(splat(3), m[2], m[1]);
      o[0] = m[0] + m[0];
      o[1] = nmadd(splat(3), m[2], m[1]) - t;
      o[2] = nmadd(splat(2), m[0], u) - m[4];
      o[3] = t;
      o[4] = m[4];
    }
  };
  struct A {
    static HWY_INLINE void apply(const V* y, V* o) {
      const V even = y[0] + y[2];
      const V odd = y[1] + y[3];
      o[0] = y[0];
      o[1] = even + odd;
      o[2] = even - odd;
      o[3] = madd(splat(8), y[3], madd(splat(4), y[2], madd(splat(2), y[1], y[0])));
      o[4] = y[3];
    }
  };
  struct AT {
    static HWY_INLINE void apply(const V* m, V* o) {
      const V sum = m[1] + m[2];
      const V difference = m[1] - m[2];
      o[0] = m[0] + sum + m[3];
      o[1] = madd(splat(2), m[3], difference);
      o[2] = madd(splat(4), m[3], sum);
      o[3] = madd(splat(8), m[3], difference) + m[4];
    }
  };
  struct G {
    static HWY_INLINE void apply(const V* g, V* o) {
      const V half = splat(0.5);
      const V sixth = splat(1.0 / 6);
      o[0] = g[0] * half;
      o[1] = (g[0] + g[1]) * half;
      o[2] = (g[0] - g[1]) * sixth;
      o[3] = madd(splat(2), g[1], g[0]) * sixth;
      o[4] = g[1];
    }
  };
  struct GT {
    static HWY_INLINE void apply(const V* m, V* o) {
      const V half = splat(0.5);
      const V sixth = splat(1.0 / 6);
      o[0] = madd(half, m[0] + m[1], sixth * (m[2] + m[3]));
      o[1] = madd(half, m[1], madd(sixth, madd(splat(2), m[3], hn::Neg(m[2])), m[4]));
    }
  };
};

// Points 0, 1, -1, infinity.
template <>
struct ToomCook<2, 3> {
  struct BT {
    static HWY_INLINE void apply(const V* d, V* o) {
      o[0] = d[0] - d[2];
      o[1] = d[1] + d[2];
      o[2] = d[2] - d[1];
      o[3] = d[3] - d[1];
    }
  };
  struct A {
    static HWY_INLINE void apply(const V* y, V* o) {
      o[0] = y[0];
      o[1] = y[0] + y[1];
      o[2] = y[0] - y[1];
      o[3] = y[1];
    }
  };
  struct AT {
    static HWY_INLINE void apply(const V* m, V* o) {
      o[0] = m[0] + m[1] + m[2];
      o[1] = m[1] - m[2] + m[3];
    }
  };
  struct G {
    static HWY_INLINE void apply(const V* g, V* o) {
      const V even = splat(0.5) * (g[0] + g[2]);
      const V odd = splat(0.5) * g[1];
      o[0] = g[0];
      o[1] = even + odd;
      o[2] = even - odd;
      o[3] = g[2];
    }
  };
  struct GT {
    static HWY_INLINE void apply(const V* m, V* o) {
      const V even = splat(0.5) * (m[1] + m[2]);
      o[0] = m[0] + even;
      o[1] = splat(0.5) * (m[1] - m[2]);
      o[2] = even + m[3];
    }
  };
};

// Points 0, +-a, +-b, infinity. With a = sqrt(1/2), b = sqrt(2) errors are 4 to 5 times smaller
// than with the usual 1 and 2: the powers of the points stay nearer to 1 (Barabasz et al. 2020,
// arXiv 1803.10986, discuss the choice).
template <>
struct ToomCook<4, 3> {
  static constexpr double kA = 0.70710678118654752;
  static constexpr double kB = 1.41421356237309505;
  static constexpr double kA2 = 0.5;
  static constexpr double kB2 = 2;
  static constexpr double kScaleA = 1 / (2 * kA2 * (kA2 - kB2));
  static constexpr double kScaleB = 1 / (2 * kB2 * (kB2 - kA2));
  static constexpr double kScale0 = 1 / (kA2 * kB2);

  struct BT {
    static HWY_INLINE void apply(const V* d, V* o) {
      o[0] = madd(splat(kA2 * kB2), d[0], nmadd(splat(kA2 + kB2), d[2], d[4]));
      o[5] = madd(splat(kA2 * kB2), d[1], nmadd(splat(kA2 + kB2), d[3], d[5]));
      const V even_a = nmadd(splat(kB2), d[2], d[4]);
      const V odd_a = nmadd(splat(kB2), d[1], d[3]);
      o[1] = madd(splat(kA), odd_a, even_a);
      o[2] = nmadd(splat(kA), odd_a, even_a);
      const V even_b = nmadd(splat(kA2), d[2], d[4]);
      const V odd_b = nmadd(splat(kA2), d[1], d[3]);
      o[3] = madd(splat(kB), odd_b, even_b);
      o[4] = nmadd(splat(kB), odd_b, even_b);
    }
  };
  struct A {
    static HWY_INLINE void apply(const V* y, V* o) {
      const V even_a = madd(splat(kA2), y[2], y[0]);
      const V odd_a = madd(splat(kA2), y[3], y[1]);
      const V even_b = madd(splat(kB2), y[2], y[0]);
      const V odd_b = madd(splat(kB2), y[3], y[1]);
      o[0] = y[0];
      o[1] = madd(splat(kA), odd_a, even_a);
      o[2] = nmadd(splat(kA), odd_a, even_a);
      o[3] = madd(splat(kB), odd_b, even_b);
      o[4] = nmadd(splat(kB), odd_b, even_b);
      o[5] = y[3];
    }
  };
  struct AT {
    static HWY_INLINE void apply(const V* m, V* o) {
      const V sum_a = m[1] + m[2];
      const V difference_a = m[1] - m[2];
      const V sum_b = m[3] + m[4];
      const V difference_b = m[3] - m[4];
      o[0] = m[0] + sum_a + sum_b;
      o[1] = madd(splat(kA), difference_a, splat(kB) * difference_b);
      o[2] = madd(splat(kA2), sum_a, splat(kB2) * sum_b);
      o[3] = madd(splat(kA * kA2), difference_a, madd(splat(kB * kB2), difference_b, m[5]));
    }
  };
  struct G {
    static HWY_INLINE void apply(const V* g, V* o) {
      o[0] = splat(kScale0) * g[0];
      o[5] = g[2];
      const V even_a = madd(splat(kA2 * kScaleA), g[2], splat(kScaleA) * g[0]);
      const V odd_a = splat(kA * kScaleA) * g[1];
      o[1] = even_a + odd_a;
      o[2] = even_a - odd_a;
      const V even_b = madd(splat(kB2 * kScaleB), g[2], splat(kScaleB) * g[0]);
      const V odd_b = splat(kB * kScaleB) * g[1];
      o[3] = even_b + odd_b;
      o[4] = even_b - odd_b;
    }
  };
  struct GT {
    static HWY_INLINE void apply(const V* m, V* o) {
      const V sum_a = m[1] + m[2];
      const V difference_a = m[1] - m[2];
      const V sum_b = m[3] + m[4];
      const V difference_b = m[3] - m[4];
      o[0] = madd(splat(kScale0), m[0], madd(splat(kScaleA), sum_a, splat(kScaleB) * sum_b));
      o[1] = madd(splat(kA * kScaleA), difference_a, splat(kB * kScaleB) * difference_b);
      o[2] = madd(splat(kA2 * kScaleA), sum_a, madd(splat(kB2 * kScaleB), sum_b, m[5]));
    }
  };
};

// Applies Transform to the columns, then to the rows of a square.
template <typename Transform, int kIn, int kOut>
HWY_INLINE void transform_square(const V (&in)[kIn][kIn], V (&out)[kOut][kOut]) {
  V half[kOut][kIn];
  GANYMEDE_UNROLL
  for (int b = 0; b < kIn; ++b) {
    V x[kIn];
    V y[kOut];
    GANYMEDE_UNROLL
    for (int a = 0; a < kIn; ++a) x[a] = in[a][b];
    Transform::apply(x, y);
    GANYMEDE_UNROLL
    for (int a = 0; a < kOut; ++a) half[a][b] = y[a];
  }
  GANYMEDE_UNROLL
  for (int a = 0; a < kOut; ++a) Transform::apply(half[a], out[a]);
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_WINOGRAD_TOOM_COOK_INL_H_
