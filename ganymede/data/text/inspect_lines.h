// What a text is, as gan data info shows it.
#pragma once

#include "ganymede/data/inspect.h"

namespace ganymede::data {

// Of samples of the domain text: tokens, lengths, the most frequent ones, unknown ones, first
// lines.
DataReport inspect_lines(const Dataset& set, const DataConfig& config);

}  // namespace ganymede::data
