#include "ganymede/media/gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <optional>

#include "ganymede/media/image_checks.h"
#include "ganymede/media/quantize.h"

namespace ganymede::media {
namespace {

constexpr int kMaxGifSidePx = 65535;
constexpr int kMaxDelayMs = 655350;
constexpr int kMaxLoops = 65535;
constexpr int64_t kMaxPixelsPerByte = 2731;  // a 12-bit code stands for 4096 pixels at most

int on_read(GifFileType* gif, GifByteType* to, int count) {
  auto* input = static_cast<std::string_view*>(gif->UserData);
  const size_t taken = std::min(static_cast<size_t>(count), input->size());
  if (taken > 0) std::memcpy(to, input->data(), taken);
  input->remove_prefix(taken);
  return static_cast<int>(taken);
}

int on_write(GifFileType* gif, const GifByteType* from, int count) {
  try {
    static_cast<std::string*>(gif->UserData)->append(reinterpret_cast<const char*>(from), count);
  } catch (const std::exception&) {
    return 0;
  }
  return count;
}

struct CloseReader {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
struct CloseWriter {
  void operator()(GifFileType* gif) const { EGifCloseFile(gif, nullptr); }
};
struct FreeMap {
  void operator()(ColorMapObject* map) const { GifFreeMapObject(map); }
};
using Writer = std::unique_ptr<GifFileType, CloseWriter>;
using ColorMap = std::unique_ptr<ColorMapObject, FreeMap>;

struct Rectangle {
  int left;
  int top;
  int width;
  int height;
};

// Steps over the records of a GIF and remembers what is known about the next frame.
class GifReader {
 public:
  GifReader(std::string_view bytes, const std::string& where) : input_(bytes), where_(where) {
    int code = 0;
    gif_.reset(DGifOpen(&input_, on_read, &code));
    if (gif_ == nullptr) throw broken(code);
  }

  // Moves to the next frame; false at the end of the file.
  bool next_frame() {
    transparent_ = NO_TRANSPARENT_COLOR;
    disposal_ = DISPOSAL_UNSPECIFIED;
    for (;;) {
      GifRecordType type = UNDEFINED_RECORD_TYPE;
      check(DGifGetRecordType(gif_.get(), &type));
      if (type == TERMINATE_RECORD_TYPE) return false;
      if (type == EXTENSION_RECORD_TYPE) read_extension();
      if (type != IMAGE_DESC_RECORD_TYPE) continue;
      check(DGifGetImageDesc(gif_.get()));
      return true;
    }
  }

  void skip_frame() {
    int code_size = 0;
    GifByteType* block = nullptr;
    check(DGifGetCode(gif_.get(), &code_size, &block));
    while (block != nullptr) check(DGifGetCodeNext(gif_.get(), &block));
  }

  int width() const { return gif_->SWidth; }
  int height() const { return gif_->SHeight; }
  Rectangle frame() const {
    const GifImageDesc& image = gif_->Image;
    return {image.Left, image.Top, image.Width, image.Height};
  }
  int transparent() const { return transparent_; }
  int disposal() const { return disposal_; }  // what becomes of it before the next frame

  const ColorMapObject& colors() const {
    const ColorMapObject* map =
        gif_->Image.ColorMap != nullptr ? gif_->Image.ColorMap : gif_->SColorMap;
    if (map == nullptr) throw broken_image(where_, ImageFormat::kGif, "it has no colours");
    return *map;
  }

  // The current frame's colour indices, one byte each.
  Image read_indices() {
    Image indices = make_image(gif_->Image.Width, gif_->Image.Height, 1);
    constexpr std::array<std::array<int, 2>, 4> kPasses = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    if (!gif_->Image.Interlace) {
      for (int y = 0; y < indices.height; ++y) read_line(indices, y);
      return indices;
    }
    for (const auto& [first, step] : kPasses)
      for (int y = first; y < indices.height; y += step) read_line(indices, y);
    return indices;
  }

 private:
  void read_line(Image& indices, int y) {
    check(DGifGetLine(gif_.get(), indices.row(y), indices.width));
  }

  void read_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    check(DGifGetExtension(gif_.get(), &code, &block));
    GraphicsControlBlock control;
    const bool controls = code == GRAPHICS_EXT_FUNC_CODE && block != nullptr &&
                          DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK;
    if (controls) transparent_ = control.TransparentColor;
    if (controls) disposal_ = control.DisposalMode;
    while (block != nullptr) check(DGifGetExtensionNext(gif_.get(), &block));
  }

  void check(int status) const {
    if (status == GIF_ERROR) throw broken(gif_->Error);
  }

  DataError broken(int code) const {
    const char* text = GifErrorString(code);
    return broken_image(where_, ImageFormat::kGif, text != nullptr ? text : "it ends too early");
  }

  std::string_view input_;
  const std::string& where_;
  std::unique_ptr<GifFileType, CloseReader> gif_;
  int transparent_ = NO_TRANSPARENT_COLOR;
  int disposal_ = DISPOSAL_UNSPECIFIED;
};

// Places a frame's colours on a canvas (RGBA) that holds it.
void paint(const Image& indices, const Rectangle& place, const GifReader& reader, Image& canvas,
           const std::string& where) {
  const ColorMapObject& map = reader.colors();
  for (int y = 0; y < place.height; ++y) {
    const uint8_t* from = indices.row(y);
    uint8_t* to = canvas.at(place.left, place.top + y);
    for (int x = 0; x < place.width; ++x, to += 4) {
      if (from[x] == reader.transparent()) continue;
      if (from[x] >= map.ColorCount)
        throw broken_image(where, ImageFormat::kGif,
                           "a pixel names colour " + std::to_string(from[x]) + " of " +
                               std::to_string(map.ColorCount));
      const GifColorType& color = map.Colors[from[x]];
      to[0] = color.Red;
      to[1] = color.Green;
      to[2] = color.Blue;
      to[3] = 255;
    }
  }
}

void clear(const Rectangle& place, Image& canvas) {
  for (int y = 0; y < place.height; ++y) {
    std::fill_n(canvas.at(place.left, place.top + y), size_t{4} * place.width, uint8_t{0});
  }
}

void check_frame_bytes(const Rectangle& place, std::string_view bytes, const std::string& where) {
  if (int64_t{place.width} * place.height <= static_cast<int64_t>(bytes.size()) * kMaxPixelsPerByte)
    return;
  throw broken_image(where, ImageFormat::kGif,
                     std::to_string(bytes.size()) + " bytes cannot hold " +
                         size_text(place.width, place.height) + " pixels");
}

bool opaque(const Image& rgba) {
  for (size_t i = 3; i < rgba.pixels.size(); i += 4)
    if (rgba.pixels[i] != 255) return false;
  return true;
}

UsageError cannot_write(const GifFileType* gif) {
  const char* text = gif != nullptr ? GifErrorString(gif->Error) : nullptr;
  return UsageError({.where = "encode_gif", .found = text != nullptr ? text : "giflib failed"});
}

void check_write(const GifFileType* gif, int status) {
  if (status == GIF_ERROR) throw cannot_write(gif);
}

ColorMap make_map(const std::vector<Color>& palette) {
  const int bits = std::max(1, GifBitSize(static_cast<int>(palette.size())));
  ColorMap map(GifMakeMapObject(1 << bits, nullptr));
  if (map == nullptr) throw std::bad_alloc();
  for (size_t i = 0; i < palette.size(); ++i)
    map->Colors[i] = {palette[i][0], palette[i][1], palette[i][2]};
  return map;
}

void put_loop(GifFileType* gif, int loop) {
  const std::array<uint8_t, 3> block = {1, static_cast<uint8_t>(loop & 255),
                                        static_cast<uint8_t>(loop >> 8)};
  check_write(gif, EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE));
  check_write(gif, EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0"));
  check_write(gif, EGifPutExtensionBlock(gif, block.size(), block.data()));
  check_write(gif, EGifPutExtensionTrailer(gif));
}

void put_delay(GifFileType* gif, int delay_ms) {
  const GraphicsControlBlock control{.DisposalMode = DISPOSE_DO_NOT,
                                     .UserInputFlag = false,
                                     .DelayTime = (delay_ms + 5) / 10,
                                     .TransparentColor = NO_TRANSPARENT_COLOR};
  std::array<GifByteType, 4> block;
  EGifGCBToExtension(&control, block.data());
  check_write(gif, EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, block.size(), block.data()));
}

// `palette` is the file's; without one the frame brings its own.
void put_frame(GifFileType* gif, const Image& frame,
               const std::optional<std::vector<Color>>& palette) {
  std::vector<Color> colors;
  if (palette) {
    colors = *palette;
  } else {
    const auto exact = exact_palette({&frame});
    colors = exact ? *exact : median_cut_palette(frame);
  }
  const ColorMap local = palette ? nullptr : make_map(colors);
  check_write(gif, EGifPutImageDesc(gif, 0, 0, frame.width, frame.height, false, local.get()));
  std::vector<uint8_t> indices = palette_indices(frame, colors);
  for (int y = 0; y < frame.height; ++y)
    check_write(gif, EGifPutLine(gif, &indices[static_cast<size_t>(y) * frame.width], frame.width));
}

std::vector<Image> as_rgb(const std::vector<Image>& frames) {
  std::vector<Image> rgb;
  rgb.reserve(frames.size());
  for (const Image& frame : frames) rgb.push_back(with_channels(frame, 3));
  return rgb;
}

}  // namespace

ImageInfo probe_gif(std::string_view bytes, const std::string& where,
                    const DecodeOptions& options) {
  const GifReader reader(bytes, where);
  check_image_size(where, reader.width(), reader.height(), options);
  return {.format = ImageFormat::kGif,
          .width = reader.width(),
          .height = reader.height(),
          .channels = 3};
}

Image decode_gif(std::string_view bytes, const std::string& where, const DecodeOptions& options) {
  GifReader reader(bytes, where);
  if (!reader.next_frame()) throw broken_image(where, ImageFormat::kGif, "it has no frames");
  const Rectangle place = reader.frame();
  // Like Pillow: a first frame that sticks out enlarges the canvas.
  const int width = std::max(reader.width(), place.left + place.width);
  const int height = std::max(reader.height(), place.top + place.height);
  check_image_size(where, width, height, options);
  check_image_size(where, place.width, place.height, options);
  check_frame_bytes(place, bytes, where);
  Image canvas = make_image(width, height, 4);
  paint(reader.read_indices(), place, reader, canvas, where);
  while (reader.next_frame()) reader.skip_frame();
  return opaque(canvas) ? with_channels(std::move(canvas), 3) : canvas;
}

std::vector<Image> decode_gif_frames(std::string_view bytes, const std::string& where,
                                     const DecodeOptions& options, size_t most) {
  GifReader reader(bytes, where);
  check_image_size(where, reader.width(), reader.height(), options);
  const int64_t pixels = int64_t{reader.width()} * reader.height();
  Image canvas = make_image(reader.width(), reader.height(), 4);
  std::vector<Image> frames;
  while (reader.next_frame()) {
    const Rectangle place = reader.frame();
    if (place.left + place.width > canvas.width || place.top + place.height > canvas.height) {
      throw broken_image(where, ImageFormat::kGif, "a frame sticks out of the canvas");
    }
    if (frames.size() == most) {
      reader.skip_frame();
      continue;
    }
    if (pixels * static_cast<int64_t>(frames.size() + 1) > options.max_pixels) {
      throw DataError({.where = where,
                       .found = "an animation of more than " + std::to_string(options.max_pixels) +
                                " pixels in all frames"});
    }
    check_frame_bytes(place, bytes, where);
    const Image before = reader.disposal() == DISPOSE_PREVIOUS ? canvas : Image();
    paint(reader.read_indices(), place, reader, canvas, where);
    frames.push_back(with_channels(canvas, 3));
    if (reader.disposal() == DISPOSE_BACKGROUND) clear(place, canvas);
    if (reader.disposal() == DISPOSE_PREVIOUS) canvas = before;
  }
  if (frames.empty()) throw broken_image(where, ImageFormat::kGif, "it has no frames");
  return frames;
}

std::string encode_gif(const std::vector<Image>& frames, int delay_ms, int loop) {
  check_frames(frames, "encode_gif", kMaxGifSidePx);
  if (delay_ms < 0 || delay_ms > kMaxDelayMs || loop < 0 || loop > kMaxLoops)
    throw UsageError(
        {.where = "encode_gif",
         .found = "delay " + std::to_string(delay_ms) + " ms, loop " + std::to_string(loop),
         .allowed = "delay 0 to 655350 ms, loop 0 to 65535"});
  const std::vector<Image> rgb = as_rgb(frames);
  std::vector<const Image*> pointers;
  pointers.reserve(rgb.size());
  for (const Image& frame : rgb) pointers.push_back(&frame);
  const std::optional<std::vector<Color>> palette = exact_palette(pointers);
  const ColorMap global = palette ? make_map(*palette) : nullptr;
  std::string output;
  int code = 0;
  Writer gif(EGifOpen(&output, on_write, &code));
  if (gif == nullptr) throw std::bad_alloc();
  EGifSetGifVersion(gif.get(), true);
  check_write(gif.get(),
              EGifPutScreenDesc(gif.get(), rgb[0].width, rgb[0].height, 8, 0, global.get()));
  if (rgb.size() > 1) put_loop(gif.get(), loop);
  for (const Image& frame : rgb) {
    if (rgb.size() > 1) put_delay(gif.get(), delay_ms);
    put_frame(gif.get(), frame, palette);
  }
  if (EGifCloseFile(gif.release(), &code) == GIF_ERROR) throw cannot_write(nullptr);
  return output;
}

}  // namespace ganymede::media
