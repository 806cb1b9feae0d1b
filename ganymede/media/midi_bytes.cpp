#include "ganymede/media/midi_bytes.h"

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

constexpr int kLongestQuantity = 4;  // bytes

}  // namespace

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string hex_byte(int value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {kDigits[static_cast<size_t>(value >> 4 & 15)], kDigits[static_cast<size_t>(value & 15)]};
}

std::string hex_text(std::string_view bytes) {
  std::string text;
  for (const char c : bytes)
    text += (text.empty() ? "" : " ") + hex_byte(static_cast<unsigned char>(c));
  return text.empty() ? "nothing" : text;
}

MidiCursor::MidiCursor(std::string_view bytes, std::string where)
    : bytes_(bytes), where_(std::move(where)) {}

int MidiCursor::peek() const {
  if (at_end()) fail(offset(), "the end within a message");
  return static_cast<unsigned char>(bytes_[at_]);
}

int MidiCursor::byte() {
  const int value = peek();
  ++at_;
  return value;
}

uint64_t MidiCursor::number(size_t count) {
  if (rest().size() < count) fail(offset(), "the end within a number");
  const uint64_t value = big_endian(rest().substr(0, count));
  at_ += count;
  return value;
}

int64_t MidiCursor::variable() {
  const size_t begin = offset();
  int64_t value = 0;
  for (int i = 0; i < kLongestQuantity; ++i) {
    const int next = byte();
    value = value << 7 | (next & 0x7f);
    if (next < 0x80) return value;
  }
  fail(begin, "a quantity of more than 4 bytes", "at most 4");
}

std::string_view MidiCursor::block() {
  const size_t begin = offset();
  const auto size = static_cast<size_t>(variable());
  if (size > rest().size()) {
    fail(begin, std::to_string(size) + " bytes of a message",
         "the " + std::to_string(rest().size()) + " that its track has left");
  }
  const std::string_view data = rest().substr(0, size);
  at_ += size;
  return data;
}

void MidiCursor::skip(size_t count) {
  if (rest().size() < count) fail(offset(), "the end within a chunk");
  at_ += count;
}

MidiCursor MidiCursor::take(uint64_t size, const char* what) {
  MidiCursor taken = part(at_, size, what);
  at_ += static_cast<size_t>(size);
  return taken;
}

MidiCursor MidiCursor::part(size_t first, uint64_t size, const char* what) const {
  if (size > bytes_.size() - first) {
    fail(base_ + first, std::string(what) + " of " + std::to_string(size) + " bytes",
         "the " + std::to_string(bytes_.size() - first) + " that the file has left");
  }
  MidiCursor made(bytes_.substr(first, static_cast<size_t>(size)), where_);
  made.base_ = base_ + first;
  return made;
}

void MidiCursor::fail(size_t offset, const std::string& found, const std::string& allowed) const {
  throw DataError(
      {.where = where_ + ": byte " + std::to_string(offset), .found = found, .allowed = allowed});
}

}  // namespace ganymede::media
