// Rows that processes have made, brought together.
#pragma once

#include <ATen/core/Tensor.h>

#include "ganymede/dist/group.h"

namespace ganymede::dist {

// The rows of all ranks, one rank's after another's in the order of ranks, on every rank (CPU).
// `mine`: [rows, ...] with any number of rows, or undefined for none; the ranks that have rows
// agree in dtype and in the rest of the shape (at most 7 dimensions), else UsageError on all of
// them. Undefined when no rank has rows. A collective: every rank calls it.
at::Tensor gather_rows(Group& group, const at::Tensor& mine);

}  // namespace ganymede::dist
