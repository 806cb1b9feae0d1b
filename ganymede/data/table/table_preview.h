// A table's rows as one picture.
#pragma once

#include <string>

#include "ganymede/data/table/table.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

// Marginals of the first columns, real and generated over each other, and below them the
// associations of all columns (association.h): real, generated, and how far they are apart. Without
// `reals` those of `rows` alone.
media::Image table_preview(const Table& rows, const Table* reals, const std::string& title);

}  // namespace ganymede::data
