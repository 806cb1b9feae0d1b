#include "ganymede/media/png.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "ganymede/media/image_checks.h"
#include "ganymede/media/png_chunks.h"

namespace ganymede::media {
namespace {

constexpr int kMaxPngSidePx = 1 << 20;

// State that outlives a jump out of libpng. Work inside guarded() must hold nothing that needs a
// destructor, because a jump skips destructors.
struct PngState {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::array<char, 160> message{};
  std::string_view input;
  std::string* output = nullptr;
};

void on_error(png_structp png, png_const_charp message) {
  auto* state = static_cast<PngState*>(png_get_error_ptr(png));
  std::snprintf(state->message.data(), state->message.size(), "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, size_t count) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  if (count > state->input.size()) png_error(png, "the data ends too early");
  std::memcpy(to, state->input.data(), count);
  state->input.remove_prefix(count);
}

void on_write(png_structp png, png_bytep from, size_t count) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  bool full = false;
  try {
    state->output->append(reinterpret_cast<const char*>(from), count);
  } catch (const std::exception&) {
    full = true;
  }
  if (full) png_error(png, "out of memory");
}

void on_flush(png_structp) {}

// False when libpng reported an error; its text is then in state.message.
template <typename Work>
bool guarded(PngState& state, const Work& work) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  work(state.png, state.info);
  return true;
}

class PngReader {
 public:
  PngReader(std::string_view bytes, const std::string& where, const DecodeOptions& options)
      : where_(where) {
    state_.input = bytes;
    state_.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state_, on_error, on_warning);
    state_.info = state_.png != nullptr ? png_create_info_struct(state_.png) : nullptr;
    if (state_.info == nullptr) {
      png_destroy_read_struct(&state_.png, nullptr, nullptr);
      throw std::bad_alloc();
    }
    png_set_read_fn(state_.png, &state_, on_read);
    png_set_user_limits(state_.png, options.max_side_px, options.max_side_px);
    png_set_chunk_malloc_max(state_.png, png_alloc_size_t{4} << 20);
    png_set_chunk_cache_max(state_.png, 128);
    png_set_crc_action(state_.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // Texts, profiles and gamma do not change the samples: libpng need not unpack them.
    png_set_keep_unknown_chunks(state_.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  }
  ~PngReader() { png_destroy_read_struct(&state_.png, &state_.info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  template <typename Work>
  void step(const Work& work) {
    if (!guarded(state_, work))
      throw broken_image(where_, ImageFormat::kPng, state_.message.data());
  }

 private:
  PngState state_;
  const std::string& where_;
};

// Palettes stay indices, one byte each, so that indices beyond the palette can be refused.
void ask_for_bytes(png_structp png, png_infop info) {
  const int color_type = png_get_color_type(png, info);
  if (color_type == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(png);
  } else {
    if (color_type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
    png_set_scale_16(png);
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

struct Palette {
  png_colorp colors = nullptr;
  int count = 0;
  png_bytep alphas = nullptr;
  int alpha_count = 0;
};

Image expand_palette(const Image& indices, const Palette& palette, const std::string& where) {
  const bool has_alpha = palette.alpha_count > 0;
  Image out = make_image(indices.width, indices.height, has_alpha ? 4 : 3);
  uint8_t* to = out.pixels.data();
  for (const uint8_t index : indices.pixels) {
    if (index >= palette.count)
      throw broken_image(where, ImageFormat::kPng,
                         "a pixel names colour " + std::to_string(index) + " of a palette of " +
                             std::to_string(palette.count));
    const png_color& color = palette.colors[index];
    *to++ = color.red;
    *to++ = color.green;
    *to++ = color.blue;
    if (has_alpha) *to++ = index < palette.alpha_count ? palette.alphas[index] : 255;
  }
  return out;
}

class PngWriter {
 public:
  explicit PngWriter(std::string& output) {
    state_.output = &output;
    state_.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state_, on_error, on_warning);
    state_.info = state_.png != nullptr ? png_create_info_struct(state_.png) : nullptr;
    if (state_.info == nullptr) {
      png_destroy_write_struct(&state_.png, nullptr);
      throw std::bad_alloc();
    }
    png_set_write_fn(state_.png, &state_, on_write, on_flush);
  }
  ~PngWriter() { png_destroy_write_struct(&state_.png, &state_.info); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  template <typename Work>
  void step(const Work& work) {
    if (!guarded(state_, work))
      throw UsageError({.where = "encode_png", .found = state_.message.data()});
  }

 private:
  PngState state_;
};

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\n' || c == '\t' || (c >= 32 && c < 127); });
}

std::vector<png_text> text_records(const TextChunks& text) {
  std::vector<png_text> records;
  for (const auto& [key, value] : text) {
    const bool valid = !key.empty() && key.size() <= 79 && is_ascii(key) && key.front() != ' ' &&
                       key.back() != ' ' && value.find('\0') == std::string::npos;
    if (!valid)
      throw UsageError({.where = "encode_png",
                        .found = "text key \"" + key + "\"",
                        .allowed =
                            "1 to 79 ASCII characters without spaces at the ends, and values "
                            "without NUL"});
    png_text record{};
    record.compression = is_ascii(value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    record.key = const_cast<char*>(key.c_str());
    record.text = const_cast<char*>(value.c_str());
    (record.compression == PNG_TEXT_COMPRESSION_NONE ? record.text_length : record.itxt_length) =
        value.size();
    records.push_back(record);
  }
  return records;
}

template <typename Pixels>
std::vector<png_bytep> row_pointers(Pixels& image) {
  std::vector<png_bytep> rows(image.height);
  for (int y = 0; y < image.height; ++y) rows[y] = const_cast<png_bytep>(image.row(y));
  return rows;
}

}  // namespace

ImageInfo probe_png(std::string_view bytes, const std::string& where,
                    const DecodeOptions& options) {
  return summarize_png(bytes, where, options);
}

Image decode_png(std::string_view bytes, const std::string& where, const DecodeOptions& options) {
  const ImageInfo header = summarize_png(bytes, where, options);
  check_png_chunks(bytes, where, header);
  PngReader reader(bytes, where, options);
  Palette palette;
  int channels = 0;
  reader.step([&](png_structp png, png_infop info) {
    png_read_info(png, info);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) {
      png_get_PLTE(png, info, &palette.colors, &palette.count);
      png_get_tRNS(png, info, &palette.alphas, &palette.alpha_count, nullptr);
    }
    ask_for_bytes(png, info);
    channels = png_get_channels(png, info);
  });
  Image image = make_image(header.width, header.height, channels);
  std::vector<png_bytep> rows = row_pointers(image);
  reader.step([&](png_structp png, png_infop) {
    png_read_image(png, rows.data());
    png_read_end(png, nullptr);
  });
  return palette.colors != nullptr ? expand_palette(image, palette, where) : image;
}

std::string encode_png(const Image& image, int level, const TextChunks& text) {
  check_encodable(image, "encode_png", kMaxPngSidePx);
  if (level < 0 || level > 9)
    throw UsageError({.where = "encode_png",
                      .found = "compression level " + std::to_string(level),
                      .allowed = "0 to 9"});
  constexpr std::array<int, 4> kTypes = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                         PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
  std::vector<png_text> records = text_records(text);
  std::vector<png_bytep> rows = row_pointers(image);
  std::string output;
  PngWriter writer(output);
  writer.step([&](png_structp png, png_infop info) {
    png_set_user_limits(png, kMaxPngSidePx, kMaxPngSidePx);
    png_set_compression_level(png, level);
    png_set_IHDR(png, info, image.width, image.height, 8, kTypes[image.channels - 1],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (!records.empty()) png_set_text(png, info, records.data(), static_cast<int>(records.size()));
    png_write_info(png, info);
    png_write_image(png, rows.data());
    png_write_end(png, nullptr);
  });
  return output;
}

TextChunks read_png_text(std::string_view bytes, const std::string& where) {
  read_png_header(bytes, where);
  TextChunks text;
  PngChunkReader reader(bytes, where);
  for (PngChunk chunk; reader.next(chunk) && chunk.type != "IEND";) {
    const size_t key_end = chunk.data.find('\0');
    if ((chunk.type != "tEXt" && chunk.type != "iTXt") || key_end == std::string_view::npos)
      continue;
    const std::string key(chunk.data.substr(0, key_end));
    std::string_view rest = chunk.data.substr(key_end + 1);
    if (chunk.type == "iTXt") {
      if (rest.size() < 2 || rest[0] != 0) continue;
      const size_t language_end = rest.find('\0', 2);
      if (language_end == std::string_view::npos) continue;
      const size_t translation_end = rest.find('\0', language_end + 1);
      if (translation_end == std::string_view::npos) continue;
      rest.remove_prefix(translation_end + 1);
    }
    text.emplace_back(key, rest);
  }
  return text;
}

}  // namespace ganymede::media
