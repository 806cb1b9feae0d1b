// Rows of pictures with a word each, on one titled sheet.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "ganymede/core/sample.h"

namespace ganymede::cli {

struct PictureRow {
  std::string label;
  at::Tensor samples;  // float32 [N, ...spec.shape]; rows may differ in length
};

// Writes the sheet; throws UsageError for samples that are no images and for other endings than
// those of pictures.
void write_rows(const std::string& path, const SampleSpec& spec, const std::string& title,
                const std::vector<PictureRow>& rows);

}  // namespace ganymede::cli
