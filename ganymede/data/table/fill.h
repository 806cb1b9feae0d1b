// Gaps of a table's file filled in, everything else byte for byte as it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/data/table/encoder.h"
#include "ganymede/data/table/table.h"

namespace ganymede::data {

// Missing cells of the columns that `encoder` knows: numbers, times, categories, booleans.
int64_t count_gaps(const Table& table, const Encoder& encoder);

// `text` is the file that `source` was read from, `completed` its rows as Encoder::decode gives
// them. Returns the text with each such gap replaced by the completed cell, quoted where it must
// be. Throws DataError when the text is not that of `source`.
std::string filled_text(const std::string& text, const std::string& where, const Table& source,
                        const Table& completed, const Encoder& encoder);

}  // namespace ganymede::data
