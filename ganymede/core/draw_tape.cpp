#include "ganymede/core/draw_tape.h"

#include <ATen/ops/empty.h>

namespace ganymede {

DrawTape*& DrawTape::current() {
  thread_local DrawTape* tape = nullptr;
  return tape;
}

DrawTape::Recording::Recording(DrawTape& tape) { current() = &tape; }
DrawTape::Recording::~Recording() { current() = nullptr; }

at::Tensor DrawTape::draw(Stream& stream, at::IntArrayRef shape, at::ScalarType type,
                          const Fill& fill) {
  if (stream.index_ != index_) refusal_ = "a draw with an index of its own";
  const at::Tensor out = at::empty(shape, at::TensorOptions(type).pinned_memory(pinned_));
  draws_.push_back({stream, out, fill});
  drawing_ = true;
  fill(stream, out);
  drawing_ = false;
  return out;
}

void DrawTape::redraw(uint64_t index) const {
  for (const Draw& draw : draws_) {
    Stream stream = draw.stream;
    stream.index_ = index;
    draw.fill(stream, draw.out);
  }
}

}  // namespace ganymede
