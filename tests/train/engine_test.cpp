// [engine]: what a recipe says of convolutions, what a checkpoint remembers, what a resume does.
#include "ganymede/ops/winograd/engine.h"

#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/tensor_folder.h"
#include "ganymede/ops/conv_choice.h"
#include "ganymede/ops/conv_timing.h"
#include "ganymede/train/engine_state.h"
#include "toys.h"

namespace ganymede::train {
namespace {

using Names = std::vector<std::string>;

config::Recipe pictures(const std::string& conv, int kimg) {
  return recipe_of({"gan.name=dcgan", "gan.latent_dim=16", "gan.base_channels=8",
                    "data.path=digits", "train.batch=100", "train.kimg=" + std::to_string(kimg),
                    "train.checkpoint_kimg=1.0", "train.sample_kimg=0.0", "evaluate.metrics=[]",
                    "engine.conv=" + conv});
}

class Engine : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override {
    ops::set_conv_mode(ops::ConvMode::kAuto);
    ops::load_conv_choices(choices_);
    at::set_num_threads(threads_);
  }

  fs::path folder(const std::string& name) const { return temp_.path() / name; }
  fs::path checkpoint(const std::string& name, const std::string& kimg = "000001") const {
    return folder(name) / "checkpoints" / kimg;
  }
  nlohmann::json saved(const std::string& name) const {
    return media::read_tensor_folder(checkpoint(name)).state.at("engine");
  }
  // Puts another engine state into the checkpoint at 1 kimg.
  void change(const std::string& name, const nlohmann::json& engine) const {
    media::TensorFolder content = media::read_tensor_folder(checkpoint(name));
    content.state["engine"] = engine;
    fs::remove_all(checkpoint(name));
    media::write_tensor_folder(checkpoint(name), content.files, content.state);
  }
  std::string log(const std::string& name) const { return read_file(folder(name) / "log.txt"); }

  // The choices of these runs are restored, for other tests of the process.
  void remember_choices() { choices_ = ops::conv_choices(); }

 private:
  TempFolder temp_;
  std::string choices_;
  int threads_ = at::get_num_threads();
};

TEST_F(Engine, UnknownModeIsRefused) {
  try {
    const Session session(pictures("fast", 1));
    FAIL() << "no error";
  } catch (const UsageError& error) {
    const std::string text = error.what();
    for (const char* part : {"engine.conv", "fast", "auto", "strict", "torch"}) {
      EXPECT_NE(text.find(part), std::string::npos) << part << " is not in: " << text;
    }
  }
}

TEST_F(Engine, OpeningSetsTheMode) {
  for (const auto& [name, mode] : enum_names(ops::ConvMode{})) {
    Session session(pictures(name, 1));
    session.open();
    EXPECT_EQ(ops::conv_mode(), mode) << name;
  }
}

// The file of answers decides, before anything is timed; the checkpoint says what was used. Without
// timing it is not asked. Widths are this test's own, for the process keeps what it once chose.
TEST_F(Engine, TimedChoicesAreKeptForTheMachine) {
  const ScopedVariable cache("XDG_CACHE_HOME", folder("cache").string());
  const fs::path answers = ops::conv_timing_file(folder("cache") / "ganymede" / "convolutions");
  fs::create_directories(answers.parent_path());
  const std::string line = "strict forward 4x4 100 12 24 14 14";
  write_file_durable(answers, line + "\ttorch_nhwc\n");
  const auto recipe = [&](const std::string& timing, int width) {
    config::Recipe made = pictures("strict", 1);
    made.set("gan.base_channels=" + std::to_string(width));
    made.set("engine.conv_timing=" + timing);
    return made;
  };
  run_in(folder("rules"), recipe("false", 20));
  EXPECT_EQ(read_file(answers), line + "\ttorch_nhwc\n");
  run_in(folder("timed"), recipe("true", 12));
  const std::string choices = saved("timed").at("choices");
  EXPECT_NE(choices.find(line + " torch_nhwc\n"), std::string::npos) << choices;
  const std::string kept = read_file(answers);
  EXPECT_NE(kept.find("strict transposed 4x4 100 12 24 14 14\t"), std::string::npos) << kept;
  ops::choose_convs_by_rules();
}

TEST_F(Engine, IsASectionOfEveryRecipe) {
  const auto sections = recipe_sections("dcgan");
  const auto found = std::ranges::find_if(
      sections, [](const config::Section& section) { return section.name() == "engine"; });
  EXPECT_NE(found, sections.end());
}

TEST_F(Engine, CheckpointHoldsModeVectorsAndChoices) {
  run_in(folder("run"), pictures("strict", 1));
  const nlohmann::json engine = saved("run");
  EXPECT_EQ(engine.at("conv"), "strict");
  EXPECT_EQ(engine.at("vectors"), ops::winograd::vector_target());
  const std::string choices = engine.at("choices");
  EXPECT_NE(choices.find("strict forward 4x4 100 8 16 14 14 "), std::string::npos) << choices;
}

// A run by LibTorch, said in one case by the mode and in the other by nothing but the recorded
// choices: equal bits only if these are in force from the first step.
TEST_F(Engine, ResumeUsesTheRecordedChoices) {
  run_in(folder("auto"), pictures("auto", 1));
  remember_choices();
  run_in(folder("torch"), pictures("torch", 1));
  fs::copy(folder("torch"), folder("resumed"), fs::copy_options::recursive);
  nlohmann::json engine = saved("auto");
  engine["choices"] = std::regex_replace(engine.at("choices").get<std::string>(),
                                         std::regex("tile[24]|thin"), "torch");
  change("resumed", engine);
  run_in(folder("torch"), pictures("torch", 2));
  run_in(folder("resumed"), pictures("auto", 2));
  EXPECT_EQ(differences(read_state(checkpoint("torch", "000002")),
                        read_state(checkpoint("resumed", "000002"))),
            Names());
  EXPECT_EQ(log("resumed").find("engine:"), std::string::npos);
}

TEST_F(Engine, AnotherModeOrOtherVectorsAreAWarning) {
  run_in(folder("run"), pictures("strict", 1));
  nlohmann::json engine = saved("run");
  engine["vectors"] = "ABACUS";
  change("run", engine);
  run_in(folder("run"), pictures("torch", 2));
  const std::string text = log("run");
  EXPECT_NE(text.find("conv was strict, is torch now"), std::string::npos) << text;
  EXPECT_NE(text.find("vectors was ABACUS, is "), std::string::npos) << text;
  EXPECT_TRUE(fs::exists(checkpoint("run", "000002")));
}

TEST_F(Engine, OlderCheckpointsSayNothing) {
  run_in(folder("run"), pictures("auto", 1));
  change("run", nullptr);
  run_in(folder("run"), pictures("auto", 2));
  EXPECT_EQ(log("run").find("engine:"), std::string::npos);
}

TEST_F(Engine, AStateThatIsNotUnderstoodIsAnError) {
  const nlohmann::json good = engine_state();
  nlohmann::json wrong = good;
  wrong["choices"] = "auto forward 3x3 nonsense";
  EXPECT_THROW(resume_engine(wrong, "x"), ModelError);
  wrong = good;
  wrong.erase("vectors");
  EXPECT_THROW(resume_engine(wrong, "x"), ModelError);
}

}  // namespace
}  // namespace ganymede::train
