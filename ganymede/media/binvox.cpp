#include "ganymede/media/binvox.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"

namespace ganymede::media {
namespace {

constexpr std::string_view kMagic = "#binvox 1";
constexpr size_t kLongestHeader = 4096;
constexpr int64_t kMostVoxels = int64_t{1} << 28;
constexpr int64_t kLongestRun = 255;
constexpr uint64_t kFileLimit = uint64_t{1} << 30;

class BinvoxReader {
 public:
  BinvoxReader(std::string_view bytes, const std::string& where) : rest_(bytes), where_(where) {}

  Voxels read() {
    if (line() != kMagic) fail("does not start with \"#binvox 1\"");
    while (true) {
      const std::string_view text = line();
      if (text == "data") break;
      field(text);
    }
    if (!has_sides_) fail("no line \"dim\" before \"data\"");
    runs();
    return voxels_;
  }

 private:
  [[noreturn]] void fail(const std::string& found, const std::string& allowed = {}) const {
    throw DataError({.where = where_, .found = found, .allowed = allowed});
  }

  std::string_view line() {
    const size_t end = rest_.substr(0, kLongestHeader).find('\n');
    if (end == std::string_view::npos) fail("a header line without an end");
    header_bytes_ += end + 1;
    if (header_bytes_ > kLongestHeader) fail("a header of more than 4096 bytes");
    std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    return text;
  }

  template <class T>
  void numbers(std::string_view text, std::span<T> out) const {
    const std::string whole(text.substr(0, 80));
    for (T& value : out) {
      const size_t begin = text.find_first_not_of(' ');
      text.remove_prefix(std::min(begin, text.size()));
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || !std::isfinite(static_cast<double>(value))) {
        fail("\"" + whole + "\"", std::to_string(out.size()) + " numbers");
      }
      text.remove_prefix(static_cast<size_t>(end - text.data()));
    }
    if (!text.empty()) fail("\"" + whole + "\"", std::to_string(out.size()) + " numbers");
  }

  void field(std::string_view text) {
    if (text.starts_with("dim ")) {
      if (has_sides_) fail("two lines \"dim\"");
      std::array<int64_t, 3> in_file = {};  // x, z, y
      numbers<int64_t>(text.substr(4), in_file);
      voxels_.sides = {in_file[0], in_file[2], in_file[1]};
      for (const int64_t side : in_file) {
        if (side < 1 || side > kLongestVoxelSide) {
          fail("a side of " + std::to_string(side) + " voxels", "1 to 1024");
        }
      }
      has_sides_ = true;
    } else if (text.starts_with("translate ")) {
      numbers<double>(text.substr(10), voxels_.translate);
    } else if (text.starts_with("scale ")) {
      numbers<double>(text.substr(6), std::span(&voxels_.scale, 1));
    } else {
      fail("the header line \"" + std::string(text.substr(0, 80)) + "\"",
           "dim, translate, scale, data");
    }
  }

  // Checks what the runs can hold before it asks for memory.
  void runs() {
    const int64_t count = voxels_.count();
    if (count > kMostVoxels) fail(std::to_string(count) + " voxels", "at most 268435456");
    if (rest_.size() % 2 != 0) fail("half a run at the end");
    if (static_cast<int64_t>(rest_.size()) / 2 * kLongestRun < count) {
      fail("runs for fewer than " + std::to_string(count) + " voxels (truncated)");
    }
    voxels_.filled.resize(static_cast<size_t>(count));
    int64_t at = 0;
    for (size_t i = 0; i < rest_.size(); i += 2) {
      const auto value = static_cast<uint8_t>(rest_[i]);
      const auto length = static_cast<uint8_t>(rest_[i + 1]);
      if (value > 1) fail("a voxel of value " + std::to_string(value), "0 or 1");
      if (length == 0) fail("an empty run", "1 to 255 voxels");
      if (length > count - at) fail("more voxels than the sides allow");
      for (int64_t k = 0; k < length; ++k) put(at++, value);
    }
    if (at != count) {
      fail(std::to_string(at) + " voxels of " + std::to_string(count) + " (truncated)");
    }
  }

  void put(int64_t at, uint8_t value) {
    const int64_t y = at % voxels_.sides[1];
    const int64_t z = at / voxels_.sides[1] % voxels_.sides[2];
    const int64_t x = at / voxels_.sides[1] / voxels_.sides[2];
    voxels_.filled[static_cast<size_t>((x * voxels_.sides[1] + y) * voxels_.sides[2] + z)] = value;
  }

  std::string_view rest_;
  const std::string& where_;
  size_t header_bytes_ = 0;
  bool has_sides_ = false;
  Voxels voxels_;
};

void check_voxels(const Voxels& voxels) {
  const bool sides_fit = std::ranges::all_of(
      voxels.sides, [](int64_t side) { return side >= 1 && side <= kLongestVoxelSide; });
  if (!sides_fit || static_cast<int64_t>(voxels.filled.size()) != voxels.count()) {
    throw UsageError({.where = "binvox",
                      .found = "sides that do not fit the voxels",
                      .allowed = "three sides of 1 to 1024, one byte for each voxel"});
  }
}

std::string number(double value) {
  std::array<char, 32> text = {};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), error == std::errc() ? end : text.data()};
}

}  // namespace

Voxels decode_binvox(std::string_view bytes, const std::string& where) {
  return BinvoxReader(bytes, where).read();
}

Voxels read_binvox(const std::filesystem::path& path) {
  return decode_binvox(read_file(path, kFileLimit), path.string());
}

std::string encode_binvox(const Voxels& voxels) {
  check_voxels(voxels);
  const auto [sx, sy, sz] = voxels.sides;
  std::string out(kMagic);
  out += "\ndim " + std::to_string(sx) + " " + std::to_string(sz) + " " + std::to_string(sy) +
         "\ntranslate " + number(voxels.translate[0]) + " " + number(voxels.translate[1]) + " " +
         number(voxels.translate[2]) + "\nscale " + number(voxels.scale) + "\ndata\n";
  int run_value = -1;
  int64_t run = 0;
  const auto end_run = [&] {
    if (run > 0) out.append({static_cast<char>(run_value), static_cast<char>(run)});
    run = 0;
  };
  for (int64_t i = 0; i < voxels.count(); ++i) {
    const int64_t y = i % sy, z = i / sy % sz, x = i / sy / sz;
    const int value = voxels.filled[static_cast<size_t>((x * sy + y) * sz + z)] != 0 ? 1 : 0;
    if (value != run_value || run == kLongestRun) end_run();
    run_value = value;
    ++run;
  }
  end_run();
  return out;
}

void write_binvox(const std::filesystem::path& path, const Voxels& voxels) {
  write_file_atomic(path, encode_binvox(voxels));
}

}  // namespace ganymede::media
