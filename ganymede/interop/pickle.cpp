#include "ganymede/interop/pickle.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <unordered_map>

#include "ganymede/interop/pickle_input.h"

namespace ganymede::interop {
namespace {

// Python's pickletools.opcodes, as far as a file of weights uses them.
enum Opcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kDict = 'd',
  kEmptyDict = '}',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kList = 'l',
  kEmptyList = ']',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

// Opcodes that a hostile or a foreign pickle may hold, for the message.
struct Named {
  uint8_t code;
  const char* name;
};
constexpr Named kRefusedOpcodes[] = {{'i', "INST"},         {'o', "OBJ"},
                                     {'P', "PERSID"},       {'I', "INT"},
                                     {'L', "LONG"},         {'F', "FLOAT"},
                                     {'S', "STRING"},       {'V', "UNICODE"},
                                     {'g', "GET"},          {'p', "PUT"},
                                     {0x81, "NEWOBJ"},      {0x82, "EXT1"},
                                     {0x83, "EXT2"},        {0x84, "EXT4"},
                                     {0x8b, "LONG4"},       {0x8f, "EMPTY_SET"},
                                     {0x90, "ADDITEMS"},    {0x91, "FROZENSET"},
                                     {0x92, "NEWOBJ_EX"},   {0x96, "BYTEARRAY8"},
                                     {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}};

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kSize = "torch.Size";
constexpr std::string_view kTensorMakers[] = {"torch._utils._rebuild_tensor_v2",
                                              "torch._utils._rebuild_tensor_v3",
                                              "torch._utils._rebuild_parameter"};
// Words that only ever name a type.
constexpr std::string_view kTypes[] = {"torch.FloatStorage",
                                       "torch.DoubleStorage",
                                       "torch.HalfStorage",
                                       "torch.BFloat16Storage",
                                       "torch.LongStorage",
                                       "torch.IntStorage",
                                       "torch.ShortStorage",
                                       "torch.CharStorage",
                                       "torch.ByteStorage",
                                       "torch.BoolStorage",
                                       "torch.storage.UntypedStorage",
                                       "torch.uint16",
                                       "torch.uint32",
                                       "torch.uint64"};

bool is_tensor_maker(std::string_view name) {
  return std::ranges::find(kTensorMakers, name) != std::end(kTensorMakers);
}

bool is_known(std::string_view name) {
  return name == kOrderedDict || name == kSize || is_tensor_maker(name) ||
         std::ranges::find(kTypes, name) != std::end(kTypes);
}

std::string opcode_text(uint8_t code) {
  for (const Named& named : kRefusedOpcodes) {
    if (named.code == code) return std::string("opcode ") + named.name;
  }
  return "opcode " + std::to_string(code);
}

// "module.name" as a person knows it: os.system is pickled by the module that holds it.
std::string public_name(const std::string& module, const std::string& name) {
  if (module == "posix" || module == "nt") return "os." + name;
  if (module == "__builtin__") return "builtins." + name;
  return module + "." + name;
}

constexpr const char* kAllowed =
    "files of weights: dictionaries, lists, tuples, numbers, text and tensors";
constexpr const char* kRemedy =
    "ask for a .safetensors file, or save the weights alone: torch.save(model.state_dict(), FILE)";

}  // namespace

std::string shown(std::string_view text) {
  constexpr size_t kShown = 100;
  std::string result;
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  return result + (text.size() > kShown ? "..." : "");
}

// The virtual machine: a stack of values, marks on it, and a memo.
class PickleMachine {
 public:
  PickleMachine(const media::ByteSource& source, uint64_t begin, const PickleLimits& limits)
      : input_(source, begin, limits.stream_bytes), limits_(limits) {}

  Pickle run() {
    while (true) {
      at_ = input_.offset();
      const uint8_t code = input_.byte();
      if (code == kStop) break;
      if (!step_scalar(code) && !step_collection(code) && !step_memory(code) && !step_call(code)) {
        refuse(opcode_text(code) + " is not part of a file of weights", kAllowed, kRemedy);
      }
    }
    pickle_.root_ = pop();
    if (!stack_.empty() || !marks_.empty()) refuse("values are left over at the end");
    pickle_.end_ = input_.offset();
    return std::move(pickle_);
  }

 private:
  using Ref = PickleValue*;
  static constexpr uint64_t kSlot = 2 * sizeof(Ref);  // vectors grow by doubling
  static constexpr uint64_t kMemoEntry = 64;

  [[noreturn]] void refuse(const std::string& found, const std::string& allowed = {},
                           const std::string& remedy = {}) const {
    input_.refuse(at_, found, allowed, remedy);
  }

  void charge(uint64_t bytes) {
    used_ += bytes;
    if (used_ > limits_.memory_bytes) {
      refuse("the values take more than " + std::to_string(limits_.memory_bytes >> 20) +
             " MiB beside the tensors");
    }
  }

  Ref make(PickleKind kind) {
    charge(sizeof(PickleValue));
    return &pickle_.values_.emplace_back(PickleValue{.kind = kind});
  }

  void push(Ref value) {
    charge(kSlot);
    stack_.push_back(value);
  }

  void push_integer(int64_t value) {
    const Ref made = make(PickleKind::kInteger);
    made->integer = value;
    push(made);
  }

  void push_bool(bool value) {
    Ref& made = value ? true_ : false_;
    if (made == nullptr) {
      made = make(PickleKind::kBool);
      made->integer = value ? 1 : 0;
    }
    push(made);
  }

  void push_text(PickleKind kind, int length_bytes) {
    const uint64_t length = input_.number(length_bytes);
    charge(length);
    const Ref made = make(kind);
    made->text = input_.text(length);
    push(made);
  }

  void push_long() {
    const auto count = static_cast<size_t>(input_.byte());
    const std::string bytes = input_.text(count);
    if (count > sizeof(int64_t)) {
      charge(count);
      const Ref made = make(PickleKind::kLong);
      made->text = bytes;
      return push(made);
    }
    uint64_t value = count > 0 && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = 0; i < count; ++i) {
      value &= ~(uint64_t{0xff} << (8 * i));
      value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
    }
    push_integer(static_cast<int64_t>(value));
  }

  void push_real() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | input_.byte();
    const Ref made = make(PickleKind::kReal);
    made->real = std::bit_cast<double>(bits);
    push(made);
  }

  // The lowest slot that may be taken: what lies below belongs to an outer collection.
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Ref top() const {
    if (stack_.size() <= floor()) refuse("a value is missing on the stack: the pickle is damaged");
    return stack_.back();
  }

  Ref pop() {
    const Ref value = top();
    stack_.pop_back();
    used_ -= kSlot;
    return value;
  }

  std::vector<const PickleValue*> pop_many(size_t count) {
    if (stack_.size() - floor() < count) {
      refuse("values are missing on the stack: the pickle is damaged");
    }
    std::vector<const PickleValue*> values(stack_.end() - static_cast<std::ptrdiff_t>(count),
                                           stack_.end());
    stack_.resize(stack_.size() - count);
    used_ -= kSlot * count;
    return values;
  }

  std::vector<const PickleValue*> pop_to_mark() {
    if (marks_.empty()) refuse("a mark is missing: the pickle is damaged");
    auto values = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }

  void push_collection(PickleKind kind, std::vector<const PickleValue*> items) {
    if (kind == PickleKind::kDict && items.size() % 2 != 0) refuse("a key has no value");
    charge(kSlot * items.size());
    const Ref made = make(kind);
    made->items = std::move(items);
    push(made);
  }

  void extend(PickleKind kind, const std::vector<const PickleValue*>& items) {
    const Ref target = top();
    if (!target->is(kind)) refuse("items are added to what is no list or dictionary");
    if (kind == PickleKind::kDict && items.size() % 2 != 0) refuse("a key has no value");
    charge(kSlot * items.size());
    target->items.insert(target->items.end(), items.begin(), items.end());
  }

  bool step_scalar(uint8_t code) {
    switch (code) {
      case kNone:
        if (none_ == nullptr) none_ = make(PickleKind::kNone);
        push(none_);
        return true;
      case kNewTrue:
      case kNewFalse:
        push_bool(code == kNewTrue);
        return true;
      case kBinInt:
        push_integer(static_cast<int32_t>(static_cast<uint32_t>(input_.number(4))));
        return true;
      case kBinInt1:
        push_integer(static_cast<int64_t>(input_.number(1)));
        return true;
      case kBinInt2:
        push_integer(static_cast<int64_t>(input_.number(2)));
        return true;
      case kLong1:
        push_long();
        return true;
      case kBinFloat:
        push_real();
        return true;
      default:
        return step_text(code);
    }
  }

  bool step_text(uint8_t code) {
    switch (code) {
      case kShortBinString:
      case kShortBinUnicode:
        push_text(PickleKind::kString, 1);
        return true;
      case kBinString:
      case kBinUnicode:
        push_text(PickleKind::kString, 4);
        return true;
      case kBinUnicode8:
        push_text(PickleKind::kString, 8);
        return true;
      case kShortBinBytes:
        push_text(PickleKind::kBytes, 1);
        return true;
      case kBinBytes:
        push_text(PickleKind::kBytes, 4);
        return true;
      case kBinBytes8:
        push_text(PickleKind::kBytes, 8);
        return true;
      default:
        return false;
    }
  }

  bool step_collection(uint8_t code) {
    switch (code) {
      case kEmptyTuple:
        push_collection(PickleKind::kTuple, {});
        return true;
      case kTuple1:
      case kTuple2:
      case kTuple3:
        push_collection(PickleKind::kTuple, pop_many(static_cast<size_t>(code - kTuple1) + 1));
        return true;
      case kTuple:
        push_collection(PickleKind::kTuple, pop_to_mark());
        return true;
      case kEmptyList:
        push_collection(PickleKind::kList, {});
        return true;
      case kList:
        push_collection(PickleKind::kList, pop_to_mark());
        return true;
      case kEmptyDict:
        push_collection(PickleKind::kDict, {});
        return true;
      case kDict:
        push_collection(PickleKind::kDict, pop_to_mark());
        return true;
      case kAppend:
        extend(PickleKind::kList, pop_many(1));
        return true;
      case kAppends:
        extend(PickleKind::kList, pop_to_mark());
        return true;
      case kSetItem:
        extend(PickleKind::kDict, pop_many(2));
        return true;
      case kSetItems:
        extend(PickleKind::kDict, pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool step_memory(uint8_t code) {
    switch (code) {
      case kProto:
        check_protocol(input_.byte());
        return true;
      case kFrame:
        input_.number(8);  // a hint for buffering
        return true;
      case kMark:
        if (marks_.size() >= limits_.marks) refuse("collections are nested too deeply");
        marks_.push_back(stack_.size());
        return true;
      case kPop:
        pop();
        return true;
      case kPopMark:
        pop_to_mark();
        return true;
      case kDup:
        push(top());
        return true;
      case kBinGet:
      case kLongBinGet:
        push(remembered(input_.number(code == kBinGet ? 1 : 4)));
        return true;
      case kBinPut:
      case kLongBinPut:
        remember(input_.number(code == kBinPut ? 1 : 4));
        return true;
      case kMemoize:
        remember(memo_.size());
        return true;
      default:
        return false;
    }
  }

  void check_protocol(uint8_t version) const {
    if (version >= 2 && version <= 5) return;
    refuse("pickle protocol " + std::to_string(version), "protocols 2 to 5");
  }

  void remember(uint64_t index) {
    if (!memo_.contains(index)) charge(kMemoEntry);
    memo_[index] = top();
  }

  Ref remembered(uint64_t index) const {
    const auto found = memo_.find(index);
    if (found == memo_.end()) refuse("memo " + std::to_string(index) + " was never filled");
    return found->second;
  }

  bool step_call(uint8_t code) {
    switch (code) {
      case kGlobal: {
        const std::string module = input_.line();
        push_global(module, input_.line());
        return true;
      }
      case kStackGlobal: {
        const Ref name = pop();
        const Ref module = pop();
        if (!name->is(PickleKind::kString) || !module->is(PickleKind::kString)) {
          refuse("a name of something in Python is no text");
        }
        push_global(module->text, name->text);
        return true;
      }
      case kReduce: {
        const Ref arguments = pop();
        call(*pop(), *arguments);
        return true;
      }
      case kBuild:
        // Attributes of a dictionary ("_metadata" of a state dict) are no weights.
        if (!pop()->is(PickleKind::kDict) || !top()->is(PickleKind::kDict)) {
          refuse("attributes are set on what is no dictionary", kAllowed, kRemedy);
        }
        return true;
      case kBinPersId:
        push_collection(PickleKind::kPersistent, {pop()});
        return true;
      default:
        return false;
    }
  }

  void push_global(const std::string& module, const std::string& name) {
    const std::string both = module + "." + name;
    if (!is_known(both)) {
      refuse("this file wants to run " + shown(public_name(module, name)) + "; it is refused",
             kAllowed, kRemedy);
    }
    charge(both.size());
    const Ref made = make(PickleKind::kGlobal);
    made->text = both;
    push(made);
  }

  void call(const PickleValue& function, const PickleValue& arguments) {
    if (!function.is(PickleKind::kGlobal) || !arguments.is(PickleKind::kTuple)) {
      refuse("a call of what is no function");
    }
    const auto& items = arguments.items;
    if (function.text == kOrderedDict) return push_ordered_dict(items);
    if (function.text == kSize) {
      if (items.size() != 1 || !items[0]->is(PickleKind::kTuple)) refuse("torch.Size of no tuple");
      return push_collection(PickleKind::kTuple, items[0]->items);
    }
    if (!is_tensor_maker(function.text)) refuse(function.text + " is called as a function");
    push_collection(PickleKind::kCall, items);
    stack_.back()->text = function.text;
  }

  // OrderedDict(), or OrderedDict([[key, value], ...]) as Python 2 wrote it.
  void push_ordered_dict(const std::vector<const PickleValue*>& arguments) {
    if (arguments.empty()) return push_collection(PickleKind::kDict, {});
    if (arguments.size() > 1 || !arguments[0]->is(PickleKind::kList)) {
      refuse("OrderedDict of what is no list");
    }
    std::vector<const PickleValue*> items;
    for (const PickleValue* pair : arguments[0]->items) {
      const bool listed = pair->is(PickleKind::kList) || pair->is(PickleKind::kTuple);
      if (!listed || pair->items.size() != 2) refuse("OrderedDict of what are no pairs");
      items.insert(items.end(), pair->items.begin(), pair->items.end());
    }
    push_collection(PickleKind::kDict, std::move(items));
  }

  PickleInput input_;
  PickleLimits limits_;
  Pickle pickle_;
  std::vector<Ref> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Ref> memo_;
  uint64_t used_ = 0;
  uint64_t at_ = 0;  // of the running opcode
  Ref none_ = nullptr;
  Ref true_ = nullptr;
  Ref false_ = nullptr;
};

Pickle Pickle::read(const media::ByteSource& source, uint64_t begin, const PickleLimits& limits) {
  try {
    return PickleMachine(source, begin, limits).run();
  } catch (const DataError& error) {  // the file became shorter while it was read
    throw ModelError(error.parts());
  }
}

}  // namespace ganymede::interop
