#include "ganymede/metrics/subject.h"

#include "ganymede/core/random.h"
#include "ganymede/metrics/table/plain.h"

namespace ganymede::metrics {
namespace {

constexpr uint64_t kOrderSeed = 0;

}  // namespace

int64_t stored_sample_at(int64_t position, int64_t size) {
  const Permutation order(static_cast<uint64_t>(size), kOrderSeed, "evaluation/order", 0);
  return static_cast<int64_t>(order(static_cast<uint64_t>(position)));
}

Subject stored_subject(std::shared_ptr<const data::Dataset> dataset, std::string name) {
  Subject subject;
  subject.spec = dataset->spec();
  subject.size = dataset->size();
  subject.fingerprint = dataset->fingerprint();
  subject.name = std::move(name);
  subject.kind = dataset->kind();
  const auto indices_of = [size = dataset->size()](const std::vector<uint64_t>& seeds) {
    std::vector<int64_t> indices;
    indices.reserve(seeds.size());
    for (const uint64_t seed : seeds)
      indices.push_back(stored_sample_at(static_cast<int64_t>(seed), size));
    return indices;
  };
  subject.sample = [dataset, indices_of](const std::vector<uint64_t>& seeds) {
    return data::read_batch(*dataset, indices_of(seeds)).samples;
  };
  if (has_columns(dataset->spec())) {
    subject.columns = [dataset, indices_of](const std::vector<uint64_t>& seeds) {
      return columns_of(*dataset, indices_of(seeds));
    };
  }
  return subject;
}

}  // namespace ganymede::metrics
