// What a person types for a model to make samples from, and what is shown of it.
#pragma once

#include <string>
#include <vector>

#include "ganymede/data/domain.h"
#include "ganymede/infer/model.h"

namespace ganymede::cli {

// Each of `typed`, and the parts between '|' of each, without blanks around them.
std::vector<std::string> prompts_of(const std::vector<std::string>& typed);

// One prompt as the model is given it, float32 [1, ...]. Words that it does not know are named in a
// warning. Throws what data::Domain::parse does.
at::Tensor parse_prompt(const infer::Model& model, const std::string& prompt);

// `seeds` for every prompt: rows are prompts, columns seeds, the same z down a column; a single
// prompt is laid out nearly square.
gans::SampleGrid prompt_grid(const infer::Model& model, const std::vector<std::string>& prompts,
                             const std::vector<uint64_t>& seeds);

}  // namespace ganymede::cli
