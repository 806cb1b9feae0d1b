#include "ganymede/media/tfevents.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/system_error.h"

namespace ganymede::media {
namespace {

constexpr size_t kFlushBytes = size_t{256} << 10;
constexpr size_t kKeptBytes = size_t{64} << 20;  // while the disk stays full

// Protocol buffer wire format: a key (field number and wire type), then the value.
class Message {
 public:
  Message& integer(int field, uint64_t value) {
    key(field, 0);
    varint(value);
    return *this;
  }
  Message& number(int field, double value) { return fixed(field, 1, &value, sizeof(value)); }
  Message& number32(int field, float value) { return fixed(field, 5, &value, sizeof(value)); }
  Message& bytes(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    text_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.text_); }

  const std::string& text() const { return text_; }

 private:
  void key(int field, int wire_type) {
    varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type));
  }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }
  Message& fixed(int field, int wire_type, const void* value, size_t size) {
    key(field, wire_type);
    text_.append(static_cast<const char*>(value), size);
    return *this;
  }

  std::string text_;
};

// Field numbers of tensorflow/core/util/event.proto and framework/{summary,tensor}.proto.
namespace event_field {
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
}
namespace value_field {
constexpr int kTag = 1, kSimpleValue = 2, kImage = 4, kTensor = 8, kMetadata = 9;
}

// TFRecord keeps CRCs masked, as CRCs of data that contain CRCs are weak.
uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

template <typename T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

std::string record(std::string_view data) {
  const std::string length = raw(static_cast<uint64_t>(data.size()));
  return length + raw(masked_crc(length)) + std::string(data) + raw(masked_crc(data));
}

double wall_time_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Message event(int64_t step) {
  Message message;
  message.number(event_field::kWallTime, wall_time_s());
  message.integer(event_field::kStep, static_cast<uint64_t>(step));
  return message;
}

// TensorBoard sorts files by name, so the time comes first; the rest keeps names unique.
std::string file_name() {
  static std::atomic<unsigned> counter{0};
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) != 0) std::strcpy(host, "localhost");
  return "events.out.tfevents." + std::to_string(static_cast<int64_t>(wall_time_s())) + "." + host +
         "." + std::to_string(::getpid()) + "." + std::to_string(counter++);
}

}  // namespace

struct EventWriter::State {
  std::filesystem::path path;
  int fd = -1;
  off_t written = 0;
  std::string pending;

  ~State() {
    if (fd >= 0) ::close(fd);
  }

  void add(const Message& message) {
    pending += record(message.text());
    if (pending.size() >= kFlushBytes) flush();
  }

  void add_value(const Message& value, int64_t step) {
    add(event(step).message(event_field::kSummary, Message().message(1, value)));
  }

  // Always at `written`, so a part left by a failed attempt is overwritten by the next one.
  void flush() {
    for (size_t done = 0; done < pending.size();) {
      const ssize_t put =
          write_at(written + static_cast<off_t>(done), std::string_view(pending).substr(done));
      done += static_cast<size_t>(put);
    }
    written += static_cast<off_t>(pending.size());
    pending.clear();
  }

 private:
  ssize_t write_at(off_t offset, std::string_view bytes) {
    try {
      fault_point("file.write", path);
      const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), offset);
      if (put < 0 && errno != EINTR) throw_system_error(path, "cannot write", errno);
      return std::max<ssize_t>(put, 0);
    } catch (const FileError&) {
      // Readers stop at a torn record; where cutting fails too, the next flush mends it.
      [[maybe_unused]] const int cut = ::ftruncate(fd, written);
      if (pending.size() > kKeptBytes) pending.clear();
      throw;
    }
  }
};

EventWriter::EventWriter(const std::filesystem::path& folder) : state_(std::make_unique<State>()) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw_system_error(folder, "cannot create", error.value());
  state_->path = folder / file_name();
  state_->fd = ::open(state_->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (state_->fd < 0) throw_system_error(state_->path, "cannot create", errno);
  Message version;
  version.number(event_field::kWallTime, wall_time_s());
  state_->add(version.bytes(event_field::kFileVersion, "brain.Event:2"));
  state_->flush();
}

EventWriter::~EventWriter() {
  try {
    state_->flush();
  } catch (const std::exception&) {
    // Whoever needs to know calls flush().
    state_->pending.clear();
  }
}

void EventWriter::session_start(int64_t step) {
  constexpr int kStatus = 1;
  constexpr uint64_t kStart = 1;
  state_->add(event(step).message(event_field::kSessionLog, Message().integer(kStatus, kStart)));
}

void EventWriter::scalar(std::string_view tag, double value, int64_t step) {
  Message message;
  message.bytes(value_field::kTag, tag);
  state_->add_value(message.number32(value_field::kSimpleValue, static_cast<float>(value)), step);
}

void EventWriter::image(std::string_view tag, std::string_view png, int width, int height,
                        int channels, int64_t step) {
  Message picture;
  picture.integer(1, static_cast<uint64_t>(height));
  picture.integer(2, static_cast<uint64_t>(width));
  picture.integer(3, static_cast<uint64_t>(channels));
  picture.bytes(4, png);
  Message message;
  message.bytes(value_field::kTag, tag);
  state_->add_value(message.message(value_field::kImage, picture), step);
}

void EventWriter::text(std::string_view tag, std::string_view markdown, int64_t step) {
  constexpr uint64_t kString = 7;  // DT_STRING
  Message tensor;
  tensor.integer(1, kString);
  tensor.message(2, Message().message(2, Message().integer(1, 1)));  // shape [1]
  tensor.bytes(8, markdown);
  const Message plugin = Message().message(1, Message().bytes(1, "text"));
  Message message;
  message.bytes(value_field::kTag, tag);
  message.message(value_field::kMetadata, plugin);
  state_->add_value(message.message(value_field::kTensor, tensor), step);
}

void EventWriter::flush() { state_->flush(); }

const std::filesystem::path& EventWriter::path() const { return state_->path; }

}  // namespace ganymede::media
