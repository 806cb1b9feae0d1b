// Pictures with one or several captions each.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/data/captions/caption_file.h"
#include "ganymede/data/image_dataset.h"
#include "ganymede/data/text/vocabulary.h"

namespace ganymede::data {

// Samples are pictures, given are the numbers of their captions' tokens (domain "text").
class CaptionedPictures final : public Dataset {
 public:
  // `captions`: one entry for each picture of `set`. Classes are the categories where every picture
  // has one, else those of `set`. `broken`: what was left out on the way here. Throws what
  // ImageDataset does, and DataError for captions without a vocabulary.
  CaptionedPictures(PictureSet set, std::vector<Captions> captions, std::vector<BrokenFile> broken,
                    const DataConfig& config, Progress* progress);

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return pictures_->size(); }
  void read(int64_t index, float* out) const override { pictures_->read(index, out); }
  // One of the picture's captions: in half of the draws a further name or a keyword, where there
  // are any; within both kinds evenly.
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override;
  int64_t label(int64_t index) const override { return pictures_->label(index); }
  std::string kind() const override { return pictures_->kind() + " with captions"; }
  std::string name(int64_t index) const override { return pictures_->name(index); }
  std::vector<std::string> class_names() const override { return pictures_->class_names(); }
  std::vector<BrokenFile> broken() const override;
  std::string fingerprint() const override;

  const Captions& captions(int64_t index) const { return *captions_.at(index); }

 private:
  void learn_words(const DataConfig& config, const std::string& where);

  std::vector<Captions> stored_;
  std::vector<const Captions*> captions_;  // by sample
  std::vector<BrokenFile> broken_;
  std::shared_ptr<const ImageDataset> pictures_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  SampleSpec spec_;
};

// Whether a folder or archive holds captions: one of caption_file_names() with the columns they
// need beside pictures or beside one archive of pictures, or name.txt beside name.png.
bool holds_captions(const std::filesystem::path& path, const DataConfig& config);

// Pictures without a caption, captions without a picture and rows that say nothing are left out and
// listed in broken(), or refused with config.strict. By config: size_px and all else of pictures,
// tokens, min_count, max_length (0: of the longest caption, at least 16 tokens; longer ones are
// cut), domain_state (its vocabulary instead of the captions' own). Throws DataError where nothing
// is left.
std::shared_ptr<Dataset> open_captions(const std::filesystem::path& path, const DataConfig& config,
                                       Progress* progress);

}  // namespace ganymede::data
