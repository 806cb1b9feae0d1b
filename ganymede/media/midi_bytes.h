// Bounded reading of the numbers that MIDI files are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ganymede::media {

uint64_t big_endian(std::string_view bytes);   // at most 8 of them
std::string hex_byte(int value);               // "8F"
std::string hex_text(std::string_view bytes);  // "4D 54 68 64"; "nothing" of none

// A place in a stretch of a file. Nothing is read beyond the stretch: that throws DataError naming
// the file and the offset in it.
class MidiCursor {
 public:
  // `bytes` outlives the cursor.
  MidiCursor(std::string_view bytes, std::string where);

  size_t offset() const { return base_ + at_; }  // in the file
  bool at_end() const { return at_ == bytes_.size(); }
  std::string_view rest() const { return bytes_.substr(at_); }

  int peek() const;
  int byte();
  uint64_t number(size_t count);  // big-endian
  int64_t variable();             // a variable-length quantity: 7 bits in a byte, at most 4 bytes
  std::string_view block();       // a variable-length quantity, and as many bytes
  void skip(size_t count);

  // The next `size` bytes as a stretch of their own; this cursor then stands behind them.
  MidiCursor take(uint64_t size, const char* what);
  // Likewise `size` bytes from `first` of this stretch, which stays where it is.
  MidiCursor part(size_t first, uint64_t size, const char* what) const;

  [[noreturn]] void fail(size_t offset, const std::string& found,
                         const std::string& allowed = {}) const;

 private:
  std::string_view bytes_;
  std::string where_;
  size_t base_ = 0;
  size_t at_ = 0;
};

}  // namespace ganymede::media
