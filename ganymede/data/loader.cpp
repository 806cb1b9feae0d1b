#include "ganymede/data/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::data {
namespace {

// sample_at for runs of positions: an epoch's permutation is made once.
class Order {
 public:
  Order(int64_t size, uint64_t seed) : size_(size), seed_(seed) {}

  int64_t operator()(int64_t position) {
    const int64_t epoch = position / size_;
    if (!permutation_ || epoch != epoch_) {
      permutation_.emplace(static_cast<uint64_t>(size_), seed_, "order",
                           static_cast<uint64_t>(epoch));
      epoch_ = epoch;
    }
    return static_cast<int64_t>((*permutation_)(static_cast<uint64_t>(position % size_)));
  }

 private:
  int64_t size_;
  uint64_t seed_;
  int64_t epoch_ = 0;
  std::optional<Permutation> permutation_;
};

void flip_left_right(float* sample, const SampleSpec& spec) {
  const int64_t width = spec.shape.back();
  for (float* row = sample; row != sample + spec.elements(); row += width)
    std::reverse(row, row + width);
}

enum class State { kWanted, kBusy, kReady };

struct Slot {
  State state = State::kWanted;
  Batch batch;  // memory is made by the consumer, so that it returns to the same allocator arena
  std::exception_ptr error = nullptr;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

struct Loader::Impl {
  std::shared_ptr<const Dataset> dataset;
  LoaderOptions options;
  int64_t condition_width;
  int64_t start;          // position of the first batch
  int64_t delivered = 0;  // batches
  int64_t claimed = 0;    // batches that a worker has taken
  double stalled = 0;
  std::vector<Slot> ring;  // batch b lies in ring[b % size]
  std::mutex mutex;
  std::condition_variable wanted, ready;
  bool stopping = false;
  std::vector<std::jthread> threads;

  Impl(std::shared_ptr<const Dataset> source, const LoaderOptions& wishes, int64_t position)
      : dataset(std::move(source)),
        options(wishes),
        condition_width(dataset->spec().condition_width()),
        start(position) {
    check();
    if (options.workers == 0) return;
    ring.resize(static_cast<size_t>(std::max<int64_t>(options.prefetch, 1)));
    for (Slot& slot : ring) slot.batch = empty_batch();
    for (int64_t i = 0; i < options.workers; ++i) threads.emplace_back([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wanted.notify_all();
    threads.clear();
  }

  void check() const {
    const auto need = [](bool good, const char* what, int64_t value, const char* allowed) {
      if (!good) throw UsageError({std::string("loader ") + what, std::to_string(value), allowed});
    };
    need(options.batch >= 1, "batch", options.batch, "1 or more");
    need(options.workers >= 0, "workers", options.workers, "0 or more");
    need(start >= 0, "position", start, "0 or more");
    need(dataset->size() >= 1, "data set size", dataset->size(), "1 sample or more");
    if (options.mirror && dataset->spec().domain != "image")
      throw UsageError(
          {"data.mirror", "true for " + dataset->spec().domain, "false except for images"});
  }

  Batch empty_batch() const {
    std::vector<int64_t> shape = dataset->spec().shape;
    shape.insert(shape.begin(), options.batch);
    const at::TensorOptions floats = at::TensorOptions(at::kFloat).pinned_memory(options.pinned);
    Batch batch;
    batch.samples = at::empty(shape, floats);
    if (dataset->spec().classes > 0)
      batch.labels = at::empty({options.batch}, floats.dtype(at::kLong));
    if (condition_width > 0) batch.condition = at::empty({options.batch, condition_width}, floats);
    if (dataset->spec().takes_given()) {
      shape = dataset->spec().given[0].shape;
      shape.insert(shape.begin(), options.batch);
      batch.given = at::empty(shape, floats);
    }
    return batch;
  }

  // Fills the batch that begins at sample `position`; gives up between samples when stopping.
  void fill(Batch& batch, int64_t position, Order& order) {
    const SampleSpec& spec = dataset->spec();
    float* samples = batch.samples.data_ptr<float>();
    int64_t* labels = batch.labels.defined() ? batch.labels.data_ptr<int64_t>() : nullptr;
    float* given = batch.given.defined() ? batch.given.data_ptr<float>() : nullptr;
    for (int64_t i = 0; i < options.batch; ++i) {
      const int64_t index = condition_width > 0
                                ? draw(batch.condition.data_ptr<float>() + i * condition_width,
                                       static_cast<uint64_t>(position + i))
                                : order(position + i);
      float* sample = samples + i * spec.elements();
      const auto place = static_cast<uint64_t>(position + i);
      Stream random(options.seed, "data", place);
      float* made_from = given ? given + i * spec.given[0].elements() : nullptr;
      dataset->read_pair(index, random, sample, made_from);
      if (labels) labels[i] = dataset->label(index);
      if (options.mirror && (Stream(options.seed, "mirror", place).next_u32() & 1)) {
        flip_left_right(sample, spec);
        if (made_from && spec.given[0].domain == "image") flip_left_right(made_from, spec.given[0]);
      }
      if (stop_requested()) return;
    }
  }

  int64_t draw(float* condition, uint64_t position) const {
    std::fill_n(condition, condition_width, 0.0F);
    Stream random(options.seed, "condition", position);
    return dataset->draw(random, condition);
  }

  bool stop_requested() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  Slot& slot_of(int64_t batch) { return ring[static_cast<size_t>(batch) % ring.size()]; }

  void work() {
    Order order(dataset->size(), options.seed);
    std::unique_lock lock(mutex);
    for (;;) {
      wanted.wait(lock, [this] { return stopping || slot_of(claimed).state == State::kWanted; });
      if (stopping) return;
      const int64_t mine = claimed++;
      Slot& slot = slot_of(mine);
      slot.state = State::kBusy;
      Batch batch = slot.batch;
      lock.unlock();
      std::exception_ptr error = nullptr;
      try {
        fill(batch, start + mine * options.batch, order);
      } catch (...) {
        error = std::current_exception();
      }
      batch = {};
      lock.lock();
      slot.error = error;
      slot.state = State::kReady;
      ready.notify_all();
    }
  }

  Batch take() {
    Batch fresh = empty_batch();
    std::unique_lock lock(mutex);
    Slot& slot = slot_of(delivered);
    if (slot.state != State::kReady) {
      const auto begin = std::chrono::steady_clock::now();
      ready.wait(lock, [&slot] { return slot.state == State::kReady; });
      stalled += seconds_since(begin);
    }
    if (slot.error) std::rethrow_exception(slot.error);
    Batch batch = std::exchange(slot.batch, std::move(fresh));
    slot.state = State::kWanted;
    ++delivered;
    lock.unlock();
    wanted.notify_all();
    return batch;
  }

  Batch read_now() {
    const auto begin = std::chrono::steady_clock::now();
    Order order(dataset->size(), options.seed);
    Batch batch = empty_batch();
    fill(batch, start + delivered * options.batch, order);
    ++delivered;
    stalled += seconds_since(begin);
    return batch;
  }
};

Loader::Loader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options,
               int64_t position)
    : impl_(std::make_unique<Impl>(std::move(dataset), options, position)) {}

Loader::~Loader() = default;

Batch Loader::next() { return impl_->ring.empty() ? impl_->read_now() : impl_->take(); }

int64_t Loader::position() const { return impl_->start + impl_->delivered * impl_->options.batch; }

double Loader::stalled_seconds() const { return impl_->stalled; }

int64_t sample_at(int64_t position, int64_t size, uint64_t seed) {
  return Order(size, seed)(position);
}

}  // namespace ganymede::data
