#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/detector/detector_domain.h"
#include "ganymede/data/domain.h"
#include "ganymede/media/npy.h"
#include "support.h"

namespace ganymede::data {
namespace {

// Twenty events, two hits each; the second amount grows with the parameter.
std::string raw_events() {
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += "params: " + std::to_string(i) + " 7\n 40 100 2 41 10" + std::to_string(i % 4) + " " +
            std::to_string(4 + i) + ".5\n";
  }
  return text;
}

class Detector : public ::testing::Test {
 protected:
  std::shared_ptr<Dataset> open(const std::string& name, const std::string& split = "train") {
    DataConfig config;
    config.path = (folder_.path() / name).string();
    config.split = split;
    config.domain = domain_;
    return open_dataset(config);
  }
  testing::TempFolder folder_;
  std::string domain_ = "auto";
};

TEST_F(Detector, HitsBecomeAGridGivenTheirParameters) {
  write_file_atomic(folder_.path() / "digits.dat", raw_events());
  const auto train = open("digits.dat"), test = open("digits.dat", "test");
  const SampleSpec& spec = train->spec();
  EXPECT_EQ(spec.domain, "detector");
  EXPECT_EQ(spec.shape, (std::vector<int64_t>{1, 8, 16}));
  ASSERT_TRUE(spec.takes_given());
  EXPECT_EQ(spec.given[0].shape, std::vector<int64_t>{2});
  EXPECT_EQ(train->size(), 18);
  EXPECT_EQ(test->size(), 2);
  EXPECT_EQ(spec, test->spec()) << "the splits are encoded alike";
  const Batch batch = read_batch(*train, {5});
  EXPECT_NEAR(batch.given[0][0].item<double>(), 5.0 / 19, 1e-6);
  EXPECT_EQ(batch.given[0][1].item<double>(), 1.0);
  const auto& domain = dynamic_cast<const DetectorDomain&>(domain_of(spec));
  const at::Tensor amounts = domain.code().decode(batch.samples);
  EXPECT_EQ((amounts > 0).sum().item<int64_t>(), 2);
  EXPECT_NEAR(amounts.sum().item<double>(), 2 + 9.5, 1e-3);
}

TEST_F(Detector, ParametersAreTypedAndRead) {
  write_file_atomic(folder_.path() / "digits.dat", raw_events());
  const SampleSpec given = open("digits.dat")->spec().given[0];
  const Domain& domain = domain_of(given);
  const at::Tensor typed = domain.parse("p1=9.5", given);
  EXPECT_NEAR(typed[0][0].item<double>(), 0.5, 1e-6);
  EXPECT_EQ(typed[0][1].item<double>(), 1.0) << "the mean of the data";
  EXPECT_EQ(domain.captions(typed), std::vector<std::string>{"p1 9.5, p2 7"});
  for (const char* bad : {"p3=1", "p1", "p1=", "p1=x", "p1=nan", "", "p1=1,,"})
    EXPECT_THROW(domain.parse(bad, given), UsageError) << bad;
}

TEST_F(Detector, ArraysOfAmountsAreEventsWithoutParameters) {
  domain_ = "detector";
  at::Tensor amounts = at::zeros({12, 2, 9, 10});
  amounts.select(1, 0).fill_(0.25);
  amounts.select(1, 1).copy_(at::arange(12 * 90).reshape({12, 9, 10}).remainder(3));
  const std::string_view bytes(static_cast<const char*>(amounts.const_data_ptr()),
                               amounts.nbytes());
  media::write_npz(folder_.path() / "jets.npz",
                   {{"arr_0", {media::DType::kF32, {12, 2, 9, 10}, bytes}}});
  const auto all = open("jets.npz", "all");
  EXPECT_FALSE(all->spec().takes_given());
  EXPECT_EQ(all->spec().shape, (std::vector<int64_t>{2, 9, 10}));
  const auto& domain = dynamic_cast<const DetectorDomain&>(domain_of(all->spec()));
  EXPECT_EQ(domain.code().units, (std::vector<double>{0.25, 1}));
  EXPECT_EQ(domain.code().whole, (std::vector<bool>{false, true}));
  const Batch batch = read_batch(*all, {0, 11});
  EXPECT_TRUE(at::allclose(domain.code().decode(batch.samples),
                           amounts.index_select(0, at::tensor({0, 11})), 1e-4, 1e-6));
}

TEST_F(Detector, WritesWhatItReads) {
  write_file_atomic(folder_.path() / "digits.dat", raw_events());
  const auto all = open("digits.dat", "all");
  const Batch batch = read_batch(*all, {0, 1, 2});
  const Domain& domain = domain_of(all->spec());
  domain.write(batch.samples, {}, folder_.path() / "made.csv", {});
  const std::string text = read_file(folder_.path() / "made.csv");
  EXPECT_TRUE(text.starts_with("event,channel,row,column,amount\n0,0,40,100,2"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
  domain.write(batch.samples, {}, folder_.path() / "made.npz", {});
  const auto arrays = media::read_npz(folder_.path() / "made.npz");
  EXPECT_EQ(arrays.at("amounts").shape, (std::vector<int64_t>{3, 1, 8, 16}));
  const media::Image sheet = domain.preview(batch.samples, batch.samples, {});
  EXPECT_GT(sheet.width, 64);
  EXPECT_THROW(domain.write(batch.samples, {}, folder_.path() / "made.txt", {}), UsageError);
}

TEST_F(Detector, WhatCannotBeEventsIsRefused) {
  domain_ = "detector";
  const at::Tensor negative = at::full({12, 8, 8}, -1.0F);
  const std::string_view bytes(static_cast<const char*>(negative.const_data_ptr()),
                               negative.nbytes());
  media::write_npy(folder_.path() / "negative.npy", {media::DType::kF32, {12, 8, 8}, bytes});
  media::write_npy(folder_.path() / "flat.npy", {media::DType::kF32, {12, 64}, bytes});
  write_file_atomic(folder_.path() / "wide.dat", "1 2 3\n900000 2 3\n");
  write_file_atomic(folder_.path() / "one.dat", "1 2 3\n");
  for (const char* name : {"negative.npy", "flat.npy", "wide.dat"})
    EXPECT_THROW(open(name), DataError) << name;
  EXPECT_THROW(open("one.dat", "test"), DataError);
  EXPECT_THROW(DetectorDomain("{\"units\": [0], \"whole\": [true], \"first\": [0, 0]}"),
               ModelError);
  EXPECT_THROW(ParametersDomain("{}"), ModelError);
}

TEST(DetectorFiles, TheTpcEventsOpen) {
  const auto path = testing::shared_data() / "tpc_fastsim" / "data_v2_raw_digits.dat";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs GANYMEDE_SHARED/data/tpc_fastsim";
  DataConfig config;
  config.path = path.string();
  config.split = "all";
  const auto all = open_dataset(config);
  EXPECT_EQ(all->size(), 9982);
  EXPECT_EQ(all->spec().shape, (std::vector<int64_t>{1, 8, 16}));
}

}  // namespace
}  // namespace ganymede::data
