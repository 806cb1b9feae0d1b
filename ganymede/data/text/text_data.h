// Lines of text as a data set of token numbers.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/data/text/vocabulary.h"

namespace ganymede::data {

// Rows of equal length: float32 [length] tokens each, as core/tokens.h says.
class TextDataset final : public Dataset {
 public:
  // `rows`: count * length numbers. `ends`: whether samples may be shorter than length.
  TextDataset(std::string kind, std::shared_ptr<const Vocabulary> vocabulary,
              std::vector<int32_t> rows, int64_t length, bool ends);

  const Vocabulary& vocabulary() const { return *vocabulary_; }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override;
  void read(int64_t index, float* out) const override;
  int64_t label(int64_t) const override { return -1; }
  std::string kind() const override { return kind_; }
  std::string name(int64_t index) const override { return "line " + std::to_string(index + 1); }
  std::vector<BrokenFile> broken() const override { return broken_; }
  std::string fingerprint() const override;

  void set_broken(std::vector<BrokenFile> broken) { broken_ = std::move(broken); }

 private:
  std::string kind_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::vector<int32_t> rows_;
  SampleSpec spec_;
  std::vector<BrokenFile> broken_;
};

// SampleSpec::domain_state of samples over this vocabulary.
std::string text_state(const Vocabulary& vocabulary, bool ends);

// `numbers` as a sample: cut, or kEndToken and kPadToken behind them, to `length`.
void put_tokens(const std::vector<int32_t>& numbers, int64_t length, float* out);

// Whether a file looks like lines of text rather than a table or points: its name ends in .txt, and
// its first lines are neither numbers nor rows of equally many delimiters.
bool resembles_text(const std::filesystem::path& path, const DataConfig& config);

// One sample per line that is not blank. By config: tokens, min_count, max_length (0: of the
// longest; longer lines are left out, or refused with `strict`), limit, domain_state (its
// vocabulary instead of the file's own). Throws DataError as media::split_lines does and where no
// line is left.
std::shared_ptr<Dataset> open_text(const std::filesystem::path& path, const DataConfig& config,
                                   Progress* progress);

}  // namespace ganymede::data
