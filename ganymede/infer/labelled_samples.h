// Generated samples with classes: from one conditional gan, or from one gan for each class.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/infer/model.h"

namespace ganymede::infer {

// A model and the class that all its samples have; -1: a conditional gan, asked for each class.
struct ClassModel {
  int64_t label = -1;
  std::shared_ptr<const Model> model;
};

// "RUN" of a conditional gan, or "0=RUN" "1=RUN" ...: one gan for each class. Throws UsageError for
// anything else: a lone gan without classes, a class named twice, samples of different shapes.
std::vector<ClassModel> load_class_models(const std::vector<std::string>& named,
                                          const std::string& device = "cpu");

// `count` samples in all, the classes in equal parts (the first ones get what is left over), class
// after class, from seeds first_seed, first_seed + 1, ... samples float32 on the CPU.
Batch labelled_samples(const std::vector<ClassModel>& models, int64_t count, uint64_t first_seed);

}  // namespace ganymede::infer
