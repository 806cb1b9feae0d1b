#include "ganymede/dist/group.h"

#include <ATen/ATen.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace ganymede::dist {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Runs `work`; what c10d throws becomes a GroupError.
template <typename Work>
auto guarded(const std::string& where, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    throw GroupError({.where = where,
                      .found = first_line(error.what_without_backtrace()),
                      .remedy = "see whether all processes run and reach the same address"});
  } catch (const std::runtime_error& error) {
    throw GroupError({.where = where, .found = first_line(error.what())});
  }
}

void check_rank(int rank, int size) {
  if (size >= 1 && rank >= 0 && rank < size) return;
  throw UsageError({.where = "RANK",
                    .found = std::to_string(rank) + " of " + std::to_string(size),
                    .allowed = "0 to WORLD_SIZE - 1"});
}

std::optional<int> environment_number(const char* name, int highest) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  if (text == nullptr || *text == '\0') return std::nullopt;
  int value = 0;
  const char* end = text + std::strlen(text);
  const auto result = std::from_chars(text, end, value);
  if (result.ec == std::errc() && result.ptr == end && value >= 0 && value <= highest) return value;
  throw UsageError({.where = name,
                    .found = std::string("'") + text + "'",
                    .allowed = "a number from 0 to " + std::to_string(highest)});
}

}  // namespace

struct Group::Store {
  c10::intrusive_ptr<c10d::Store> store;
  int rank = 0;
  int size = 1;

  Store(c10::intrusive_ptr<c10d::Store> meeting_place, int own_rank, int group_size)
      : store(std::move(meeting_place)), rank(own_rank), size(group_size) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Rank 0 may hold the store: it leaves when the others have read what they wait for.
  ~Store() {
    try {
      if (rank != 0) {
        store->set("left/" + std::to_string(rank), std::vector<uint8_t>{1});
      } else {
        wait_for_others();
      }
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
      // Who is gone needs no goodbye.
    }
  }

 private:
  void wait_for_others() {
    std::vector<std::string> others;
    for (int other = 1; other < size; ++other) others.push_back("left/" + std::to_string(other));
    if (!others.empty()) store->wait(others);
  }
};

Group::Group() = default;
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

Group::Group(std::unique_ptr<Store> store, int rank, int size)
    : store_(std::move(store)), rank_(rank), size_(size) {}

Group Group::meet_in_file(const std::filesystem::path& path, int rank, int size,
                          std::chrono::milliseconds patience) {
  check_rank(rank, size);
  return guarded(path.string(), [&] {
    auto store = c10::make_intrusive<c10d::FileStore>(path.string(), size);
    store->setTimeout(patience);
    return Group(std::make_unique<Store>(store, rank, size), rank, size);
  });
}

Group Group::meet_at(const std::string& host, uint16_t port, int rank, int size,
                     std::chrono::milliseconds patience) {
  check_rank(rank, size);
  return guarded(host + ":" + std::to_string(port), [&] {
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = rank == 0;
    options.numWorkers = static_cast<std::size_t>(size);
    options.timeout = patience;
    auto store = c10::make_intrusive<c10d::TCPStore>(host, options);
    return Group(std::make_unique<Store>(store, rank, size), rank, size);
  });
}

Group Group::from_environment(std::chrono::milliseconds patience) {
  const auto size = environment_number("WORLD_SIZE", 1 << 20);
  if (!size || *size <= 1) return {};
  const auto rank = environment_number("RANK", 1 << 20);
  const auto port = environment_number("MASTER_PORT", 65535);
  const char* host = std::getenv("MASTER_ADDR");  // NOLINT(concurrency-mt-unsafe)
  if (!rank || !port || host == nullptr) {
    throw UsageError({.where = "WORLD_SIZE",
                      .found = std::to_string(*size) + " without RANK, MASTER_ADDR or MASTER_PORT",
                      .remedy = "start with torchrun --no-python, or set all four"});
  }
  return meet_at(host, static_cast<uint16_t>(*port), *rank, *size, patience);
}

std::pair<int64_t, int64_t> Group::share(int64_t count) const {
  return {count * rank_ / size_, count * (rank_ + 1) / size_};
}

std::string Group::next_key() { return "c" + std::to_string(sequence_++) + "/"; }

void Group::put(const std::string& key, const at::Tensor& tensor) {
  const auto* bytes = static_cast<const uint8_t*>(tensor.const_data_ptr());
  store_->store->set(key, std::vector<uint8_t>(bytes, bytes + tensor.nbytes()));
}

at::Tensor Group::get(const std::string& key, const at::Tensor& like) {
  const std::vector<uint8_t> bytes = store_->store->get(key);
  if (bytes.size() != like.nbytes()) {
    throw GroupError(
        {.where = key,
         .found = std::to_string(bytes.size()) + " bytes from another rank",
         .allowed = std::to_string(like.nbytes()) + ", as on rank " + std::to_string(rank_)});
  }
  at::Tensor tensor = at::empty_like(like);
  if (!bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

std::vector<at::Tensor> Group::gather(const at::Tensor& mine) {
  const at::Tensor own = mine.detach().cpu().contiguous();
  if (size_ == 1) return {own};
  const std::string key = next_key();
  return guarded("rank " + std::to_string(rank_), [&] {
    put(key + std::to_string(rank_), own);
    std::vector<at::Tensor> all;
    for (int rank = 0; rank < size_; ++rank) {
      all.push_back(rank == rank_ ? own : get(key + std::to_string(rank), own));
    }
    // The last to have read everything clears the keys away.
    if (store_->store->add(key + "read", 1) == size_) {
      for (int rank = 0; rank < size_; ++rank) store_->store->deleteKey(key + std::to_string(rank));
      store_->store->deleteKey(key + "read");
    }
    return all;
  });
}

at::Tensor Group::sum(const at::Tensor& mine) {
  const std::vector<at::Tensor> all = gather(mine);
  at::Tensor total = all.front().clone();
  for (size_t rank = 1; rank < all.size(); ++rank) total += all[rank];
  return total;
}

at::Tensor Group::broadcast(const at::Tensor& mine) {
  // Through gather: small tensors only, and no second protocol.
  return gather(mine).front();
}

void Group::barrier() { gather(at::zeros({1})); }

}  // namespace ganymede::dist
