// Samples as a pure function of weights and seed.
#pragma once

#include "ganymede/gans/gan.h"

namespace ganymede::gans {

// Runs gan.generate() for each row of the request by itself, in evaluation mode without gradients,
// rows spread over the threads and each computed by one of them: so a sample's bytes depend on
// neither batch size nor thread count, and no state of the gan changes.
// Where a conditional gan's request has no labels, each seed draws its class evenly from
// Stream(seed, "class"); rows without seeds take the classes in turn. Returns float32
// [count, ...spec.shape] on the CPU.
// Throws UsageError when the gan takes_given() and the request gives nothing.
at::Tensor sample(Gan& gan, const Request& request);

// What the gan makes of request.given, all rows at once on all threads, in evaluation mode without
// gradients: float32 on the CPU, of the sides that follow from those given (Gan::size_multiple,
// Gan::enlarges). Bytes may depend on threads and rows.
at::Tensor translate(Gan& gan, const Request& request);

// Those classes: int64 [count].
at::Tensor drawn_classes(const Request& request, int64_t classes);

// Gan::classify in evaluation mode without gradients, in blocks: logits [N, classes] on the CPU.
at::Tensor classify(Gan& gan, const at::Tensor& samples, const at::Device& device);

// Gan::log_likelihood() likewise, float32 [N], of a gan that knows_likelihood().
at::Tensor log_likelihood(Gan& gan, const at::Tensor& samples, const at::Device& device);

}  // namespace ganymede::gans
