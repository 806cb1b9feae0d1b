#include "ganymede/interop/pickle_input.h"

#include <algorithm>

namespace ganymede::interop {
namespace {

constexpr uint64_t kWindow = 1 << 16;
constexpr size_t kLongestLine = 1024;

}  // namespace

PickleInput::PickleInput(const media::ByteSource& source, uint64_t begin, uint64_t limit)
    : source_(source), window_begin_(std::min(begin, source.size())) {
  const uint64_t rest = source.size() - window_begin_;
  limited_ = rest > limit;
  end_ = window_begin_ + std::min(rest, limit);
}

void PickleInput::refuse(uint64_t at, const std::string& found, const std::string& allowed,
                         const std::string& remedy) const {
  throw ModelError({.where = source_.name() + ": byte " + std::to_string(at),
                    .found = found,
                    .allowed = allowed,
                    .remedy = remedy});
}

void PickleInput::fill() {
  window_begin_ += at_;
  at_ = 0;
  if (window_begin_ >= end_) {
    refuse(window_begin_, limited_ ? "the pickle is too large" : "the pickle is cut off");
  }
  window_ = source_.read(window_begin_, std::min(kWindow, end_ - window_begin_));
}

uint8_t PickleInput::byte() {
  if (at_ == window_.size()) fill();
  return static_cast<uint8_t>(window_[at_++]);
}

uint64_t PickleInput::number(int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(byte()) << (8 * i);
  return value;
}

std::string PickleInput::text(uint64_t count) {
  if (count > left()) {
    refuse(offset(),
           std::to_string(count) + " bytes of text where " + std::to_string(left()) + " are left");
  }
  std::string text(count, '\0');
  const size_t ready = std::min<uint64_t>(count, window_.size() - at_);
  std::copy_n(window_.data() + at_, ready, text.data());
  at_ += ready;
  if (ready == count) return text;
  source_.read(offset(), text.data() + ready, count - ready);
  window_begin_ = offset() + (count - ready);
  window_.clear();
  at_ = 0;
  return text;
}

std::string PickleInput::line() {
  const uint64_t begin = offset();
  std::string line;
  while (true) {
    const char c = static_cast<char>(byte());
    if (c == '\n') return line;
    line.push_back(c);
    if (line.size() > kLongestLine) refuse(begin, "a name of more than a thousand bytes");
  }
}

}  // namespace ganymede::interop
