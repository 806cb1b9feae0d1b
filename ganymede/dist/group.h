// The processes that work on one job, over c10d. One process is a group of one, so callers need no
// other path for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/core/error.h"

namespace ganymede::dist {

// Another process did not answer in time, or the meeting place could not be reached.
class GroupError : public Error {
 public:
  explicit GroupError(ErrorParts parts) : Error(std::move(parts)) {}
};

constexpr std::chrono::seconds kPatience{60};  // for the slowest other process

// Collectives: every rank calls the same ones in the same order with tensors of the same shape and
// dtype. Sums are taken in the order of ranks, so all ranks hold the same bits and a run repeats
// exactly. Values travel through c10d's store: meant for statistics and small states, not for
// gradients at speed. Not thread-safe.
class Group {
 public:
  // Alone: rank 0 of 1. A group that ends waits on rank 0 until the others have ended theirs.
  Group();
  // Meets the others in a file on a disk that all of them see; `path` must not exist before.
  static Group meet_in_file(const std::filesystem::path& path, int rank, int size,
                            std::chrono::milliseconds patience = kPatience);
  // Meets at host:port, where rank 0 listens. Throws GroupError when nobody answers.
  static Group meet_at(const std::string& host, uint16_t port, int rank, int size,
                       std::chrono::milliseconds patience = kPatience);
  // As torchrun says: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT; alone without them. Throws
  // UsageError for values that make no sense.
  static Group from_environment(std::chrono::milliseconds patience = kPatience);

  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_first() const { return rank_ == 0; }

  // The half-open range of [0, count) that is this rank's part: contiguous, sizes differ by at most
  // one, in the order of ranks.
  std::pair<int64_t, int64_t> share(int64_t count) const;

  // Each rank's tensor, in the order of ranks (CPU).
  std::vector<at::Tensor> gather(const at::Tensor& mine);
  // The sum over all ranks.
  at::Tensor sum(const at::Tensor& mine);
  // The tensor of rank 0.
  at::Tensor broadcast(const at::Tensor& mine);
  // Returns when all have come here.
  void barrier();

 private:
  struct Store;
  Group(std::unique_ptr<Store> store, int rank, int size);
  std::string next_key();
  void put(const std::string& key, const at::Tensor& tensor);
  at::Tensor get(const std::string& key, const at::Tensor& like);

  std::unique_ptr<Store> store_;
  int rank_ = 0;
  int size_ = 1;
  int64_t sequence_ = 0;
};

}  // namespace ganymede::dist
