// What a kind of sample needs beyond numbers: pictures for people, files for programs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/data/dataset.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

struct PreviewOptions {
  int columns = 0;  // 0: nearly square
  std::string title;
  std::vector<std::string> row_labels;
};

// Chooses samples by what they are in the domain's own terms.
class SampleFilter {
 public:
  virtual ~SampleFilter() = default;
  // Conditions for the generator that make fitting samples likely, one row for each seed, float32
  // [seeds, spec.condition_width()]; undefined when any will do. A pure function of the seed.
  virtual at::Tensor conditions(const std::vector<uint64_t>& seeds) const = 0;
  // Places of the samples (float32 [N, ...spec.shape]) that fulfil the condition.
  virtual std::vector<int64_t> accepted(const at::Tensor& samples) const = 0;
};

// A file that is written piece by piece, and stands at its path only after finish().
class SampleWriter {
 public:
  virtual ~SampleWriter() = default;
  virtual void add(const at::Tensor& samples) = 0;
  virtual void finish() = 0;
};

class Domain {
 public:
  virtual ~Domain() = default;
  virtual std::string name() const = 0;
  // How many samples make a good preview of `spec`.
  virtual int64_t preview_count(const SampleSpec& spec) const = 0;
  // One picture that shows `samples` (float32 [N, ...spec.shape], CPU) to a person. `reals`, when
  // defined, are drawn beneath them where that helps (points).
  virtual media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                               const PreviewOptions& options) const = 0;
  // Whether samples are pictures of 8 bits for each value, to be judged as such.
  virtual bool eight_bit() const { return false; }
  // Each sample as a picture, where a sample is one ([N] images, uint8); empty otherwise.
  virtual std::vector<media::Image> pictures(const at::Tensor& samples) const = 0;
  // What a person reads beside each sample ([N]: a caption, parameters); empty where there is
  // nothing to read.
  virtual std::vector<std::string> captions(const at::Tensor& samples) const;
  // What a person types to choose one sample (words, "angle=3", the path of a picture), as float32
  // [1, ...spec.shape]. Throws UsageError saying what can be typed.
  virtual at::Tensor parse(const std::string& text, const SampleSpec& spec) const;
  // Writes samples to one file or a folder by the extension of `path`; returns the paths written.
  // Images: .png/.webp/.jpg/.gif (contact sheet), folder of PNG, .npz; points: .png, .csv, .npz.
  // `names` label the files of a folder (seeds).
  virtual std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                                   const std::vector<std::string>& names,
                                                   const std::filesystem::path& path,
                                                   const PreviewOptions& options) const = 0;

  // `config` changed so that open_dataset gives samples like those of `spec` (size and channels of
  // pictures, the encoding of a table): for judging a model by data.
  virtual DataConfig fitting(DataConfig config, const SampleSpec& spec) const;
  // What to keep of many samples, by a condition such as "income='>50K'". Throws UsageError for a
  // condition that cannot be read or that no sample can fulfil.
  virtual std::unique_ptr<SampleFilter> filter(const std::string& condition) const;
  // Writes samples to `path` as they come; null when the format needs all of them at once.
  virtual std::unique_ptr<SampleWriter> stream(const std::filesystem::path& path) const;
};

// The domain in the state that spec.domain_state describes; it lives as long as the process. Throws
// UsageError for an unknown domain, ModelError for a state that is damaged.
const Domain& domain_of(const SampleSpec& spec);

// float32 [-1, 1] -> uint8 by round((x + 1) * 127.5), clamped.
at::Tensor to_bytes(const at::Tensor& samples);

}  // namespace ganymede::data
