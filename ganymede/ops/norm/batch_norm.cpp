#include "ganymede/ops/norm/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "ganymede/ops/kernel/ceil_div.h"
#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/norm/batch_norm.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/kernel/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

// Calls body(offset, count) for vectors that cover [0, pixels); count is less than a whole vector
// at the end only.
template <typename F>
HWY_INLINE void over_pixels(int64_t pixels, F&& body) {
  int64_t p = 0;
  for (; p + kLanes <= pixels; p += kLanes) body(p, kLanes);
  if (p < pixels) body(p, pixels - p);
}

HWY_INLINE V first(V values, int64_t count) {
  return count == kLanes ? values
                         : hn::IfThenElseZero(hn::FirstN(D(), static_cast<size_t>(count)), values);
}

HWY_INLINE double total(V values) {
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(D(), values)));
}

// Channels [first, last) that one thread takes together: walked sample by sample, so that memory is
// read in long runs also where planes are small.
struct Group {
  const NormProblem& problem;
  int64_t first;
  int64_t last;

  // f(channel - first, channel, offset of the plane) for every plane.
  template <typename F>
  HWY_INLINE void each_plane(F&& f) const {
    for (int64_t n = 0; n < problem.batch; ++n) {
      for (int64_t c = first; c < last; ++c) {
        f(c - first, c, (n * problem.channels + c) * problem.pixels);
      }
    }
  }
  HWY_INLINE double mean(double sum) const { return sum / static_cast<double>(problem.values()); }
};

constexpr int64_t kGroup = 64;
constexpr int64_t kCachedFloats = 64 * 1024;  // a quarter of a megabyte, read again and again

// f(group) for groups that cover all channels.
template <typename F>
void each_group(const NormProblem& problem, const Executor& executor, F&& f) {
  const int64_t fitting = std::max<int64_t>(1, kCachedFloats / problem.values());
  const int64_t fair = ceil_div(problem.channels, executor.threads);
  const int64_t size = std::min({kGroup, fitting, fair});
  executor.each(ceil_div(problem.channels, size), [&](int64_t index) {
    f(Group{problem, index * size, std::min(problem.channels, (index + 1) * size)});
  });
}

HWY_INLINE V activated(V z, V slope) {
  return hn::IfThenElse(hn::Gt(z, hn::Zero(D())), z, hn::Mul(z, slope));
}

struct Affine {
  float scale;
  float shift;
};

inline Affine affine(float mean, float variance, double eps, float weight, float bias) {
  const double scale = weight / std::sqrt(static_cast<double>(variance) + eps);
  return {static_cast<float>(scale),
          static_cast<float>(static_cast<double>(bias) - static_cast<double>(mean) * scale)};
}

inline void means(const Group& group, const float* x, float* mean) {
  double sums[kGroup] = {};
  group.each_plane([&](int64_t i, int64_t, int64_t plane) HWY_ATTR {
    V part = hn::Zero(D());
    over_pixels(group.problem.pixels, [&](int64_t p, int64_t count) HWY_ATTR {
      part = hn::Add(part, load(x + plane + p, count));
    });
    sums[i] += total(part);
  });
  for (int64_t c = group.first; c < group.last; ++c) {
    mean[c] = static_cast<float>(group.mean(sums[c - group.first]));
  }
}

inline void variances(const Group& group, const float* x, const float* mean, float* variance) {
  double sums[kGroup] = {};
  group.each_plane([&](int64_t i, int64_t c, int64_t plane) HWY_ATTR {
    const V middle = hn::Set(D(), mean[c]);
    V part = hn::Zero(D());
    over_pixels(group.problem.pixels, [&](int64_t p, int64_t count) HWY_ATTR {
      const V centered = first(hn::Sub(load(x + plane + p, count), middle), count);
      part = hn::MulAdd(centered, centered, part);
    });
    sums[i] += total(part);
  });
  for (int64_t c = group.first; c < group.last; ++c) {
    variance[c] = static_cast<float>(group.mean(sums[c - group.first]));
  }
}

// y = act(scale x + shift).
inline void transform(const Group& group, const float* x, const Affine* maps, float* y) {
  const V slope = hn::Set(D(), group.problem.slope);
  group.each_plane([&](int64_t i, int64_t, int64_t plane) HWY_ATTR {
    const V scale = hn::Set(D(), maps[i].scale);
    const V shift = hn::Set(D(), maps[i].shift);
    over_pixels(group.problem.pixels, [&](int64_t p, int64_t count) HWY_ATTR {
      const V z = hn::MulAdd(load(x + plane + p, count), scale, shift);
      store(activated(z, slope), y + plane + p, count);
    });
  });
}

inline void forward_channels(const NormProblem& problem, const NormForward& t,
                             const Executor& executor) {
  each_group(problem, executor, [&](const Group& group) {
    means(group, t.x, t.mean);
    variances(group, t.x, t.mean, t.variance);
    Affine maps[kGroup];
    for (int64_t c = group.first; c < group.last; ++c) {
      maps[c - group.first] = affine(t.mean[c], t.variance[c], t.eps, t.weight[c], t.bias[c]);
    }
    transform(group, t.x, maps, t.y);
  });
}

inline void scale_channels(const NormProblem& problem, const float* x, const float* scale,
                           const float* shift, float* y, const Executor& executor) {
  each_group(problem, executor, [&](const Group& group) {
    Affine maps[kGroup];
    for (int64_t c = group.first; c < group.last; ++c) {
      maps[c - group.first] = {scale[c], shift[c]};
    }
    transform(group, x, maps, y);
  });
}

// What the backward kernels need of one channel.
struct Channel {
  Affine map;
  float mean;
  double inverse_deviation;
  double sum;         // of g, the gradient of z
  double normalised;  // of g n
};

HWY_INLINE V gradient_of_z(V x, V gradient, V scale, V shift, V slope) {
  const V z = hn::MulAdd(x, scale, shift);  // as in transform(): the sign is the same
  return hn::IfThenElse(hn::Gt(z, hn::Zero(D())), gradient, hn::Mul(gradient, slope));
}

inline void gradient_sums(const Group& group, const float* x, const float* gradient,
                          Channel* channels) {
  const V slope = hn::Set(D(), group.problem.slope);
  group.each_plane([&](int64_t i, int64_t, int64_t plane) HWY_ATTR {
    const V scale = hn::Set(D(), channels[i].map.scale);
    const V shift = hn::Set(D(), channels[i].map.shift);
    const V middle = hn::Set(D(), channels[i].mean);
    V plain = hn::Zero(D());
    V centered = hn::Zero(D());
    over_pixels(group.problem.pixels, [&](int64_t p, int64_t count) HWY_ATTR {
      const V value = load(x + plane + p, count);
      const V g = gradient_of_z(value, load(gradient + plane + p, count), scale, shift, slope);
      plain = hn::Add(plain, g);
      centered = hn::MulAdd(g, hn::Sub(value, middle), centered);
    });
    channels[i].sum += total(plain);
    channels[i].normalised += total(centered) * channels[i].inverse_deviation;
  });
}

// scale (g - mean(g) - n mean(g n)).
inline void input_gradient(const Group& group, const float* x, const float* gradient,
                           const Channel* channels, float* of_x) {
  const V slope = hn::Set(D(), group.problem.slope);
  group.each_plane([&](int64_t i, int64_t, int64_t plane) HWY_ATTR {
    const Channel& channel = channels[i];
    const V scale = hn::Set(D(), channel.map.scale);
    const V shift = hn::Set(D(), channel.map.shift);
    const V middle = hn::Set(D(), channel.mean);
    const V mean = hn::Set(D(), static_cast<float>(group.mean(channel.sum)));
    const double per_x = group.mean(channel.normalised) * channel.inverse_deviation;
    const V factor = hn::Set(D(), static_cast<float>(per_x));
    over_pixels(group.problem.pixels, [&](int64_t p, int64_t count) HWY_ATTR {
      const V value = load(x + plane + p, count);
      const V g = gradient_of_z(value, load(gradient + plane + p, count), scale, shift, slope);
      const V inner = hn::NegMulAdd(hn::Sub(value, middle), factor, hn::Sub(g, mean));
      store(hn::Mul(scale, inner), of_x + plane + p, count);
    });
  });
}

inline void backward_channels(const NormProblem& problem, const NormBackward& t,
                              const Executor& executor) {
  each_group(problem, executor, [&](const Group& group) {
    Channel channels[kGroup];
    for (int64_t c = group.first; c < group.last; ++c) {
      const Affine map = affine(t.mean[c], t.variance[c], t.eps, t.weight[c], t.bias[c]);
      const double deviation = std::sqrt(static_cast<double>(t.variance[c]) + t.eps);
      channels[c - group.first] = {map, t.mean[c], 1 / deviation, 0, 0};
    }
    gradient_sums(group, t.x, t.gradient, channels);
    for (int64_t c = group.first; c < group.last; ++c) {
      t.of_weight[c] = static_cast<float>(channels[c - group.first].normalised);
      t.of_bias[c] = static_cast<float>(channels[c - group.first].sum);
    }
    if (t.of_x != nullptr) input_gradient(group, t.x, t.gradient, channels, t.of_x);
  });
}

}  // namespace ganymede::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops {

HWY_EXPORT(forward_channels);
HWY_EXPORT(scale_channels);
HWY_EXPORT(backward_channels);

void batch_norm_forward(const NormProblem& problem, const NormForward& tensors,
                        const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(forward_channels)(problem, tensors, executor);
}

void scale_shift(const NormProblem& problem, const float* x, const float* scale, const float* shift,
                 float* y, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(scale_channels)(problem, x, scale, shift, y, executor);
}

void batch_norm_backward(const NormProblem& problem, const NormBackward& tensors,
                         const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(backward_channels)(problem, tensors, executor);
}

}  // namespace ganymede::ops
#endif
