#include "ganymede/ops/kernel/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace ganymede::ops {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kLine = 16;  // floats

// std::bad_alloc in LibTorch's words, which say how much was asked for.
class NoMemory final : public std::bad_alloc {
 public:
  explicit NoMemory(size_t bytes)
      : text_("you tried to allocate " + std::to_string(bytes) + " bytes") {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

// One block used as a stack. What does not fit is allocated apart, and once nothing is in use the
// block is made large enough for both. Sizes are in floats.
struct Stack {
  Floats block;
  size_t size = 0;
  size_t used = 0;
  std::vector<Floats> spilled;
  size_t apart = 0;   // in `spilled`
  size_t wanted = 0;  // largest need seen

  float* take(size_t count) {
    count = round_up(count, kLine) + kLine;
    if (used == 0 && spilled.empty() && wanted > size) grow();
    if (used + count <= size) {
      float* memory = block.get() + used;
      used += count;
      return memory;
    }
    spilled.push_back(allocate_floats(count));
    apart += count;
    wanted = std::max(wanted, used + apart);
    return spilled.back().get();
  }

  void grow() {
    const size_t count = wanted + wanted / 8;
    block.reset();
    size = 0;
    block = allocate_floats(count);
    size = count;
  }

  void shrink(size_t used_before, size_t spilled_before) {
    used = used_before;
    spilled.resize(spilled_before);
    if (spilled.empty()) apart = 0;
  }
};

thread_local Stack stack;

}  // namespace

void FreeMemory::operator()(float* memory) const { ::munmap(memory, bytes); }

Floats allocate_floats(size_t count) {
  const size_t bytes = round_up(std::max<size_t>(count, 1) * sizeof(float), kHugePage);
  // More than is wanted, of which the part that begins at a huge page is kept.
  void* found = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (found == MAP_FAILED) throw NoMemory(bytes);
  auto* begin = static_cast<std::byte*>(found);
  const size_t before =
      round_up(reinterpret_cast<uintptr_t>(begin), kHugePage) - reinterpret_cast<uintptr_t>(begin);
  if (before > 0) ::munmap(begin, before);
  ::munmap(begin + before + bytes, kHugePage - before);
  Floats memory(reinterpret_cast<float*>(begin + before), FreeMemory{bytes});
  // A hint: first touches of 4 KiB pages would cost more than small convolutions.
  (void)::madvise(memory.get(), bytes, MADV_HUGEPAGE);
  return memory;
}

ScratchFrame::ScratchFrame() : used_(stack.used), spilled_(stack.spilled.size()) {}

ScratchFrame::~ScratchFrame() { stack.shrink(used_, spilled_); }

float* ScratchFrame::floats(size_t count) { return stack.take(count); }

float* ScratchFrame::zeros(size_t count) {
  float* memory = floats(count);
  std::memset(memory, 0, count * sizeof(float));
  return memory;
}

int32_t* ScratchFrame::integers(size_t count) {
  static_assert(sizeof(int32_t) == sizeof(float));
  return new (static_cast<void*>(stack.take(count))) int32_t[count];
}

}  // namespace ganymede::ops
