// Order, resume, mirroring, errors and shutdown of the loader.
#include "ganymede/data/loader.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "ganymede/core/random.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

// Samples that hold their own index, read after a delay that differs between them.
class Numbered final : public Dataset {
 public:
  explicit Numbered(int64_t size, int64_t delay_us = 0, int64_t bad = -1)
      : size_(size), delay_us_(delay_us), bad_(bad) {
    spec_.domain = "image";
    spec_.shape = {1, 2, 3};
    spec_.classes = 1000;
  }
  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return size_; }
  std::string kind() const override { return "numbered"; }
  std::string fingerprint() const override { return "0000000000000000"; }
  int64_t label(int64_t index) const override { return index; }
  void read(int64_t index, float* out) const override {
    if (index == bad_) throw DataError({"sample " + std::to_string(index), "is broken"});
    if (delay_us_ > 0)
      std::this_thread::sleep_for(std::chrono::microseconds(delay_us_ * (1 + index % 7)));
    for (int i = 0; i < 6; ++i) out[i] = static_cast<float>(index * 10 + i);
  }

 private:
  SampleSpec spec_;
  int64_t size_, delay_us_, bad_;
};

std::vector<int64_t> labels_of(Loader& loader, int batches) {
  std::vector<int64_t> all;
  for (int b = 0; b < batches; ++b) {
    const Batch batch = loader.next();
    const int64_t* labels = batch.labels.data_ptr<int64_t>();
    for (int64_t i = 0; i < batch.size(); ++i) {
      all.push_back(labels[i]);
      EXPECT_EQ(batch.samples[i][0][0][0].item<float>(), static_cast<float>(labels[i] * 10));
    }
  }
  return all;
}

TEST(Loader, OrderIsTheKeyedPermutationForAnyWorkers) {
  const auto set = std::make_shared<Numbered>(37, 50);
  std::vector<int64_t> expected;
  for (int64_t position = 0; position < 160; ++position) {
    const Permutation epoch(37, 5, "order", static_cast<uint64_t>(position / 37));
    expected.push_back(static_cast<int64_t>(epoch(static_cast<uint64_t>(position % 37))));
    EXPECT_EQ(sample_at(position, 37, 5), expected.back());
  }
  for (const int64_t workers : {0, 1, 4}) {
    for (const int64_t prefetch : {1, 2, 7}) {
      Loader loader(set, {.batch = 16, .seed = 5, .workers = workers, .prefetch = prefetch});
      EXPECT_EQ(labels_of(loader, 10), expected) << workers << " workers, prefetch " << prefetch;
      EXPECT_EQ(loader.position(), 160);
    }
  }
}

TEST(Loader, EveryEpochHoldsEverySampleOnce) {
  Loader loader(std::make_shared<Numbered>(50), {.batch = 25, .seed = 1, .workers = 2});
  std::vector<std::vector<int64_t>> epochs;
  for (int epoch = 0; epoch < 3; ++epoch) {
    epochs.push_back(labels_of(loader, 2));
    EXPECT_EQ(std::set<int64_t>(epochs.back().begin(), epochs.back().end()).size(), 50U);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  Loader other(std::make_shared<Numbered>(50), {.batch = 25, .seed = 2, .workers = 2});
  EXPECT_NE(labels_of(other, 2), epochs[0]);
}

TEST(Loader, ResumesAnywhere) {
  const auto set = std::make_shared<Numbered>(37);
  Loader straight(set, {.batch = 8, .seed = 9});
  const std::vector<int64_t> all = labels_of(straight, 20);
  for (const int64_t position : {8, 32, 40, 3, 37, 74, 100}) {
    Loader resumed(set, {.batch = 8, .seed = 9, .workers = 3}, position);
    const std::vector<int64_t> rest = labels_of(resumed, 5);
    EXPECT_EQ(rest, std::vector<int64_t>(all.begin() + position, all.begin() + position + 40));
  }
}

TEST(Loader, BatchesLargerThanTheSetRunOverEpochs) {
  Loader loader(std::make_shared<Numbered>(3), {.batch = 8, .seed = 1});
  const std::vector<int64_t> labels = labels_of(loader, 1);
  EXPECT_EQ(std::set<int64_t>(labels.begin(), labels.begin() + 3).size(), 3U);
  EXPECT_EQ(std::set<int64_t>(labels.begin() + 3, labels.begin() + 6).size(), 3U);
}

TEST(Loader, MirrorIsKeyedByPositionAndFlipsRows) {
  const auto set = std::make_shared<Numbered>(20);
  LoaderOptions options{.batch = 50, .seed = 3, .workers = 0, .mirror = true};
  Loader first(set, options);
  const Batch batch = first.next();
  int flipped = 0;
  for (int64_t i = 0; i < 50; ++i) {
    const at::Tensor sample = batch.samples[i][0];
    const float base = static_cast<float>(batch.labels[i].item<int64_t>() * 10);
    const bool flip = sample[0][0].item<float>() == base + 2;
    const at::Tensor plain = at::arange(6, at::kFloat).view({2, 3}) + base;
    EXPECT_TRUE(at::equal(sample, flip ? plain.flip(1) : plain));
    EXPECT_EQ(flip, (Stream(3, "mirror", static_cast<uint64_t>(i)).next_u32() & 1) == 1);
    flipped += flip;
  }
  EXPECT_GT(flipped, 10);
  EXPECT_LT(flipped, 40);
  options.workers = 4;
  options.batch = 10;
  Loader resumed(set, options, 30);
  EXPECT_TRUE(at::equal(resumed.next().samples, batch.samples.slice(0, 30, 40)));
}

TEST(Loader, ErrorsOfWorkersReachNext) {
  for (const int64_t workers : {0, 1, 3}) {
    Loader loader(std::make_shared<Numbered>(40, 0, sample_at(25, 40, 4)),
                  {.batch = 10, .seed = 4, .workers = workers});
    loader.next();
    loader.next();
    EXPECT_THROW(loader.next(), DataError) << workers;
    EXPECT_THROW(loader.next(), DataError) << workers;
    EXPECT_EQ(loader.position(), 20);
  }
}

TEST(Loader, StopsPromptly) {
  const auto begin = std::chrono::steady_clock::now();
  {
    // A batch takes at least 1000 x 10 ms.
    Loader loader(std::make_shared<Numbered>(1000, 10000), {.batch = 1000, .workers = 4});
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST(Loader, BatchesOutliveTheLoaderAndAreNotOverwritten) {
  auto loader = std::make_unique<Loader>(std::make_shared<Numbered>(10),
                                         LoaderOptions{.batch = 5, .workers = 2, .prefetch = 1});
  const Batch kept = loader->next();
  const at::Tensor copy = kept.samples.clone();
  for (int i = 0; i < 5; ++i) loader->next();
  loader.reset();
  EXPECT_TRUE(at::equal(kept.samples, copy));
}

// Reading is ahead: a consumer slower than the workers waits for the first batch only.
TEST(Loader, DecodesAheadOfTheStep) {
  Loader loader(std::make_shared<Numbered>(100, 20), {.batch = 10, .workers = 2});
  loader.next();
  const double first = loader.stalled_seconds();
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    loader.next();
  }
  EXPECT_LT(loader.stalled_seconds() - first, 0.2);  // half of the time the consumer took
}

TEST(Loader, RefusesNonsense) {
  const auto set = std::make_shared<Numbered>(10);
  EXPECT_THROW(Loader(set, {.batch = 0}), UsageError);
  EXPECT_THROW(Loader(set, {.workers = -1}), UsageError);
  EXPECT_THROW(Loader(set, {}, -5), UsageError);
  EXPECT_THROW(Loader(std::make_shared<Numbered>(0), {}), UsageError);
  EXPECT_THROW(Loader(open_dataset(at_path("ring8")), {.mirror = true}), UsageError);
}

}  // namespace
}  // namespace ganymede::data
