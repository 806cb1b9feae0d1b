// A gan as something that metrics judge.
#pragma once

#include <memory>

#include "ganymede/gans/gan.h"
#include "ganymede/metrics/subject.h"

namespace ganymede::train {

// What the gan can do: samples, in the classes and made from what is asked for (in `direction`),
// its classifier, captions and likelihood. Latents, names and kimg are left to the caller. The
// subject keeps `gan` alive.
metrics::Subject subject_of(const std::shared_ptr<gans::Gan>& gan, const at::Device& device,
                            size_t direction = 0);

}  // namespace ganymede::train
