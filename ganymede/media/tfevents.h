// TensorBoard event files: TFRecord frames around hand-encoded Event messages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ganymede::media {

// Appends to a new "events.out.tfevents..." file in `folder`; TensorBoard joins all files of a
// folder. Records are kept in memory until flush() (or 256 KiB). Not thread-safe.
class EventWriter {
 public:
  // Creates `folder` and the file. Throws FileError.
  explicit EventWriter(const std::filesystem::path& folder);
  ~EventWriter();  // flushes, ignoring failures
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // A run begins or resumes at `step`: TensorBoard drops what older files say from there on.
  void session_start(int64_t step);
  void scalar(std::string_view tag, double value, int64_t step);
  // `png` is an encoded picture of the given size; channels 1 (grey), 3 (RGB) or 4 (RGBA).
  void image(std::string_view tag, std::string_view png, int width, int height, int channels,
             int64_t step);
  void text(std::string_view tag, std::string_view markdown, int64_t step);

  // Hands all records to the operating system. On FileError (disk full) the file ends after a whole
  // record and the records are kept for the next flush.
  void flush();

  const std::filesystem::path& path() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ganymede::media
