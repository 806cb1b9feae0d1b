// Whole pictures restored, one after the other whatever their size, beside what needs no model: as
// tables of super-resolution (Set5, Set14) and denoising are made.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/degraded.h"
#include "ganymede/metrics/report.h"
#include "ganymede/metrics/score.h"

namespace ganymede::metrics {

// A damaged picture float32 [1, C, H, W] in [-1, 1] -> restored [1, C, scale H, scale W].
using Restore = std::function<at::Tensor(const at::Tensor& given)>;

struct RestorationOptions {
  std::vector<std::string> metrics = {};  // of psnr, ssim, l1; none: all three
  uint64_t seed = 0;                      // of the damage: Stream(seed, "given", number of picture)
  std::string subject = {};               // for the record
  std::string subject_kind = {};
  std::string checkpoint = {};
  double kimg = kUnknown;
  data::DataConfig data = {};
};

struct Restoration {
  std::vector<Record> records;          // of the model, then of the baseline
  std::vector<std::string> heads;       // "model", and "bicubic" or, of scale 1, "as given"
  std::vector<ReportPicture> pictures;  // given (enlarged), restored, clean: a few of them
};

// `config` changed so that DegradedData opens pictures of any size for judge_restoration.
data::DataConfig whole_pictures(data::DataConfig config);

// Each picture is cut to multiples of the scale, damaged, restored and rounded to 8 bits. PSNR and
// SSIM are of R, G, B and of Y (structural_similarity.h), without a border of `scale` px (none for
// scale 1), and the mean over pictures; Score::per_class has a figure for each picture, and
// Record::class_names their names. The baseline is the damaged picture, enlarged by
// media::bicubic(). Throws UsageError for other metrics, DataError naming a picture, NumericError
// for one that the model answers with values that are not finite, Error for one of another size.
Restoration judge_restoration(const data::DegradedData& pictures, const Restore& restore,
                              const RestorationOptions& options, Progress* progress);

// One row per picture, the figures of all records side by side.
TextTable picture_table(const Restoration& restoration);

}  // namespace ganymede::metrics
