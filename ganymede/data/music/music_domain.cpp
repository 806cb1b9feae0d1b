#include "ganymede/data/music/music_domain.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/data/music/piano_roll.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/synth.h"

namespace ganymede::data {
namespace {

// float32 [N, ...shape] on the CPU, C-contiguous.
at::Tensor checked(const at::Tensor& samples, at::IntArrayRef shape, const char* where) {
  const bool fits = samples.defined() && samples.dim() == static_cast<int64_t>(shape.size()) + 1 &&
                    samples.sizes().slice(1) == shape;
  if (fits) return samples.detach().to(at::kCPU, at::kFloat).contiguous();
  throw UsageError({where,
                    samples.defined()
                        ? fmt::format("a tensor of shape {}", fmt::join(samples.sizes(), " x "))
                        : "none",
                    fmt::format("[N, {}]", fmt::join(shape, ", "))});
}

std::string names_of(const std::vector<Chord>& chords) {
  std::vector<std::string> names;
  for (const Chord& chord : chords) names.push_back(chord_name(chord));
  return join(names, " ");
}

std::vector<std::string> words_of(const std::string& text) {
  constexpr const char* kBetween = " ,|\t\n";
  std::vector<std::string> words;
  for (size_t at = text.find_first_not_of(kBetween); at != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBetween, end);
  }
  return words;
}

void write_array(const fs::path& path, const at::Tensor& samples) {
  const std::string_view bytes(reinterpret_cast<const char*>(samples.data_ptr<float>()),
                               static_cast<size_t>(samples.numel()) * sizeof(float));
  media::write_npz(path, {{"x", {media::DType::kF32, samples.sizes().vec(), bytes}}});
}

void write_tune(const fs::path& path, const Tune& tune, const Meter& meter) {
  const media::MidiFile file = midi_of(tune, meter);
  if (path.extension() == ".wav")
    media::write_wav(path, media::synthesize(file));
  else
    media::write_midi(path, file);
}

std::string name_at(const std::vector<std::string>& names, size_t i) {
  return i < names.size() ? names[i] : fmt::format("{:06}", i);
}

}  // namespace

std::vector<Tune> MusicDomain::tunes(const at::Tensor& samples) const {
  const int64_t steps = state_.meter.steps();
  const at::Tensor all = checked(samples, {state_.bars, (steps + 1) * kPitches}, "music samples");
  std::vector<Tune> tunes;
  for (int64_t i = 0; i < all.size(0); ++i) {
    tunes.push_back(take_tune(all[i].data_ptr<float>(), state_.bars, steps));
    tunes.back().quarter_us = state_.quarter_us;
  }
  return tunes;
}

media::Image MusicDomain::preview(const at::Tensor& samples, const at::Tensor&,
                                  const PreviewOptions& options) const {
  // Row labels are chords, which stand above the bars anyhow.
  const bool chosen = options.columns > 1 || options.row_labels.empty();
  return piano_rolls(tunes(samples),
                     {.columns = chosen ? options.columns : 0, .title = options.title});
}

std::vector<std::string> MusicDomain::captions(const at::Tensor& samples) const {
  std::vector<std::string> captions;
  for (const Tune& tune : tunes(samples)) captions.push_back(names_of(tune.chords));
  return captions;
}

DataConfig MusicDomain::fitting(DataConfig config, const SampleSpec& spec) const {
  config.domain = "music";
  config.domain_state = spec.domain_state;
  return config;
}

std::vector<fs::path> MusicDomain::write(const at::Tensor& samples,
                                         const std::vector<std::string>& names,
                                         const fs::path& path,
                                         const PreviewOptions& options) const {
  const std::vector<Tune> all = tunes(samples);
  const std::string extension = path.extension().string();
  std::vector<fs::path> written;
  const auto write_all = [&](const fs::path& stem, const std::string& ending, bool numbered) {
    for (size_t i = 0; i < all.size(); ++i) {
      const std::string name = numbered ? name_at(names, i) : std::string();
      written.emplace_back(stem.string() + name + ending);
      write_tune(written.back(), all[i], state_.meter);
    }
  };
  if (extension == ".mid" || extension == ".midi" || extension == ".wav") {
    const std::string stem = (path.parent_path() / path.stem()).string();
    write_all(all.size() > 1 ? stem + "-" : stem, extension, all.size() > 1);
  } else if (extension == ".npz") {
    write_array(path, samples.detach().to(at::kCPU, at::kFloat).contiguous());
    written = {path};
  } else if (media::has_image_extension(path)) {
    media::write_image(
        path,
        piano_rolls(all, {.columns = options.columns, .title = options.title, .names = names}));
    written = {path};
  } else if (extension.empty()) {
    fs::create_directories(path);
    write_all(path / "", ".mid", true);
    write_all(path / "", ".wav", true);
    written.push_back(path / "tunes.png");
    media::write_image(written.back(), piano_rolls(all, {.names = names}));
  } else {
    throw UsageError({path.string(), "the extension " + extension,
                      ".mid, .wav, .npz, .png, .webp, .jpg, .gif or a folder"});
  }
  return written;
}

media::Image ChordDomain::preview(const at::Tensor& samples, const at::Tensor&,
                                  const PreviewOptions& options) const {
  // A tune without melody is its chords.
  std::vector<Tune> tunes;
  for (int64_t i = 0; i < samples.size(0); ++i) {
    const at::Tensor numbers = samples[i].to(at::kCPU, at::kFloat).contiguous();
    Tune tune{.name = {}, .steps = 8, .melody = {}, .chords = {}};
    for (int64_t bar = 0; bar < numbers.size(0); ++bar)
      tune.chords.push_back(take_chord(numbers[bar].data_ptr<float>()));
    tunes.push_back(std::move(tune));
  }
  return piano_rolls(tunes, {.columns = options.columns, .title = options.title});
}

std::vector<std::string> ChordDomain::captions(const at::Tensor& samples) const {
  std::vector<std::string> captions;
  for (int64_t i = 0; i < samples.size(0); ++i) {
    const at::Tensor numbers = samples[i].to(at::kCPU, at::kFloat).contiguous();
    std::vector<Chord> chords;
    for (int64_t bar = 0; bar < numbers.size(0); ++bar)
      chords.push_back(take_chord(numbers[bar].data_ptr<float>()));
    captions.push_back(names_of(chords));
  }
  return captions;
}

at::Tensor ChordDomain::parse(const std::string& text, const SampleSpec& spec) const {
  const int64_t bars = spec.shape.at(0);
  const ErrorParts wanted{
      .where = "--given",
      .found = "\"" + text + "\"",
      .allowed = fmt::format("1 to {} chords such as C, Am, F#, Bb or - (none), "
                             "with spaces between them",
                             bars)};
  std::vector<Chord> chords;
  for (const std::string& word : words_of(text)) {
    const auto chord = parse_chord(word);
    if (!chord) throw UsageError(wanted);
    chords.push_back(*chord);
  }
  if (chords.empty() || static_cast<int64_t>(chords.size()) > bars) throw UsageError(wanted);
  at::Tensor given = at::zeros({1, bars, kChordWidth});
  for (int64_t bar = 0; bar < bars; ++bar)
    put_chord(chords[static_cast<size_t>(bar) % chords.size()], given[0][bar].data_ptr<float>());
  return given;
}

std::vector<fs::path> ChordDomain::write(const at::Tensor& samples, const std::vector<std::string>&,
                                         const fs::path& path,
                                         const PreviewOptions& options) const {
  if (media::has_image_extension(path)) {
    media::write_image(path, preview(samples, {}, options));
  } else if (path.extension() == ".txt") {
    write_file_atomic(path, join(captions(samples), "\n") + "\n");
  } else {
    throw UsageError({path.string(), "the extension " + path.extension().string(),
                      ".txt, .png, .webp, .jpg or .gif"});
  }
  return {path};
}

}  // namespace ganymede::data
