// What improved keeps beside weights, bit for bit across a checkpoint: the reference batch of
// virtual batch normalisation and the means of past weights.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>

#include "ganymede/media/tensor_folder.h"
#include "toys.h"

namespace ganymede::train {
namespace {

class ResumeImproved : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override { at::set_num_threads(threads_); }

  static std::unique_ptr<Session> open() {
    auto session = std::make_unique<Session>(
        recipe_of({"gan.name=improved", "data.path=digits", "data.limit=22", "train.batch=4",
                   "train.ema_kimg=0.01", "gan.base_channels=4", "gan.generator_norm=virtual",
                   "gan.reference_batch=5", "gan.history_weight=0.1", "gan.minibatch_kernels=3"}));
    session->open();
    return session;
  }

 private:
  int threads_ = at::get_num_threads();
};

TEST_F(ResumeImproved, ReferenceBatchAndHistoryAreState) {
  constexpr int kSteps = 4;
  const TempFolder folder;
  const auto straight = open();
  for (int i = 0; i < kSteps; ++i) {
    if (i == 2) {
      nlohmann::json state = straight->identity();
      state["trainer"] = straight->trainer().scalars();
      media::write_tensor_folder(folder.path() / "half", straight->trainer().tensors(), state);
    }
    ASSERT_TRUE(straight->trainer().step());
  }
  const auto resumed = open();
  const media::TensorFolder half = media::read_tensor_folder(folder.path() / "half");
  const nn::TensorMap& generator = half.files.at("generator");
  EXPECT_GT(generator.at("net.reference").abs().max().item<float>(), 0);
  EXPECT_EQ(generator.at("count").item<float>(), 2);
  resumed->trainer().load(half.files, half.state.at("trainer"), "half");
  for (int i = 2; i < kSteps; ++i) ASSERT_TRUE(resumed->trainer().step());
  EXPECT_EQ(differences(copy_of(straight->trainer()), resumed->trainer().tensors()),
            std::vector<std::string>());
}

}  // namespace
}  // namespace ganymede::train
