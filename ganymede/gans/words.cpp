#include "ganymede/gans/words.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"

namespace ganymede::gans {
namespace {

Words& taught(Gan& gan) {
  if (Words* words = words_of(gan)) return *words;
  throw UsageError({.where = "captions",
                    .found = "a gan that knows no captions",
                    .allowed = "a gan that makes samples from words, such as gan_int_cls"});
}

}  // namespace

Words* words_of(Gan& gan) { return dynamic_cast<Words*>(&gan); }

at::Tensor embed_given(Gan& gan, const at::Tensor& given, const at::Device& device) {
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  return taught(gan).embed_given(given.to(device)).to(at::kCPU);
}

at::Tensor embed_samples(Gan& gan, const at::Tensor& samples, const at::Device& device) {
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  return taught(gan).embed_samples(samples.to(device)).to(at::kCPU);
}

at::Tensor between_captions(Gan& gan, const Request& request, const at::Tensor& a,
                            const at::Tensor& b, int64_t steps) {
  Words& words = taught(gan);
  if (steps < 1)
    throw UsageError({"--steps", std::to_string(steps), "1 or more samples between two captions"});
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  const at::Tensor first = words.embed_given(a.to(request.device));
  const at::Tensor last = words.embed_given(b.to(request.device));
  const at::Tensor z = request.latents(gan.latent());
  std::vector<at::Tensor> samples;
  for (int64_t row = 0; row < request.count(); ++row) {
    for (int64_t step = 0; step <= steps; ++step) {
      const double share = static_cast<double>(step) / static_cast<double>(steps);
      const Request one{.seeds = {}, .z = z.narrow(0, row, 1), .device = request.device};
      samples.push_back(words.generate_from(one, at::lerp(first, last, share)).to(at::kCPU));
    }
  }
  return at::cat(samples);
}

}  // namespace ganymede::gans
