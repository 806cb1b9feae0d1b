// Metrics of pairs, and whole pictures restored one by one: known errors, known baselines.
#include "ganymede/metrics/restoration.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "ganymede/core/error.h"
#include "ganymede/data/domain.h"
#include "ganymede/metrics/evaluation.h"
#include "ganymede/metrics/structural_similarity.h"
#include "tests/data/support.h"

namespace ganymede::metrics {
namespace {

using data::testing::contains;
using data::testing::TempFolder;
using data::testing::write_png;

media::Image textured(int width, int height, int seed) {
  media::Image image = media::make_image(width, height, 3);
  Stream random(static_cast<uint64_t>(seed), "texture");
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        *(image.at(x, y) + c) = static_cast<uint8_t>(100 + 50 * std::sin(0.2 * x + c + seed) +
                                                     30 * std::cos(0.3 * y) + random.below(20));
  return image;
}

data::DataConfig config_of(const TempFolder& folder, int64_t patch, int64_t scale) {
  data::DataConfig config;
  config.path = folder.string();
  config.form = "degraded";
  config.patch_px = patch;
  config.scale = scale;
  return config;
}

// Answers with the right picture, two levels too bright, however it is asked: what it is given
// tells it which.
Subject brighter(const std::shared_ptr<data::Dataset>& reference) {
  Subject subject;
  subject.spec = reference->spec();
  subject.name = "brighter";
  subject.sample_as = [reference](const std::vector<uint64_t>& seeds, const Asked& asked) {
    std::vector<int64_t> all(static_cast<size_t>(reference->size()));
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
    const Batch known = data::read_batch(*reference, all);
    std::vector<at::Tensor> answers;
    for (size_t row = 0; row < seeds.size(); ++row) {
      const at::Tensor apart =
          (known.given - asked.given[static_cast<int64_t>(row)]).abs().flatten(1).sum(1);
      answers.push_back(known.samples[apart.argmin().item<int64_t>()] + 2 / 127.5);
    }
    return at::stack(answers);
  };
  return subject;
}

TEST(PairMetrics, CompareEachSampleWithItsOwnReal) {
  const TempFolder folder;
  for (int i = 0; i < 6; ++i)
    write_png(folder / (std::to_string(i) + ".png"), textured(32 + i, 32, i));
  const auto reference = data::open_dataset(config_of(folder, 24, 2));
  EvaluationOptions options;
  options.metrics = {"psnr", "ssim", "l1"};
  options.repeats = 1;
  options.cache = false;
  for (const uint64_t seed : {0, 4}) {
    options.seed = seed;
    options.samples = 5;
    const Record record = evaluate(brighter(reference), *reference, options);
    const Score* psnr = find_score(record, "PSNR");
    ASSERT_NE(psnr, nullptr);
    EXPECT_NEAR(psnr->value, 20 * std::log10(255 / 2.0), 1e-6);
    EXPECT_EQ(psnr->better, Better::kHigher);
    EXPECT_TRUE(contains(psnr->note, "border of 2 px")) << psnr->note;
    // Equal steps of R, G and B are steps of 219/255 of Y.
    EXPECT_NEAR(find_score(record, "PSNR (Y)")->value, 20 * std::log10(255 / 2.0 * 255 / 219),
                1e-4);
    EXPECT_NEAR(find_score(record, "L1")->value, 2, 1e-6);
    EXPECT_GT(find_score(record, "SSIM")->value, 0.99);
  }
}

TEST(PairMetrics, StoredSamplesPairByPlaceAndOthersAreRefused) {
  const TempFolder reals, fakes, fewer;
  for (int i = 0; i < 4; ++i) {
    media::Image image = textured(24, 24, i);
    write_png(reals / (std::to_string(i) + ".png"), image);
    for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(value + 3);
    write_png(fakes / (std::to_string(i) + ".png"), image);
    if (i < 3) write_png(fewer / (std::to_string(i) + ".png"), image);
  }
  const auto open = [](const TempFolder& folder) {
    data::DataConfig config;
    config.path = folder.string();
    return data::open_dataset(config);
  };
  EvaluationOptions options;
  options.metrics = {"l1"};
  options.cache = false;
  const Record record = evaluate(stored_subject(open(fakes), "fakes"), *open(reals), options);
  EXPECT_NEAR(find_score(record, "L1")->value, 3, 1e-9);
  EXPECT_THROW(evaluate(stored_subject(open(fewer), "fewer"), *open(reals), options), UsageError);
  Subject blind;
  blind.spec = open(reals)->spec();
  blind.sample = [](const std::vector<uint64_t>& seeds) {
    return at::zeros({static_cast<int64_t>(seeds.size()), 3, 24, 24});
  };
  EXPECT_THROW(evaluate(blind, *open(reals), options), UsageError);
}

at::Tensor nearest(const at::Tensor& given, int64_t scale) {
  return at::upsample_nearest2d(given, {given.size(2) * scale, given.size(3) * scale});
}

TEST(Restoration, PicturesOfAnySizeBesideBicubic) {
  const TempFolder folder;
  write_png(folder / "a.png", textured(50, 41, 1));
  write_png(folder / "b.png", textured(33, 64, 2));
  const data::DataConfig config = whole_pictures(config_of(folder, 0, 2));
  const auto set = data::open_dataset(config);
  const auto& pictures = dynamic_cast<const data::DegradedData&>(*set);
  std::vector<std::vector<int64_t>> sizes;
  const Restoration found = judge_restoration(
      pictures,
      [&](const at::Tensor& given) {
        sizes.push_back(given.sizes().vec());
        return nearest(given, 2);
      },
      {.metrics = {"psnr", "ssim"}, .subject = "nearest", .data = config}, nullptr);
  EXPECT_EQ(sizes, (std::vector<std::vector<int64_t>>{{1, 3, 20, 25}, {1, 3, 32, 16}}));
  ASSERT_EQ(found.records.size(), 2U);
  EXPECT_EQ(found.heads, (std::vector<std::string>{"model", "bicubic"}));
  EXPECT_EQ(found.records[0].class_names, (std::vector<std::string>{"a.png", "b.png"}));
  EXPECT_EQ(found.records[0].subject, "nearest");
  const Score* model = find_score(found.records[0], "PSNR (Y)");
  const Score* baseline = find_score(found.records[1], "PSNR (Y)");
  ASSERT_NE(model, nullptr);
  ASSERT_EQ(model->per_class.size(), 2U);
  EXPECT_NEAR(model->value, (model->per_class[0] + model->per_class[1]) / 2, 1e-12);
  EXPECT_LT(model->value, baseline->value);
  EXPECT_EQ(find_score(found.records[0], "L1"), nullptr);
  EXPECT_EQ(found.pictures.size(), 2U);
  const TextTable table = picture_table(found);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table[0].size(), 1U + 2 * 4);
}

TEST(Restoration, NoiseIsTheSameForEveryModel) {
  const TempFolder folder;
  write_png(folder / "a.png", textured(40, 40, 1));
  data::DataConfig config = config_of(folder, 0, 1);
  config.degrade = "noise=25";
  config = whole_pictures(config);
  const auto set = data::open_dataset(config);
  const auto& pictures = dynamic_cast<const data::DegradedData&>(*set);
  const auto given_back = [](const at::Tensor& given) { return given; };
  const Restoration found = judge_restoration(pictures, given_back, {.data = config}, nullptr);
  EXPECT_EQ(found.heads[1], "as given");
  // 20 log10(255 / 25) is 20.17; clipping at 0 and 255 helps a little.
  EXPECT_NEAR(find_score(found.records[0], "PSNR")->value, 20.17, 0.3);
  for (size_t i = 0; i < found.records[0].scores.size(); ++i) {
    EXPECT_EQ(found.records[0].scores[i].value, found.records[1].scores[i].value);
  }
}

TEST(Restoration, NamesWhatIsWrong) {
  const TempFolder folder;
  write_png(folder / "a.png", textured(40, 40, 1));
  const data::DataConfig config = whole_pictures(config_of(folder, 0, 2));
  const auto set = data::open_dataset(config);
  const auto& pictures = dynamic_cast<const data::DegradedData&>(*set);
  const auto judged = [&](const Restore& restore, std::vector<std::string> metrics) {
    return judge_restoration(pictures, restore, {.metrics = std::move(metrics), .data = config},
                             nullptr);
  };
  EXPECT_THROW(judged([](const at::Tensor& x) { return x; }, {}), Error);
  EXPECT_THROW(judged([](const at::Tensor& x) { return nearest(x, 2) / 0; }, {}), NumericError);
  EXPECT_THROW(judged([](const at::Tensor& x) { return nearest(x, 2); }, {"fd"}), UsageError);
}

// The bicubic row of every table since Timofte et al. 2014 (arXiv 1609.04802, table 2, has x4).
TEST(Restoration, BicubicScoresOnSet5WhatPapersPrint) {
  const char* shared = std::getenv("GANYMEDE_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared ? shared : GANYMEDE_SOURCE_DIR "/../shared") /
      "data/sr_set5_set14/CSet5";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  struct Published {
    int64_t scale;
    double psnr, ssim;
  };
  for (const Published& known :
       {Published{2, 33.66, 0.9299}, Published{3, 30.39, 0.8682}, Published{4, 28.42, 0.8104}}) {
    data::DataConfig config;
    config.path = folder.string();
    config.channels = "rgb";
    config.scale = known.scale;
    config = whole_pictures(config);
    const auto set = data::open_dataset(config);
    const auto& pictures = dynamic_cast<const data::DegradedData&>(*set);
    const auto restore = [&](const at::Tensor& given) { return nearest(given, known.scale); };
    const Restoration found = judge_restoration(
        pictures, restore, {.metrics = {"psnr", "ssim"}, .data = config}, nullptr);
    EXPECT_NEAR(find_score(found.records[1], "PSNR (Y)")->value, known.psnr, 0.03) << known.scale;
    EXPECT_NEAR(find_score(found.records[1], "SSIM (Y)")->value, known.ssim, 0.002) << known.scale;
  }
}

}  // namespace
}  // namespace ganymede::metrics
