#include "ganymede/media/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/system_error.h"

namespace ganymede::media {

struct ByteSource::State {
  std::string name;
  std::string buffer;
  int fd = -1;
  uint64_t size = 0;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (fd >= 0) ::close(fd);
  }
};

namespace {

// O_NONBLOCK keeps a pipe without a writer from blocking the open.
int open_regular(const std::string& name, uint64_t* size) {
  const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw_system_error(name, "cannot read", errno);
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw FileError({.where = name, .found = "not a regular file", .allowed = "a file"});
  }
  *size = static_cast<uint64_t>(info.st_size);
  return fd;
}

}  // namespace

ByteSource::ByteSource(const std::filesystem::path& path) {
  auto state = std::make_shared<State>();
  state->name = path.string();
  state->fd = open_regular(state->name, &state->size);
  state_ = std::move(state);
}

ByteSource::ByteSource(std::string bytes, std::string name) {
  auto state = std::make_shared<State>();
  state->name = std::move(name);
  state->buffer = std::move(bytes);
  state->size = state->buffer.size();
  state_ = std::move(state);
}

uint64_t ByteSource::size() const { return state_->size; }

const std::string& ByteSource::name() const { return state_->name; }

std::string_view ByteSource::buffer() const { return state_->buffer; }

void ByteSource::read(uint64_t offset, char* out, size_t count) const {
  if (offset > state_->size || count > state_->size - offset) {
    throw DataError({.where = state_->name,
                     .found = std::to_string(count) + " bytes at " + std::to_string(offset) +
                              " lie beyond the end (" + std::to_string(state_->size) + " bytes)"});
  }
  if (state_->fd < 0) {
    if (count > 0) std::memcpy(out, state_->buffer.data() + offset, count);
    return;
  }
  while (count > 0) {
    const ssize_t got = ::pread(state_->fd, out, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error(state_->name, "cannot read", errno);
    if (got == 0) {
      throw DataError({.where = state_->name,
                       .found = "the file became shorter while it was read, at byte " +
                                std::to_string(offset)});
    }
    out += got;
    offset += static_cast<uint64_t>(got);
    count -= static_cast<size_t>(got);
  }
}

std::string ByteSource::read(uint64_t offset, size_t count) const {
  // Checked before memory is asked for.
  if (offset > state_->size || count > state_->size - offset) read(offset, nullptr, count);
  std::string bytes(count, '\0');
  read(offset, bytes.data(), count);
  return bytes;
}

}  // namespace ganymede::media
