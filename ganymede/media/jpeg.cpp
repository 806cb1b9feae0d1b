#include "ganymede/media/jpeg.h"

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

// jpeglib.h needs FILE and size_t declared before it.
#include <jerror.h>
#include <jpeglib.h>

#include "ganymede/media/exif.h"
#include "ganymede/media/image_checks.h"

namespace ganymede::media {
namespace {

constexpr int kMaxScans = 100;
constexpr int kMaxJpegSidePx = 65500;
constexpr int kWholeChromaQuality = 95;

// Shared with the callbacks; `base` comes first so that libjpeg's pointer to it leads here.
struct JpegErrors {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool strict = false;
};

void leave(j_common_ptr common, const char* message) {
  auto* errors = reinterpret_cast<JpegErrors*>(common->err);
  std::snprintf(errors->message.data(), errors->message.size(), "%s", message);
  std::longjmp(errors->jump, 1);
}

void on_error(j_common_ptr common) {
  char message[JMSG_LENGTH_MAX];
  common->err->format_message(common, message);
  leave(common, message);
}

// Warnings that leave every pixel as it was meant.
bool harmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
         code == JWRN_BOGUS_PROGRESSION;
}

void on_message(j_common_ptr common, int level) {
  const auto* errors = reinterpret_cast<JpegErrors*>(common->err);
  if (level < 0 && (errors->strict || !harmless(common->err->msg_code))) on_error(common);
}

void on_progress(j_common_ptr common) {
  if (common->is_decompressor == 0) return;
  if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMaxScans)
    leave(common, "more than 100 scans");
}

void install(JpegErrors& errors, jpeg_error_mgr*& slot) {
  slot = jpeg_std_error(&errors.base);
  errors.base.error_exit = on_error;
  errors.base.emit_message = on_message;
}

// Work inside step() must hold nothing that needs a destructor: an error jumps over it.
class JpegReader {
 public:
  JpegReader(std::string_view bytes, const std::string& where, bool strict) : where_(where) {
    install(errors_, decoder_.err);
    errors_.strict = strict;
    progress_.progress_monitor = on_progress;
    step([&](jpeg_decompress_struct& decoder) {
      jpeg_create_decompress(&decoder);
      decoder.progress = &progress_;
      jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_save_markers(&decoder, JPEG_APP0 + 1, 0xFFFF);
      jpeg_read_header(&decoder, TRUE);
    });
  }
  ~JpegReader() { jpeg_destroy_decompress(&decoder_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  template <typename Work>
  void step(const Work& work) {
    if (setjmp(errors_.jump) != 0) fail();
    work(decoder_);
  }

  // Huffman codes have a bit at least, and every block of 8 x 8 one code: a tiny file cannot ask
  // for much memory.
  void check_length(size_t bytes) const {
    const size_t blocks =
        ((size_t{decoder_.image_width} + 7) / 8) * ((size_t{decoder_.image_height} + 7) / 8);
    if (decoder_.arith_code == 0 && bytes < blocks / 8)
      throw broken_image(where_, ImageFormat::kJpeg,
                         std::to_string(bytes) + " bytes cannot hold " +
                             size_text(decoder_.image_width, decoder_.image_height) + " pixels");
  }

  ImageInfo info() const {
    ImageInfo info{.format = ImageFormat::kJpeg,
                   .width = static_cast<int>(decoder_.image_width),
                   .height = static_cast<int>(decoder_.image_height),
                   .channels = decoder_.num_components == 1 ? 1 : 3,
                   .bit_depth = decoder_.data_precision};
    for (auto* marker = decoder_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (data.substr(0, 4) == "Exif") info.orientation = exif_orientation(data);
    }
    return info;
  }

 private:
  // Also called from the constructor, whose failure runs no destructor; destroying twice is
  // allowed.
  [[noreturn]] void fail() {
    jpeg_destroy_decompress(&decoder_);
    throw broken_image(where_, ImageFormat::kJpeg, errors_.message.data());
  }

  jpeg_decompress_struct decoder_{};
  JpegErrors errors_{};
  jpeg_progress_mgr progress_{};
  const std::string& where_;
};

uint8_t multiply_bytes(int a, int b) {
  const int t = a * b + 128;
  return static_cast<uint8_t>(((t >> 8) + t) >> 8);
}

// Adobe stores inks inverted (255 is no ink), so a colour is its ink sample times black's.
Image multiply_out_inks(const Image& inks) {
  Image out = make_image(inks.width, inks.height, 3);
  uint8_t* to = out.pixels.data();
  for (size_t i = 0; i < inks.pixels.size(); i += 4, to += 3) {
    const int light = inks.pixels[i + 3];
    for (size_t c = 0; c < 3; ++c)
      to[c] = static_cast<uint8_t>(light - multiply_bytes(255 - inks.pixels[i + c], light));
  }
  return out;
}

J_COLOR_SPACE target_space(const jpeg_decompress_struct& decoder) {
  if (decoder.num_components == 1) return JCS_GRAYSCALE;
  return decoder.num_components == 4 ? JCS_CMYK : JCS_RGB;
}

// The encoder's output buffer is malloc'ed by libjpeg and freed here, error or not.
class JpegWriter {
 public:
  JpegWriter() { install(errors_, encoder_.err); }
  ~JpegWriter() {
    jpeg_destroy_compress(&encoder_);
    std::free(buffer_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  void write(const Image& image, int quality) {
    if (setjmp(errors_.jump) != 0) fail();
    jpeg_create_compress(&encoder_);
    jpeg_mem_dest(&encoder_, &buffer_, &size_);
    configure(image, quality);
    jpeg_start_compress(&encoder_, TRUE);
    while (encoder_.next_scanline < encoder_.image_height) {
      auto* row = const_cast<JSAMPROW>(image.row(static_cast<int>(encoder_.next_scanline)));
      jpeg_write_scanlines(&encoder_, &row, 1);
    }
    jpeg_finish_compress(&encoder_);
  }

  std::string bytes() const { return {reinterpret_cast<const char*>(buffer_), size_}; }

 private:
  void configure(const Image& image, int quality) {
    encoder_.image_width = image.width;
    encoder_.image_height = image.height;
    encoder_.input_components = image.channels;
    encoder_.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&encoder_);
    jpeg_set_quality(&encoder_, quality, TRUE);
    encoder_.optimize_coding = TRUE;
    if (image.channels == 3 && quality >= kWholeChromaQuality)
      encoder_.comp_info[0].h_samp_factor = encoder_.comp_info[0].v_samp_factor = 1;
  }

  [[noreturn]] void fail() {
    throw UsageError({.where = "encode_jpeg", .found = errors_.message.data()});
  }

  jpeg_compress_struct encoder_{};
  JpegErrors errors_{};
  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

ImageInfo probe_jpeg(std::string_view bytes, const std::string& where,
                     const DecodeOptions& options) {
  const ImageInfo info = JpegReader(bytes, where, options.strict).info();
  check_image_size(where, info.width, info.height, options);
  return info;
}

Image decode_jpeg(std::string_view bytes, const std::string& where, const DecodeOptions& options) {
  JpegReader reader(bytes, where, options.strict);
  const ImageInfo info = reader.info();
  check_image_size(where, info.width, info.height, options);
  reader.check_length(bytes.size());
  int channels = 0;
  reader.step([&](jpeg_decompress_struct& decoder) {
    decoder.out_color_space = target_space(decoder);
    jpeg_start_decompress(&decoder);
    channels = decoder.output_components;
  });
  Image image = make_image(info.width, info.height, channels);
  reader.step([&](jpeg_decompress_struct& decoder) {
    while (decoder.output_scanline < decoder.output_height) {
      JSAMPROW row = image.row(static_cast<int>(decoder.output_scanline));
      jpeg_read_scanlines(&decoder, &row, 1);
    }
    jpeg_finish_decompress(&decoder);
  });
  return channels == 4 ? multiply_out_inks(image) : image;
}

std::string encode_jpeg(const Image& image, int quality) {
  check_encodable(image, "encode_jpeg", kMaxJpegSidePx);
  if (quality < 1 || quality > 100)
    throw UsageError({.where = "encode_jpeg",
                      .found = "quality " + std::to_string(quality),
                      .allowed = "1 to 100"});
  const Image flat = image.has_alpha() ? with_channels(image, image.channels - 1) : image;
  JpegWriter writer;
  writer.write(flat, quality);
  return writer.bytes();
}

}  // namespace ganymede::media
