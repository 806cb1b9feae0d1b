// The random tensors of one training step, kept where they lie, so that a recorded graph of a
// device's kernels reads the next step's draws from the same memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ganymede/core/random.h"

namespace ganymede {

class DrawTape {
 public:
  // `index` is the streams' index of the step that is recorded; `pinned` memory can be copied to a
  // device without waiting.
  DrawTape(uint64_t index, bool pinned) : index_(index), pinned_(pinned) {}

  // While it lives, the tensors that this thread draws lie in the tape's memory.
  class Recording {
   public:
    explicit Recording(DrawTape& tape);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
  };

  // Why the step's draws cannot be made again at another index; empty: they can. (A number drawn by
  // itself may have decided what the step did.)
  const std::string& refusal() const { return refusal_; }

  // Draws all of them again as the same code would at `index`.
  void redraw(uint64_t index) const;

  using Fill = std::function<void(Stream&, const at::Tensor&)>;

 private:
  friend class Stream;
  struct Draw {
    Stream stream;  // before the draw
    at::Tensor out;
    Fill fill;
  };
  static DrawTape*& current();
  at::Tensor draw(Stream& stream, at::IntArrayRef shape, at::ScalarType type, const Fill& fill);

  uint64_t index_;
  bool pinned_;
  bool drawing_ = false;
  std::string refusal_;
  std::vector<Draw> draws_;
};

}  // namespace ganymede
