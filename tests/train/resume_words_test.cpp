// gan_int_cls on captioned pictures, bit for bit across a checkpoint: within the encoders' stretch,
// at its end and in the game.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <map>
#include <nlohmann/json.hpp>

#include "ganymede/core/files.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/tensor_folder.h"
#include "toys.h"

namespace ganymede::train {
namespace {

// 22 pictures of noise with captions of one to four words and a keyword.
fs::path captioned_folder() {
  static const TempFolder folder;
  const fs::path path = folder.path() / "captioned";
  if (fs::exists(path)) return path;
  fs::create_directories(path);
  Stream random(5, "captioned");
  std::string table = "file,caption,tags\n";
  for (int i = 0; i < 22; ++i) {
    const std::string name = std::to_string(i) + ".png";
    media::Image image = media::make_image(16, 16, 3);
    for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
    media::write_image(path / name, image);
    table += name + ",number";
    for (int word = 0; word <= i % 4; ++word) table += " w" + std::to_string((i * word) % 7);
    table += ",key" + std::to_string(i % 3) + "\n";
  }
  write_file_atomic(path / "captions.csv", table);
  return path;
}

class ResumeWords : public ::testing::TestWithParam<double> {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override { at::set_num_threads(threads_); }

  static std::unique_ptr<Session> open() {
    auto session = std::make_unique<Session>(recipe_of(
        {"gan.name=gan_int_cls", "data.path=" + captioned_folder().string(), "train.batch=8",
         "train.accumulate=2", "train.ema_kimg=0.01", "augment.kind=diffaugment",
         "gan.generator_channels=4", "gan.discriminator_channels=4", "gan.encoder_channels=4",
         "gan.pixel_weight=1.0", "gan.encoder_kimg=" + std::to_string(GetParam())}));
    session->open();
    return session;
  }

 private:
  int threads_ = at::get_num_threads();
};

TEST_P(ResumeWords, IsBitExact) {
  constexpr int kSteps = 7;
  const TempFolder folder;
  const auto straight = open();
  EXPECT_TRUE(straight->gan().spec().takes_given());
  std::map<int, fs::path> saved;
  for (int i = 0; i < kSteps; ++i) {
    if (i == 1 || i == 3 || i == 5) {
      saved[i] = folder.path() / std::to_string(i);
      nlohmann::json state = straight->identity();
      state["trainer"] = straight->trainer().scalars();
      media::write_tensor_folder(saved[i], straight->trainer().tensors(), state);
    }
    ASSERT_TRUE(straight->trainer().step());
  }
  for (const auto& [step, path] : saved) {
    const auto resumed = open();
    const media::TensorFolder content = media::read_tensor_folder(path);
    resumed->check_identity(content.state, path.string());
    resumed->trainer().load(content.files, content.state.at("trainer"), path.string());
    for (int i = step; i < kSteps; ++i) ASSERT_TRUE(resumed->trainer().step());
    EXPECT_EQ(differences(copy_of(straight->trainer()), resumed->trainer().tensors()),
              std::vector<std::string>())
        << "from step " << step;
  }
}

TEST_P(ResumeWords, TheEncodersComeFirst) {
  const auto session = open();
  const State before = copy_of(session->trainer());
  ASSERT_TRUE(session->trainer().step());
  bool encoders = false, players = false;
  for (const std::string& name : differences(before, session->trainer().tensors())) {
    encoders = encoders || name.starts_with("text/");
    players = players || name.starts_with("generator/") || name.starts_with("discriminator/");
  }
  EXPECT_TRUE(encoders);
  EXPECT_EQ(players, GetParam() == 0);
}

// Beside the game, and for the first three of seven steps.
INSTANTIATE_TEST_SUITE_P(EncoderKimg, ResumeWords, ::testing::Values(0.0, 0.024),
                         [](const auto& info) { return info.param > 0 ? "before" : "beside"; });

}  // namespace
}  // namespace ganymede::train
