#include "ganymede/media/webp.h"

#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "ganymede/media/exif.h"
#include "ganymede/media/image_checks.h"

namespace ganymede::media {
namespace {

constexpr int kMaxDelayMs = (1 << 24) - 1;
constexpr int kMaxLoops = 65535;

template <auto kDelete>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    kDelete(pointer);
  }
};

const uint8_t* data_of(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

// The length that the RIFF header promises; a shorter file is truncated.
void check_riff_length(std::string_view bytes, const std::string& where) {
  const uint8_t* size = data_of(bytes) + 4;
  if (bytes.size() < 12) throw broken_image(where, ImageFormat::kWebp, "the header is cut off");
  const uint64_t promised =
      8 + (size[0] | size[1] << 8U | size[2] << 16U | static_cast<uint64_t>(size[3]) << 24U);
  if (promised > bytes.size())
    throw broken_image(
        where, ImageFormat::kWebp,
        "it has " + std::to_string(bytes.size()) + " of " + std::to_string(promised) + " bytes");
}

int webp_orientation(std::string_view bytes) {
  const WebPData data{data_of(bytes), bytes.size()};
  const std::unique_ptr<WebPDemuxer, Deleter<WebPDemuxDelete>> demuxer(WebPDemux(&data));
  WebPChunkIterator chunk{};
  int orientation = 1;
  if (demuxer != nullptr && WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) != 0)
    orientation =
        exif_orientation({reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

WebPBitstreamFeatures read_features(std::string_view bytes, const std::string& where,
                                    const DecodeOptions& options) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data_of(bytes), bytes.size(), &features) != VP8_STATUS_OK)
    throw broken_image(where, ImageFormat::kWebp, "the header is damaged or cut off");
  check_image_size(where, features.width, features.height, options);
  return features;
}

// Up to `most` frames of an animation, RGBA.
std::vector<Image> decode_frames(std::string_view bytes, const std::string& where, size_t most,
                                 int64_t max_pixels) {
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const WebPData data{data_of(bytes), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, Deleter<WebPAnimDecoderDelete>> decoder(
      WebPAnimDecoderNew(&data, &options));
  WebPAnimInfo info;
  if (decoder == nullptr || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0) {
    throw broken_image(where, ImageFormat::kWebp, "the animation is damaged");
  }
  std::vector<Image> frames;
  while (frames.size() < most && WebPAnimDecoderHasMoreFrames(decoder.get()) != 0) {
    uint8_t* canvas = nullptr;
    int end_ms = 0;
    if (WebPAnimDecoderGetNext(decoder.get(), &canvas, &end_ms) == 0) {
      throw broken_image(where, ImageFormat::kWebp,
                         "frame " + std::to_string(frames.size()) + " is damaged");
    }
    frames.push_back(
        make_image(static_cast<int>(info.canvas_width), static_cast<int>(info.canvas_height), 4));
    std::copy_n(canvas, frames.back().pixels.size(), frames.back().pixels.data());
    const int64_t pixels = int64_t{info.canvas_width} * info.canvas_height;
    if (pixels * static_cast<int64_t>(frames.size()) > max_pixels) {
      throw DataError({.where = where,
                       .found = "an animation of more than " + std::to_string(max_pixels) +
                                " pixels in all frames"});
    }
  }
  if (frames.empty()) throw broken_image(where, ImageFormat::kWebp, "the first frame is damaged");
  return frames;
}

Image decode_first_frame(std::string_view bytes, const std::string& where) {
  return std::move(decode_frames(bytes, where, 1, std::numeric_limits<int64_t>::max()).front());
}

WebPConfig make_config(const WebpOptions& options) {
  if (!(options.quality >= 0.0F && options.quality <= 100.0F))
    throw UsageError({.where = "encode_webp",
                      .found = "quality " + std::to_string(options.quality),
                      .allowed = "0 to 100"});
  WebPConfig config;
  if (WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, options.quality) == 0)
    throw UsageError({.where = "encode_webp", .found = "a libwebp of another version"});
  config.lossless = options.lossless ? 1 : 0;
  config.exact = options.lossless ? 1 : 0;
  return config;
}

// A libwebp picture holding a copy of an image.
class Picture {
 public:
  explicit Picture(const Image& image) {
    if (WebPPictureInit(&picture_) == 0) throw std::bad_alloc();
    picture_.use_argb = 1;
    picture_.width = image.width;
    picture_.height = image.height;
    const Image color = with_channels(image, image.has_alpha() ? 4 : 3);
    const auto import = image.has_alpha() ? WebPPictureImportRGBA : WebPPictureImportRGB;
    if (import(&picture_, color.pixels.data(), static_cast<int>(color.row_bytes())) == 0)
      throw std::bad_alloc();
  }
  ~Picture() { WebPPictureFree(&picture_); }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
  WebPPicture* get() { return &picture_; }

 private:
  WebPPicture picture_{};
};

UsageError cannot_encode(const std::string& why) {
  return UsageError({.where = "encode_webp", .found = "a picture libwebp refuses: " + why});
}

using AnimEncoder = std::unique_ptr<WebPAnimEncoder, Deleter<WebPAnimEncoderDelete>>;

AnimEncoder make_encoder(const Image& frame, int loop) {
  WebPAnimEncoderOptions options;
  WebPAnimEncoderOptionsInit(&options);
  options.anim_params.loop_count = loop;
  AnimEncoder encoder(WebPAnimEncoderNew(frame.width, frame.height, &options));
  if (encoder == nullptr) throw std::bad_alloc();
  return encoder;
}

}  // namespace

ImageInfo probe_webp(std::string_view bytes, const std::string& where,
                     const DecodeOptions& options) {
  const WebPBitstreamFeatures features = read_features(bytes, where, options);
  return {.format = ImageFormat::kWebp,
          .width = features.width,
          .height = features.height,
          .channels = features.has_alpha != 0 ? 4 : 3,
          .orientation = webp_orientation(bytes),
          .animated = features.has_animation != 0};
}

Image decode_webp(std::string_view bytes, const std::string& where, const DecodeOptions& options) {
  check_riff_length(bytes, where);
  const WebPBitstreamFeatures features = read_features(bytes, where, options);
  const int channels = features.has_alpha != 0 ? 4 : 3;
  if (features.has_animation != 0) return with_channels(decode_first_frame(bytes, where), channels);
  Image image = make_image(features.width, features.height, channels);
  const auto decode = channels == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  const uint8_t* decoded = decode(data_of(bytes), bytes.size(), image.pixels.data(),
                                  image.pixels.size(), static_cast<int>(image.row_bytes()));
  if (decoded == nullptr) throw broken_image(where, ImageFormat::kWebp, "the data is damaged");
  return image;
}

std::vector<Image> decode_webp_frames(std::string_view bytes, const std::string& where,
                                      const DecodeOptions& options, size_t most) {
  check_riff_length(bytes, where);
  read_features(bytes, where, options);
  std::vector<Image> frames = decode_frames(bytes, where, most, options.max_pixels);
  for (Image& frame : frames) frame = with_channels(std::move(frame), 3);
  return frames;
}

std::string encode_webp(const Image& image, const WebpOptions& options) {
  check_encodable(image, "encode_webp", WEBP_MAX_DIMENSION);
  const WebPConfig config = make_config(options);
  Picture picture(image);
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.get()->writer = WebPMemoryWrite;
  picture.get()->custom_ptr = &writer;
  const bool encoded = WebPEncode(&config, picture.get()) != 0;
  const std::unique_ptr<WebPMemoryWriter, Deleter<WebPMemoryWriterClear>> owner(&writer);
  if (!encoded) throw cannot_encode("error " + std::to_string(picture.get()->error_code));
  return {reinterpret_cast<const char*>(writer.mem), writer.size};
}

std::string encode_webp_animation(const std::vector<Image>& frames, int delay_ms, int loop,
                                  const WebpOptions& options) {
  check_frames(frames, "encode_webp_animation", WEBP_MAX_DIMENSION);
  if (delay_ms < 1 || delay_ms > kMaxDelayMs || loop < 0 || loop > kMaxLoops)
    throw UsageError(
        {.where = "encode_webp_animation",
         .found = "delay " + std::to_string(delay_ms) + " ms, loop " + std::to_string(loop),
         .allowed = "delay 1 to 16777215 ms, loop 0 to 65535"});
  const WebPConfig config = make_config(options);
  const AnimEncoder encoder = make_encoder(frames[0], loop);
  int64_t start_ms = 0;
  for (const Image& frame : frames) {
    Picture picture(frame);
    if (WebPAnimEncoderAdd(encoder.get(), picture.get(), static_cast<int>(start_ms), &config) == 0)
      throw cannot_encode(WebPAnimEncoderGetError(encoder.get()));
    start_ms += delay_ms;
  }
  WebPData data{};
  WebPAnimEncoderAdd(encoder.get(), nullptr, static_cast<int>(start_ms), nullptr);
  const bool assembled = WebPAnimEncoderAssemble(encoder.get(), &data) != 0;
  const std::unique_ptr<WebPData, Deleter<WebPDataClear>> owner(&data);
  if (!assembled) throw cannot_encode(WebPAnimEncoderGetError(encoder.get()));
  return {reinterpret_cast<const char*>(data.bytes), data.size};
}

}  // namespace ganymede::media
