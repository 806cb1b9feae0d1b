// Lines of text: decoded, shown as text, written as text.
#pragma once

#include <memory>

#include "ganymede/data/domain.h"
#include "ganymede/data/text/vocabulary.h"

namespace ganymede::data {

class TextDomain final : public Domain {
 public:
  // `state` as SampleSpec::domain_state. Throws ModelError.
  explicit TextDomain(const std::string& state);

  const Vocabulary& vocabulary() const { return *vocabulary_; }

  // float32 [N, length] -> one line each, as the source writes them. Throws ModelError for numbers
  // that are no tokens.
  std::vector<std::string> lines(const at::Tensor& samples) const;

  std::string name() const override { return "text"; }
  int64_t preview_count(const SampleSpec&) const override { return 16; }
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor&) const override { return {}; }
  // The text of each sample.
  std::vector<std::string> captions(const at::Tensor& samples) const override;
  // A line of text. Throws UsageError for one that is empty, longer than a sample, or of words that
  // the vocabulary does not hold where training never met such words.
  at::Tensor parse(const std::string& text, const SampleSpec& spec) const override;
  // .txt (one line per sample), .npz ("tokens": int32 [N, length]; "vocabulary": the bytes of all
  // tokens, one per line), and pictures.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
  // With this vocabulary and length.
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;

 private:
  std::vector<std::string> decoded(const at::Tensor& samples, bool for_people) const;

  std::shared_ptr<const Vocabulary> vocabulary_;
};

// The data set's own domain, or null when its samples are no text.
const TextDomain* text_domain_of(const SampleSpec& spec);

}  // namespace ganymede::data
