// Which samples a picture shows, and how it is laid out: the same for previews of a training, for
// the commands and for the server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/gans/classes.h"
#include "ganymede/gans/gan.h"

namespace ganymede::gans {

struct SampleGrid {
  Request request;                           // row after row
  std::vector<std::string> names;            // of single samples: "seed-7", "class-3-seed-7"
  std::vector<std::string> row_titles = {};  // where rows mean something
  int64_t columns = 0;                       // 0: nearly square
};

// Throws UsageError with what to do instead when the gan takes no classes.
void check_takes_classes(const Gan& gan);

// One sample per seed and wish: rows are wishes, columns seeds, the same z down a column. A single
// wish is laid out nearly square; without wishes each seed draws its own class. Throws UsageError
// when the gan takes no classes, or no mixes.
SampleGrid class_grid(const Gan& gan, const std::vector<ClassWish>& wishes,
                      const std::vector<uint64_t>& seeds);

// A code's values along the rows, seeds down the columns; all else of z as the seed draws it. A
// category takes all its values, a continuous code `steps` >= 2 from `low` to `high`.
SampleGrid code_grid(const Gan& gan, const Code& code, const std::vector<uint64_t>& seeds,
                     int64_t steps, double low, double high);

// What a run shows of a training: about `samples` samples from seeds 0, 1, ...: rows of classes for
// a conditional gan (the first ten), categories along the rows for one that finds them.
SampleGrid preview_grid(const Gan& gan, const Classes& classes, int64_t samples);

// The code of that name. Throws UsageError with those that the gan has.
Code find_code(const Gan& gan, const std::string& name, const std::string& where);

// z [N, dim] with the code set: category number `value`, or the value itself (-1 to 1 in training).
at::Tensor with_code(const at::Tensor& z, const Code& code, double value);

// "category=3,tilt=0.5" applied to z. Throws UsageError with `where`.
at::Tensor with_codes(const Gan& gan, const at::Tensor& z, const std::string& text,
                      const std::string& where = "--codes");

}  // namespace ganymede::gans
