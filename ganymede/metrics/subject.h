// What is judged: something that makes samples. A metric never sees a gan.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/data/dataset.h"
#include "ganymede/metrics/score.h"
#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

// Latents of a generator, for metrics that walk among them.
struct LatentAccess {
  std::function<at::Tensor(const at::Tensor& z)> generate;  // [N, dim] -> float32 samples
  int64_t dim = 0;
  bool normal = true;  // N(0, 1); else uniform in [-1, 1]
};

// A subject that is a classifier as well.
struct ClassAccess {
  std::function<at::Tensor(const at::Tensor& samples)> classify;  // float32 -> logits [N, classes]
  bool found = false;  // categories that it found itself, in no order; else the data's classes
};

// A subject that knows captions: samples and what they were made from as points of one space.
struct WordAccess {
  std::function<at::Tensor(const at::Tensor& given)> embed_given;      // -> float32 [N, dim]
  std::function<at::Tensor(const at::Tensor& samples)> embed_samples;  // likewise
};
// log p of each sample, nats: float32 [N, ...spec.shape] -> float32 [N].
using LogLikelihood = std::function<at::Tensor(const at::Tensor& samples)>;

// What samples are to be; undefined where nobody asks.
struct Asked {
  at::Tensor labels = {};
  at::Tensor given = {};
  bool empty() const { return !labels.defined() && !given.defined(); }
};

struct Subject {
  SampleSpec spec = {};
  // float32 [seeds, ...spec.shape] on the CPU, a pure function of each seed; no side effects on
  // whatever is being judged.
  std::function<at::Tensor(const std::vector<uint64_t>& seeds)> sample = {};
  // The same samples as columns, where they are stored as such; else `sample` is decoded.
  std::function<PlainTable(const std::vector<uint64_t>& seeds)> columns = {};
  int64_t size = 0;              // stored samples: seeds are below it; 0: as many as wanted
  std::string fingerprint = {};  // of a stored set; empty for generators
  std::string name = {};         // for the record
  std::string kind = {};         // likewise
  std::string checkpoint = {};   // likewise
  double kimg = kUnknown;        // likewise
  LatentAccess latents = {};     // without generate: not available
  // Of generators that obey: the same samples in the classes that are asked for (labels, int64
  // [seeds]), made from what is asked for (given, [seeds, ...]). Needed where spec.takes_given().
  std::function<at::Tensor(const std::vector<uint64_t>& seeds, const Asked& asked)> sample_as = {};
  ClassAccess classes = {};           // without classify: not available
  WordAccess words = {};              // without embed_given: not available
  LogLikelihood log_likelihood = {};  // of models that know it
};

// The samples of a data set in a fixed random order: seed i stands for the i-th of them.
Subject stored_subject(std::shared_ptr<const data::Dataset> dataset, std::string name);

// The order in which samples of any stored set are taken: element `position` of a permutation that
// depends on `size` alone, so that the first N are the same in every evaluation.
int64_t stored_sample_at(int64_t position, int64_t size);

}  // namespace ganymede::metrics
