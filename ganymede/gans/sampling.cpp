#include "ganymede/gans/sampling.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <optional>

#include "ganymede/core/error.h"

// Of the OpenMP runtime that LibTorch brings, whose header not every compiler has.
extern "C" void omp_set_num_threads(int threads);

namespace ganymede::gans {
namespace {

Request row_of(const Request& request, int64_t row) {
  Request one;
  one.device = request.device;
  if (!request.seeds.empty()) one.seeds = {request.seeds[static_cast<size_t>(row)]};
  if (request.labels.defined()) one.labels = request.labels.narrow(0, row, 1);
  if (request.z.defined()) one.z = request.z.narrow(0, row, 1);
  if (request.condition.defined()) one.condition = request.condition.narrow(0, row, 1);
  if (request.given.defined()) one.given = request.given.narrow(0, row, 1).to(request.device);
  one.direction = request.direction;
  return one;
}

// One thread for the work of this thread while it lives. The engine's libraries choose kernels, and
// with them the order of sums, by how many threads they may use, even where they then use one.
class OneThread {
 public:
  OneThread() : threads_(at::get_num_threads()), alone_(!at::in_parallel_region()) {
    // A new thread would otherwise take the global setting at its first inline parallel_for.
    at::internal::lazy_init_num_threads();
    set(1);
  }
  ~OneThread() { set(threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  void set(int threads) const {
    // Within a parallel region the setting is this thread's own; outside BLAS needs to know too.
    alone_ ? at::set_num_threads(threads) : omp_set_num_threads(threads);
  }
  int threads_;
  bool alone_;
};

void check_given(const Gan& gan, const Request& request) {
  if (!gan.spec().takes_given() || request.given.defined()) return;
  throw UsageError({.where = "samples",
                    .found = "nothing that they are to be made from",
                    .allowed = "samples of the domain " + gan.spec().given[0].domain});
}

// What the request leaves open is drawn.
Request completed(const Gan& gan, const Request& asked) {
  check_given(gan, asked);
  Request request = asked;
  if (gan.conditional() && !request.labels.defined()) {
    request.labels = drawn_classes(request, gan.spec().classes);
  }
  return request;
}

}  // namespace

at::Tensor drawn_classes(const Request& request, int64_t classes) {
  if (request.seeds.empty()) return at::arange(request.count(), at::kLong).remainder(classes);
  at::Tensor labels = at::empty({request.count()}, at::kLong);
  for (int64_t row = 0; row < request.count(); ++row) {
    Stream random(request.seeds[static_cast<size_t>(row)], "class");
    labels[row] = static_cast<int64_t>(random.below(static_cast<uint64_t>(classes)));
  }
  return labels;
}

at::Tensor sample(Gan& gan, const Request& asked) {
  const Request request = completed(gan, asked);
  std::vector<int64_t> shape =
      request.direction == 0 ? gan.spec().shape : gan.spec().given.at(0).shape;
  shape.insert(shape.begin(), request.count());
  at::Tensor samples = at::empty(shape, at::kFloat);
  const auto generate_rows = [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
    std::optional<OneThread> one_thread;
    if (request.device.is_cpu()) one_thread.emplace();
    for (int64_t row = begin; row < end; ++row) {
      samples[row].copy_(gan.generate(row_of(request, row))[0]);
    }
  };
  if (request.device.is_cpu()) {
    at::parallel_for(0, request.count(), 1, generate_rows);
  } else {
    generate_rows(0, request.count());
  }
  return samples;
}

at::Tensor translate(Gan& gan, const Request& asked) {
  Request request = completed(gan, asked);
  if (request.given.defined()) request.given = request.given.to(request.device);
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  return gan.generate(request).to(at::kCPU);
}

namespace {

// `judge` of blocks of samples in evaluation mode, on the CPU.
template <typename Judge>
at::Tensor judged(const at::Tensor& samples, const at::Device& device, const Judge& judge) {
  constexpr int64_t kBlock = 256;
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  std::vector<at::Tensor> parts;
  for (const at::Tensor& block : samples.split(kBlock)) {
    parts.push_back(judge(block.to(device)).to(at::kCPU));
  }
  return at::cat(parts);
}

}  // namespace

at::Tensor classify(Gan& gan, const at::Tensor& samples, const at::Device& device) {
  return judged(samples, device, [&](const at::Tensor& block) { return gan.classify(block); });
}

at::Tensor log_likelihood(Gan& gan, const at::Tensor& samples, const at::Device& device) {
  return judged(samples, device,
                [&](const at::Tensor& block) { return gan.log_likelihood(block); });
}

}  // namespace ganymede::gans
