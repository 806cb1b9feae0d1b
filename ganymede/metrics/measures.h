// One adapter per metric: from what was gathered to named figures.
#pragma once

#include <vector>

#include "ganymede/metrics/metric_table.h"

namespace ganymede::metrics {

using Findings = std::vector<Finding>;

// Over features.
Findings measure_frechet(const Comparison& c);
Findings measure_frechet_infinity(const Comparison& c);
Findings measure_kernel(const Comparison& c);
Findings measure_inception_score(const Comparison& c);
Findings measure_precision_recall(const Comparison& c);
Findings measure_authenticity(const Comparison& c);
Findings measure_memorisation(const Comparison& c);
Findings measure_support(const Comparison& c);

// Of classes.
Findings measure_class_accuracy(const Comparison& c);
Findings measure_class_frechet(const Comparison& c);
Findings measure_classification(const Comparison& c);

// Of captions.
Findings measure_retrieval(const Comparison& c);

// Over pixels or points.
Findings measure_sliced_wasserstein(const Comparison& c);
Findings measure_diversity(const Comparison& c);
Findings measure_perceptual_diversity(const Comparison& c);
Findings measure_spectrum(const Comparison& c);
Findings measure_path_length(const Comparison& c);
Findings measure_stacked_modes(const Comparison& c);
Findings measure_parzen(const Comparison& c);
Findings measure_modes(const Comparison& c);

// Of pairs. `enlargement`: sides of a sample by those of the picture it is made from; 1 where these
// are no pictures.
int64_t enlargement(const SampleSpec& spec);
Findings measure_psnr(const Comparison& c);
Findings measure_ssim(const Comparison& c);
Findings measure_l1(const Comparison& c);

// Over the columns of tables.
Findings measure_table_quality(const Comparison& c);
Findings measure_detection(const Comparison& c);
Findings measure_efficacy(const Comparison& c);
Findings measure_new_rows(const Comparison& c);
Findings measure_privacy(const Comparison& c);

// Of detectors.
Findings measure_moments(const Comparison& c);
Findings measure_profiles(const Comparison& c);
// Of tunes.
Findings measure_bars(const Comparison& c);
Findings measure_harmony(const Comparison& c);
Findings measure_notes(const Comparison& c);
Findings measure_new_bars(const Comparison& c);
// Over solids and clips.
Findings measure_solids(const Comparison& c);
Findings measure_solid_variety(const Comparison& c);
Findings measure_frames(const Comparison& c);
Findings measure_motion(const Comparison& c);
// Of texts.
Findings measure_bleu(const Comparison& c);
Findings measure_self_bleu(const Comparison& c);
Findings measure_new_texts(const Comparison& c);
Findings measure_likelihood(const Comparison& c);
Findings measure_oracle(const Comparison& c);

}  // namespace ganymede::metrics
