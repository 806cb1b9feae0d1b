// Samples beside what they were made from, for a person to compare.
#pragma once

#include "ganymede/data/domain.h"

namespace ganymede::data {

// One picture of `made` (float32 [N, ...spec.shape], CPU, or undefined: reals alone) beside `given`
// ([N, ...]) and, where defined, `reals` ([N, ...]): strips of given, made, real under these words
// where all are pictures, smaller ones enlarged by whole pixels; else the
// domain's own preview, with what was given as text beside it where it can be read. Without
// spec.given, or without `given`, the domain's preview.
media::Image preview_made(const SampleSpec& spec, const at::Tensor& given, const at::Tensor& made,
                          const at::Tensor& reals, const PreviewOptions& options);

}  // namespace ganymede::data
