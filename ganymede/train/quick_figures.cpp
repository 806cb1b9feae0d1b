#include "ganymede/train/quick_figures.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "ganymede/core/speed.h"
#include "ganymede/core/tuning.h"
#include "ganymede/nn/layers.h"
#include "ganymede/train/rehearsal.h"

namespace ganymede::train {
namespace {

constexpr double kOperatorSeconds = 0.3;
constexpr double kStepSeconds = 1.5;
constexpr int64_t kBatch = 64;
constexpr int kWarmSteps = 2;  // until memory is mapped and kernels are chosen

struct Convolution {
  int64_t in, out, kernel, stride, padding, size_px;
  double gflop() const {
    const int64_t result = size_px / stride;
    return 2e-9 * static_cast<double>(kBatch * in * out * kernel * kernel * result * result);
  }
  std::string name() const {
    return fmt::format("conv {}x{} /{}, {} to {} channels at {} px", kernel, kernel, stride, in,
                       out, size_px);
  }
};

// The middle of DCGAN's discriminator at 64 px, and a residual block at 16 px.
const std::vector<Convolution>& convolutions() {
  static const std::vector<Convolution> list = {
      {64, 128, 4, 2, 1, 32}, {128, 256, 4, 2, 1, 16}, {128, 128, 3, 1, 1, 16}};
  return list;
}

class Measurement {
 public:
  explicit Measurement(const std::function<void(const std::string&)>& begin) : begin_(begin) {}

  std::vector<Figure> all() {
    const int threads = at::get_num_threads();
    begin_("multiply-add peak");
    peak_ = peak_gflops(threads);
    figures_ = {{"multiply-add peak", peak_, "GFLOP/s", 1},
                {"memory", memory_gbytes_per_s(threads), "GB/s"}};
    matrix_product();
    for (const Convolution& shape : convolutions()) convolution(shape);
    for (const int64_t size : {28, 64}) step(size);
    return figures_;
  }

 private:
  void add_gflops(const std::string& name, double value) {
    figures_.push_back({name, value, "GFLOP/s", value / peak_});
  }

  void matrix_product() {
    const at::NoGradGuard no_grad;
    const int64_t n = 1024;
    begin_("matrix product");
    const at::Tensor a = at::ones({n, n}), b = at::ones({n, n});
    add_gflops("matrix product 1024",
               best_rate(2e-9 * n * n * n, kOperatorSeconds, [&] { at::mm(a, b); }));
  }

  void convolution(const Convolution& shape) {
    begin_(shape.name());
    const auto layer = nn::conv(shape.in, shape.out,
                                {.kernel = shape.kernel,
                                 .stride = shape.stride,
                                 .padding = shape.padding,
                                 .bias = false,
                                 .weight_init = nn::Init::normal(0, 0.02)});
    layer->initialize(1, "quick figures");
    at::Tensor input = at::ones({kBatch, shape.in, shape.size_px, shape.size_px});
    {
      const at::NoGradGuard no_grad;
      add_gflops(shape.name() + ", forward",
                 best_rate(shape.gflop(), kOperatorSeconds, [&] { layer->forward(input); }));
    }
    input.set_requires_grad(true);
    const at::Tensor output = layer->forward(input);
    const at::Tensor gradient = at::ones_like(output);
    // Gradients of input and weight: twice the work of the forward pass.
    add_gflops(shape.name() + ", backward", best_rate(2 * shape.gflop(), kOperatorSeconds, [&] {
                 output.backward(gradient, /*retain_graph=*/true);
                 input.mutable_grad().reset();
                 layer->each_parameter([](const std::string&, at::Tensor& parameter) {
                   parameter.mutable_grad().reset();
                 });
               }));
  }

  void step(int64_t size_px) {
    const std::string name = fmt::format("DCGAN {} px, batch {}", size_px, kBatch);
    begin_(name);
    const int64_t channels = size_px == 28 ? 1 : 3;
    const SampleSpec spec{.domain = "image", .shape = {channels, size_px, size_px}};
    Rehearsal rehearsal(make_gan("dcgan", {}, spec), {}, kBatch);
    for (int i = 0; i < kWarmSteps; ++i) rehearsal.trainer().step();
    const int64_t faults = minor_page_faults();
    int64_t steps = 0;
    const double rate = best_rate(static_cast<double>(kBatch), kStepSeconds, [&] {
      rehearsal.trainer().step();
      ++steps;
    });
    figures_.push_back({name, rate, "images/s"});
    figures_.push_back({name + ", step", 1000.0 * static_cast<double>(kBatch) / rate, "ms"});
    figures_.push_back(
        {name + ", page faults a step",
         static_cast<double>(minor_page_faults() - faults) / static_cast<double>(steps), "faults"});
  }

  const std::function<void(const std::string&)>& begin_;
  std::vector<Figure> figures_;
  double peak_ = 1;
};

}  // namespace

std::vector<Figure> quick_figures(const std::function<void(const std::string&)>& begin) {
  return Measurement(begin).all();
}

}  // namespace ganymede::train
