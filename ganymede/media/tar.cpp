#include "ganymede/media/tar.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "ganymede/core/error.h"
#include "ganymede/media/member_name.h"

namespace ganymede::media {
namespace {

constexpr uint64_t kBlock = 512;
constexpr uint64_t kLongestExtension = uint64_t{1} << 20;  // pax records and GNU long names

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}, const std::string& remedy = {}) {
  throw DataError({.where = where, .found = found, .allowed = allowed, .remedy = remedy});
}

void refuse_compressed(const ByteSource& source) {
  static const std::map<std::string, std::string> kinds = {{"\x1f\x8b", "gunzip"},
                                                           {"BZh", "bunzip2"},
                                                           {"\xfd"
                                                            "7zXZ",
                                                            "unxz"},
                                                           {"\x28\xb5\x2f\xfd", "unzstd"}};
  const std::string start = source.read(0, std::min<uint64_t>(source.size(), 8));
  for (const auto& [magic, tool] : kinds) {
    if (start.starts_with(magic)) {
      refuse(source.name(), "a compressed archive, whose members cannot be read in place",
             "an uncompressed tar", "unpacking it to a .tar with " + tool);
    }
  }
}

// Text up to the first NUL.
std::string field(std::string_view header, size_t offset, size_t count) {
  const std::string_view text = header.substr(offset, count);
  return std::string(text.substr(0, text.find('\0')));
}

// Octal digits among spaces and NULs, or base-256 when the first bit is set.
uint64_t parse_number(std::string_view text, const std::string& where) {
  uint64_t value = 0;
  if ((static_cast<unsigned char>(text[0]) & 0x80) != 0) {
    for (size_t i = 0; i < text.size(); ++i) {
      const uint64_t byte = static_cast<unsigned char>(text[i]) & (i == 0 ? 0x7f : 0xff);
      if (value >> 55 != 0) refuse(where, "a number in the header is out of range");
      value = value << 8 | byte;
    }
    return value;
  }
  const size_t first = std::min(text.find_first_not_of(' '), text.size());
  const std::string_view digits = text.substr(first);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  const std::string_view rest(end, static_cast<size_t>(digits.data() + digits.size() - end));
  const bool empty = digits.find_first_not_of(std::string_view(" \0", 2)) == std::string_view::npos;
  if (empty) return 0;
  if (error != std::errc() ||
      rest.find_first_not_of(std::string_view(" \0", 2)) != std::string_view::npos) {
    refuse(where, "a number in the header is not octal");
  }
  return value;
}

// The sum of all bytes with the checksum's own taken as spaces; signed in some old archives.
void check_sum(std::string_view header, const std::string& where) {
  constexpr size_t kAt = 148;
  constexpr size_t kBytes = 8;
  int64_t plain = 0;
  int64_t with_sign = 0;
  for (size_t i = 0; i < header.size(); ++i) {
    const bool own = i >= kAt && i < kAt + kBytes;
    plain += own ? ' ' : static_cast<unsigned char>(header[i]);
    with_sign += own ? ' ' : static_cast<signed char>(header[i]);
  }
  const auto stated = static_cast<int64_t>(parse_number(header.substr(kAt, kBytes), where));
  if (stated != plain && stated != with_sign) {
    refuse(where, "no tar header: the checksum is wrong (damaged, or not a tar archive)");
  }
}

using PaxFields = std::map<std::string, std::string>;

// Records "<length> <key>=<value>\n", the length counting itself.
void parse_pax(std::string_view text, const std::string& where, PaxFields* fields) {
  while (!text.empty() && text.front() != '\0') {
    size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<size_t>(end - text.data());
    if (error != std::errc() || length > text.size() || length < digits + 4 ||
        text[digits] != ' ' || text[length - 1] != '\n') {
      refuse(where, "a pax record is damaged");
    }
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) refuse(where, "a pax record is damaged");
    (*fields)[std::string(record.substr(0, equals))] = record.substr(equals + 1);
    text.remove_prefix(length);
  }
}

uint64_t decimal(const std::string& text, const std::string& where) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse(where, "a pax size is not a number");
  }
  return value;
}

// Walks the headers of an archive.
class TarWalker {
 public:
  explicit TarWalker(const ByteSource& source) : source_(source) {}

  // Moves to the next member of any kind but extensions; false at the end marker.
  bool next() {
    PaxFields fields;
    std::string long_name;
    for (;;) {
      if (!read_header()) return false;
      const std::string where = place();
      uint64_t size = parse_number(std::string_view(header_).substr(124, 12), where);
      type_ = header_[156];
      if (type_ == 'x' || type_ == 'g') {
        parse_pax(extension(size, where), where, type_ == 'g' ? &global_ : &fields);
      } else if (type_ == 'L') {
        long_name = field(extension(size, where), 0, size);
      } else if (type_ == 'K') {
        extension(size, where);
      } else {
        fields.insert(global_.begin(), global_.end());  // a member's own records win
        finish_member(fields, long_name, size);
        return true;
      }
    }
  }

  char type() const { return type_; }
  const TarMember& member() const { return member_; }

 private:
  std::string place() const {
    return source_.name() + ": byte " + std::to_string(position_ - kBlock);
  }

  bool read_header() {
    if (source_.size() - position_ < kBlock) {
      refuse(source_.name(), "ends without the end-of-archive marker (truncated?)");
    }
    header_ = source_.read(position_, kBlock);
    position_ += kBlock;
    if (header_.find_first_not_of('\0') == std::string::npos) return false;
    check_sum(header_, place());
    return true;
  }

  std::string extension(uint64_t size, const std::string& where) {
    if (size > kLongestExtension) {
      refuse(where, "an extension record of " + std::to_string(size) + " bytes", "at most 1 MiB");
    }
    const uint64_t begin = position_;
    skip(size, where);
    return source_.read(begin, size);
  }

  void skip(uint64_t size, const std::string& where) {
    const uint64_t left = source_.size() - position_;
    if (size > left) {
      refuse(where, "a member of " + std::to_string(size) + " bytes with " + std::to_string(left) +
                        " bytes left in the file (truncated?)");
    }
    position_ += std::min(left, (size + kBlock - 1) / kBlock * kBlock);
  }

  void finish_member(const PaxFields& fields, const std::string& long_name, uint64_t size) {
    const std::string where = place();
    member_.name = header_name();
    if (!long_name.empty()) member_.name = long_name;
    for (const auto& [key, value] : fields) {
      if (key == "path") member_.name = value;
      if (key == "size") size = decimal(value, where);
      if (key.starts_with("GNU.sparse")) refuse(where, "a sparse member", "plain files");
    }
    // Links and folders have no data, whatever their size field says.
    const bool has_data = type_ == '0' || type_ == '\0' || type_ == '7' || type_ == 'S';
    member_.offset = position_;
    member_.size = has_data ? size : 0;
    skip(member_.size, where);
  }

  std::string header_name() const {
    std::string name = field(header_, 0, 100);
    const bool ustar = std::string_view(header_).substr(257, 6) == std::string_view("ustar\0", 6);
    const std::string prefix = ustar ? field(header_, 345, 155) : "";
    return prefix.empty() ? name : prefix + "/" + name;
  }

  const ByteSource& source_;
  uint64_t position_ = 0;
  std::string header_;
  PaxFields global_;
  char type_ = 0;
  TarMember member_;
};

}  // namespace

TarReader::TarReader(const std::filesystem::path& path) : TarReader(ByteSource(path)) {}

TarReader::TarReader(const ByteSource& source) : source_(source) {
  refuse_compressed(source_);
  TarWalker walker(source_);
  while (walker.next()) {
    const char type = walker.type();
    if (type == 'S')
      refuse(member_place(name(), walker.member().name), "a sparse member", "plain files");
    // Old archives mark folders by a slash only.
    const bool regular = type == '0' || type == '\0' || type == '7';
    if (regular && !walker.member().name.ends_with('/')) {
      add(walker.member());
    } else {
      ++skipped_;
    }
  }
}

void TarReader::add(TarMember member) {
  while (member.name.starts_with("./")) member.name.erase(0, 2);
  const std::string where = member_place(name(), member.name);
  if (const auto problem = member_name_problem(member.name)) refuse(where, "the name " + *problem);
  if (!index_.emplace(member.name, members_.size()).second) refuse(where, "appears twice");
  members_.push_back(std::move(member));
}

std::optional<size_t> TarReader::find(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

std::string TarReader::read(size_t index) const {
  const TarMember& member = members_.at(index);
  return source_.read(member.offset, member.size);
}

std::string TarReader::read(const std::string& name) const {
  const auto index = find(name);
  if (!index) refuse(source_.name(), "no member \"" + name + "\"");
  return read(*index);
}

}  // namespace ganymede::media
