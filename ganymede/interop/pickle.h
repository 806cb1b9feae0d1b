// A restricted reader of Python pickles (protocols 2 to 5) as PyTorch writes them. It builds plain
// data and runs nothing: names of Python objects are answered from a closed table of inert words.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "ganymede/media/byte_source.h"

namespace ganymede::interop {

enum class PickleKind {
  kNone,
  kBool,        // integer
  kInteger,     // integer
  kLong,        // text: two's complement, little-endian; for integers beyond 64 bits
  kReal,        // real
  kString,      // text, in the file's encoding (UTF-8 since Python 3)
  kBytes,       // text
  kTuple,       // items
  kList,        // items
  kDict,        // items: key, value, key, value ...; of OrderedDict too
  kGlobal,      // text: a word of the closed table, such as "torch.FloatStorage"
  kCall,        // text: a function of the closed table that makes a tensor; items: its arguments
  kPersistent,  // items: the one value that names something outside the pickle
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  int64_t integer = 0;
  double real = 0;
  std::string text = {};
  std::vector<const PickleValue*> items = {};

  bool is(PickleKind other) const { return kind == other; }
};

struct PickleLimits {
  uint64_t stream_bytes = uint64_t{256} << 20;  // opcodes and their arguments
  uint64_t memory_bytes = uint64_t{64} << 20;   // values, stack and memo together
  size_t marks = 1000;                          // collections that are open at once
};

// The values of one pickle. They may share and even contain each other, so that whoever walks them
// bounds depth and steps.
class Pickle {
 public:
  // Reads one pickle of `source` from byte `begin` on. Throws ModelError naming the opcode's offset
  // for anything that is not in the closed table (with the name that was asked for), damaged or
  // beyond the limits; FileError when the device fails.
  static Pickle read(const media::ByteSource& source, uint64_t begin = 0,
                     const PickleLimits& limits = {});

  const PickleValue& root() const { return *root_; }
  // Every value in order of appearance.
  const std::deque<PickleValue>& values() const { return values_; }
  uint64_t end() const { return end_; }  // the byte after the pickle

 private:
  friend class PickleMachine;
  std::deque<PickleValue> values_;  // deque: pointers stay valid, also when it is moved
  const PickleValue* root_ = nullptr;
  uint64_t end_ = 0;
};

// `text` for messages: control characters become '?', and what is too long is cut.
std::string shown(std::string_view text);

}  // namespace ganymede::interop
