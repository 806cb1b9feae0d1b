#include "ganymede/data/dataset.h"

#include <ATen/ops/empty.h>

#include "ganymede/core/error.h"
#include "ganymede/data/kinds.h"

namespace ganymede::data {

void DataConfig::describe(config::Schema<DataConfig>& s) {
  s.field(
      "path", &DataConfig::path,
      "built-in set (digits, shapes, ring8, ...), file or folder; of labelled data PATH#CLASS or "
      "PATH#CLASS,CLASS chooses classes by name or number");
  s.field("split", &DataConfig::split, "part of the data, where it knows splits")
      .one_of({"train", "test", "all"});
  s.field("size_px", &DataConfig::size_px, "side that pictures are resized to; 0: as stored")
      .range(0, 4096)
      .unit("px");
  s.field("crop", &DataConfig::crop, "what resizing to a square does to the longer side")
      .one_of({"center", "none"});
  s.field("channels", &DataConfig::channels, "auto: grey when every picture is")
      .one_of({"auto", "grey", "rgb"});
  s.field("labels", &DataConfig::labels, "read class labels where there are any");
  s.field("mirror", &DataConfig::mirror, "flip half of the pictures left to right");
  s.field("strict", &DataConfig::strict, "stop at a broken file instead of skipping it");
  s.field("domain", &DataConfig::domain, "what the data are; auto: looked at")
      .one_of(domain_names());
  s.field("schema", &DataConfig::schema, "of a table: JSON file with its columns; empty: inferred");
  s.field("encoding", &DataConfig::encoding,
          "of a table: modes (numbers by mixtures, as in CTGAN) or minmax (as in GAIN)")
      .one_of({"modes", "minmax"});
  s.field("conditions", &DataConfig::conditions,
          "of a table: draw each row for a category chosen by its log-frequency");
  s.field("form", &DataConfig::form,
          "of pairs of pictures (data.domain=pairs): side_by_side in one file, in two folders, "
          "unpaired; lab: colour from lightness; degraded: sharp from blurred; auto: looked at")
      .one_of({"auto", "side_by_side", "folders", "unpaired", "lab", "degraded"});
  s.field("direction", &DataConfig::direction, "of pairs: from which side to which")
      .one_of({"a_to_b", "b_to_a"});
  s.field("sides", &DataConfig::sides,
          "unpaired: two classes of labelled pictures, such as \"horse,zebra\", as sides A and B; "
          "empty: the folders A and B, or all classes where there are two");
  s.field("patch_px", &DataConfig::patch_px,
          "side of a random part of each picture, after resizing to size_px; 0: whole pictures")
      .range(0, 4096)
      .unit("px");
  s.field("scale", &DataConfig::scale, "of degraded pictures: so many times smaller").range(1, 8);
  s.field("degrade", &DataConfig::degrade,
          "of degraded pictures, in this order: blur=SIGMA, noise=SIGMA (of 255), jpeg=QUALITY");
  s.field("tokens", &DataConfig::tokens, "of text: what a sample is made of")
      .one_of({"words", "characters"});
  s.field("max_length", &DataConfig::max_length, "of text: most tokens of a sample; 0: the longest")
      .range(0, 4096);
  s.field("min_count", &DataConfig::min_count, "of text: tokens that are rarer become unknown")
      .range(1, 1000000);
  s.field("frames", &DataConfig::frames, "of video: frames of a clip").range(1, 1024);
  s.field("frame_stride", &DataConfig::frame_stride, "of video: every so many frames").range(1, 64);
  s.field("limit", &DataConfig::limit, "use only the first n samples; 0: all").at_least(0);
  s.field("holdout", &DataConfig::holdout,
          "samples kept from training, to tell whether D memorises; 0: none, the test split serves "
          "where the data has one")
      .at_least(0);
  s.field("workers", &DataConfig::workers, "threads that read ahead; 0: none").range(0, 256);
  s.field("cache_mb", &DataConfig::cache_mb, "decoded pictures kept in memory up to this")
      .at_least(0)
      .unit("MiB");
}

int64_t Dataset::draw(Stream&, float*) const {
  throw UsageError({kind(), "samples without conditions", "a table with data.conditions"});
}

void Dataset::read_pair(int64_t index, Stream&, float* sample, float*) const {
  read(index, sample);
}

Batch read_batch(const Dataset& dataset, const std::vector<int64_t>& indices) {
  const SampleSpec& spec = dataset.spec();
  std::vector<int64_t> shape = spec.shape;
  shape.insert(shape.begin(), static_cast<int64_t>(indices.size()));
  Batch batch;
  batch.samples = at::empty(shape, at::kFloat);
  float* out = batch.samples.data_ptr<float>();
  float* given = nullptr;
  if (spec.takes_given()) {
    shape = spec.given[0].shape;
    shape.insert(shape.begin(), static_cast<int64_t>(indices.size()));
    batch.given = at::empty(shape, at::kFloat);
    given = batch.given.data_ptr<float>();
  }
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= dataset.size()) {
      throw UsageError({dataset.kind(), "sample " + std::to_string(indices[i]),
                        "0 to " + std::to_string(dataset.size() - 1)});
    }
    float* sample = out + static_cast<int64_t>(i) * spec.elements();
    if (given == nullptr) {
      dataset.read(indices[i], sample);
      continue;
    }
    Stream random(0, "given", static_cast<uint64_t>(indices[i]));
    dataset.read_pair(indices[i], random, sample,
                      given + static_cast<int64_t>(i) * spec.given[0].elements());
  }
  if (spec.classes > 0) {
    batch.labels = at::empty({static_cast<int64_t>(indices.size())}, at::kLong);
    int64_t* labels = batch.labels.data_ptr<int64_t>();
    for (size_t i = 0; i < indices.size(); ++i) labels[i] = dataset.label(indices[i]);
  }
  return batch;
}

}  // namespace ganymede::data
