// What a kind of sample needs beyond numbers: pictures for people, files for programs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

struct PreviewOptions {
  int columns = 0;  // 0: nearly square
  std::string title;
  std::vector<std::string> row_labels;
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
  // Each sample as a picture, where a sample is one ([N] images, uint8); empty otherwise.
  virtual std::vector<media::Image> pictures(const at::Tensor& samples) const = 0;
  // Writes samples to one file or a folder by the extension of `path`; returns the paths written.
  // Images: .png/.webp/.jpg/.gif (contact sheet), folder of PNG, .npz; points: .png, .csv, .npz.
  // `names` label the files of a folder (seeds).
  virtual std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                                   const std::vector<std::string>& names,
                                                   const std::filesystem::path& path,
                                                   const PreviewOptions& options) const = 0;
};

// Throws UsageError for an unknown domain.
const Domain& domain_of(const SampleSpec& spec);

// float32 [-1, 1] -> uint8 by round((x + 1) * 127.5), clamped.
at::Tensor to_bytes(const at::Tensor& samples);

}  // namespace ganymede::data
