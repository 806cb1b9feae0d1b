#include "ganymede/media/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

constexpr uint64_t kRatio = 100;
constexpr size_t kFirstChunk = size_t{64} << 10;

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}) {
  throw DataError({.where = where, .found = found, .allowed = allowed});
}

// 15: largest window; 16 added: gzip; negative: raw deflate.
int window_bits(Wrapping wrapping) { return wrapping == Wrapping::kGzip ? 15 + 16 : -15; }

class Inflater {
 public:
  Inflater(std::string_view packed, Wrapping wrapping, uint64_t limit, uint64_t harmless,
           const std::string& where)
      : packed_(packed), wrapping_(wrapping), limit_(limit), harmless_(harmless), where_(where) {
    if (inflateInit2(&stream_, window_bits(wrapping)) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::string run() {
    for (;;) {
      const int status = step();
      if (status == Z_STREAM_END) {
        if (consumed_ == packed_.size()) break;
        start_next_member();
      } else if (status == Z_BUF_ERROR && consumed_ == packed_.size()) {
        refuse(where_, "compressed data end too early (truncated)");
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        refuse(where_, std::string("compressed data are damaged: ") +
                           (stream_.msg != nullptr ? stream_.msg : "unexpected end or dictionary"));
      }
    }
    out_.resize(produced_);
    return std::move(out_);
  }

 private:
  int step() {
    if (produced_ == out_.size()) grow();
    const uint64_t most = std::numeric_limits<uInt>::max();
    const auto in = static_cast<uInt>(std::min<uint64_t>(most, packed_.size() - consumed_));
    const auto room = static_cast<uInt>(std::min<uint64_t>(most, out_.size() - produced_));
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed_.data() + consumed_));
    stream_.avail_in = in;
    stream_.next_out = reinterpret_cast<Bytef*>(out_.data() + produced_);
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    consumed_ += in - stream_.avail_in;
    produced_ += room - stream_.avail_out;
    check_size();
    return status;
  }

  void check_size() const {
    if (produced_ > limit_) {
      refuse(where_, "unpacks to more than expected", std::to_string(limit_) + " bytes");
    }
    if (is_suspicious_ratio(packed_.size(), produced_, harmless_)) {
      refuse(where_, "unpacks to more than 100 times its size", "a ratio of 100:1");
    }
  }

  // One byte beyond the limit is enough to see that it is exceeded.
  void grow() {
    const uint64_t wanted = std::max<uint64_t>(kFirstChunk, out_.size() * 2);
    out_.resize(std::min<uint64_t>(wanted, limit_ + 1));
  }

  void start_next_member() {
    if (wrapping_ == Wrapping::kRaw || static_cast<unsigned char>(packed_[consumed_]) != 0x1f) {
      refuse(where_, std::to_string(packed_.size() - consumed_) +
                         " bytes follow the end of the compressed data");
    }
    inflateReset(&stream_);
  }

  std::string_view packed_;
  Wrapping wrapping_;
  uint64_t limit_;
  uint64_t harmless_;
  const std::string& where_;
  z_stream stream_{};
  std::string out_;
  uint64_t consumed_ = 0;
  uint64_t produced_ = 0;
};

}  // namespace

bool is_suspicious_ratio(uint64_t packed, uint64_t size, uint64_t harmless) {
  return size > harmless && size / kRatio > packed;
}

std::string inflate_bytes(std::string_view packed, Wrapping wrapping, uint64_t limit,
                          const std::string& where, uint64_t harmless) {
  return Inflater(packed, wrapping, limit, harmless, where).run();
}

std::string inflate_start(std::string_view packed, size_t count, Wrapping wrapping) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits(wrapping)) != Z_OK) throw std::bad_alloc();
  std::string out(count, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(std::min<size_t>(packed.size(), kFirstChunk));
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(count);
  inflate(&stream, Z_SYNC_FLUSH);  // what came out before an error still counts
  out.resize(count - stream.avail_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace ganymede::media
