// k steps, a checkpoint on disk, a new session, k more steps: bit for bit the state of 2k steps,
// for every registered gan on every kind of sample it plays.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/image.h"
#include "ganymede/media/midi.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/tensor_folder.h"
#include "toys.h"

namespace ganymede::train {
namespace {

// Optimizer and schedule; all accumulate and balance.
const std::map<std::string, std::vector<std::string>>& variants() {
  static const std::map<std::string, std::vector<std::string>> all = {
      {"adam", {"optimizer.kind=adam", "optimizer.decay=linear", "optimizer.decay_end_kimg=0.2"}},
      {"sgd",
       {"optimizer.kind=sgd", "optimizer.learning_rate=0.001", "optimizer.momentum=0.5",
        "optimizer.momentum_final=0.9", "optimizer.momentum_ramp_kimg=0.1",
        "optimizer.decay=exponential", "optimizer.decay_factor=1.01"}},
      {"rmsprop", {"optimizer.kind=rmsprop", "optimizer.learning_rate=0.001"}}};
  return all;
}

struct Case {
  std::string gan;
  std::string data;
  std::string variant;
  std::string name() const { return gan + "_" + data + "_" + variant; }
};
void PrintTo(const Case& value, std::ostream* out) { *out << value.name(); }

constexpr const char* kTable = "table";
constexpr const char* kVoxels = "voxels";
constexpr const char* kVideo = "video";
constexpr const char* kPairs = "pairs";  // for gans that make pictures of pictures

bool has_key(const std::string& gan, const std::string& key) {
  return gans::registry().find(gan).builder()->defaults().find(key) != nullptr;
}

// 22 rows with a number, a category, and gaps.
fs::path table_file() {
  static const TempFolder folder;
  const fs::path path = folder.path() / "rows.csv";
  if (fs::exists(path)) return path;
  std::string text = "height,kind,weight\n";
  for (int i = 0; i < 22; ++i) {
    const std::string weight = i % 5 == 3 ? "" : std::to_string(40 + i * i % 37) + ".5";
    text += std::to_string(150 + i * 7 % 41) + (i % 3 == 0 ? ",round," : ",long,") + weight + "\n";
  }
  write_file_atomic(path, text);
  return path;
}

// 22 solids of 16^3 voxels, or clips of 14 frames of 32 px.
fs::path array_file(const std::string& domain) {
  static const TempFolder folder;
  const fs::path path = folder.path() / (domain + ".npz");
  if (fs::exists(path)) return path;
  const bool solids = domain == kVoxels;
  const std::vector<int64_t> shape =
      solids ? std::vector<int64_t>{22, 16, 16, 16} : std::vector<int64_t>{22, 14, 32, 32, 3};
  const at::Tensor values = Stream(5, domain).integers(shape, 0, solids ? 2 : 256).to(at::kByte);
  const std::string_view bytes(reinterpret_cast<const char*>(values.const_data_ptr<uint8_t>()),
                               static_cast<size_t>(values.numel()));
  media::write_npz(path, {{"samples", {media::DType::kU8, shape, bytes}}});
  return path;
}

// Pictures for gans that make pictures from pictures: parts of them, half as large.
constexpr const char* kDegraded = "degraded";

fs::path picture_folder() {
  static const TempFolder folder;
  if (fs::exists(folder.path() / "0.png")) return folder.path();
  for (int i = 0; i < 6; ++i) {
    media::Image image = media::make_image(48 + i, 41, 3);
    for (size_t k = 0; k < image.pixels.size(); ++k)
      image.pixels[k] = static_cast<uint8_t>(k * (7 + i) + k / 97);
    media::write_image(folder.path() / (std::to_string(i) + ".png"), image);
  }
  return folder.path();
}

void add_degraded(config::Recipe& recipe) {
  recipe.set("data.path=" + picture_folder().string());
  recipe.set("data.form=degraded");
  recipe.set("data.patch_px=32");
  recipe.set("data.scale=2");
  recipe.set("data.degrade=noise=5-20");
  recipe.set("data.mirror=true");
}

// 22 pairs of noise in the folders A and B.
fs::path pairs_folder() {
  static const TempFolder folder;
  const fs::path path = folder.path() / "pairs";
  if (fs::exists(path)) return path;
  Stream random(5, "pairs");
  for (int i = 0; i < 22; ++i) {
    for (const char* side : {"A", "B"}) {
      media::Image image = media::make_image(32, 32, 3);
      for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
      fs::create_directories(path / side);
      media::write_image(path / side / (std::to_string(i) + ".png"), image);
    }
  }
  return path;
}

// 25 events of a detector, of which every tenth is a test; two hits and a parameter each.
constexpr const char* kEvents = "events";

fs::path events_file() {
  static const TempFolder folder;
  const fs::path path = folder.path() / "events.dat";
  if (fs::exists(path)) return path;
  std::string text;
  for (int i = 0; i < 25; ++i) {
    text += "params: " + std::to_string(i) + "\n1 2 3.5 " + std::to_string(2 + i % 5) + " 7 " +
            std::to_string(10 + i) + "\n";
  }
  write_file_atomic(path, text);
  return path;
}

// Two tunes of enough bars for 22 windows of eight.
constexpr const char* kTunes = "tunes";

fs::path tunes_folder() {
  static const TempFolder folder;
  if (fs::exists(folder.path() / "0.mid")) return folder.path();
  for (int t = 0; t < 2; ++t) {
    media::MidiFile file{.ticks_per_quarter = 4};
    file.tracks.resize(2);
    for (int i = 0; i < 48 * 8; ++i)  // eighths
      file.tracks[0].notes.push_back({i * 2, i * 2 + 2, 60 + (i * i + t) % 24});
    for (int bar = 0; bar < 48; ++bar)
      file.tracks[1].notes.push_back({bar * 16, bar * 16 + 16, 40 + (bar + t) % 12});
    media::write_midi(folder.path() / (std::to_string(t) + ".mid"), file);
  }
  return folder.path();
}

constexpr const char* kLines = "lines";

// 22 lines of 3 to 6 words.
fs::path lines_file() {
  static const TempFolder folder;
  const fs::path path = folder.path() / "lines.txt";
  if (fs::exists(path)) return path;
  std::string text;
  for (int i = 0; i < 22; ++i) {
    text += "line";
    for (int word = 0; word < 2 + i % 4; ++word) text += " w" + std::to_string(i * (word + 3) % 9);
    text += "\n";
  }
  write_file_atomic(path, text);
  return path;
}

// All stretches of training within a few steps.
void add_lines(config::Recipe& recipe) {
  for (const char* assignment :
       {"gan.likelihood_kimg=0.004", "gan.critic_kimg=0.004", "gan.rollouts=2",
        "gan.generator_keep=0.8", "gan.hidden=6", "gan.filter_maps=[5,4]"}) {
    recipe.set(assignment);
  }
  recipe.set("data.path=" + lines_file().string());
}

// 22 samples: every step meets the end of an epoch or lies in its middle.
config::Recipe recipe_for(const Case& value) {
  config::Recipe recipe =
      recipe_of({"gan.name=" + value.gan, "data.path=" + value.data, "data.limit=22",
                 "train.batch=4", "train.accumulate=2", "train.balance.enabled=true",
                 "train.balance.high=0.5", "train.balance.low=0.5", "train.ema_kimg=0.01"});
  if (value.data == kTable) {
    const bool modes = has_key(value.gan, "pack");
    recipe.set("data.path=" + table_file().string());
    recipe.set("data.domain=table");
    recipe.set(std::string("data.encoding=") + (modes ? "modes" : "minmax"));
    if (modes) recipe.set("gan.pack=2");
  }
  if (value.data == kTunes) recipe.set("data.path=" + tunes_folder().string());
  if (value.data == kVoxels || value.data == kVideo) {
    recipe.set("data.path=" + array_file(value.data).string());
    recipe.set("data.frames=13");
  }
  if (value.data == kLines) add_lines(recipe);
  if (value.data == kEvents) recipe.set("data.path=" + events_file().string());
  if (value.data == kDegraded) add_degraded(recipe);
  if (has_key(value.gan, "pretrain_kimg")) recipe.set("gan.pretrain_kimg=0.004");  // one step
  if (has_key(value.gan, "content_weight")) recipe.set("gan.content_weight=0.5");
  if (value.data == kPairs) recipe.set("data.path=" + pairs_folder().string());
  if (has_key(value.gan, "pool_size")) recipe.set("gan.pool_size=3");
  if (has_key(value.gan, "blocks")) recipe.set("gan.blocks=1");
  for (const std::string& assignment : variants().at(value.variant)) recipe.set(assignment);
  for (const char* key :
       {"base_channels", "generator_channels", "discriminator_channels", "channels"}) {
    if (has_key(value.gan, key)) recipe.set(std::string("gan.") + key + "=4");
  }
  for (const char* key : {"critic_steps", "discriminator_steps"}) {
    if (has_key(value.gan, key)) recipe.set(std::string("gan.") + key + "=2");
  }
  for (const char* key : {"generator_units", "discriminator_units", "mlp_units"}) {
    if (has_key(value.gan, key)) recipe.set(std::string("gan.") + key + "=[24,24]");
  }
  return recipe;
}

// A gan that takes nothing without labels; of the data here "gaussian" has none.
bool needs_labels(const gans::Registry::Entry& entry) {
  try {
    entry.builder()->build({.domain = "points", .shape = {1}});
    return false;
  } catch (const UsageError&) {
    return true;
  }
}

bool builds(const gans::Registry::Entry& entry, const SampleSpec& spec) {
  try {
    entry.builder()->build(spec);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

// The data of a gan that makes pictures from something; empty for gans that need nothing given.
std::vector<std::string> data_with_given(const gans::Registry::Entry& entry) {
  SampleSpec spec{.domain = "image", .shape = {3, 32, 32}, .classes = 3};
  if (builds(entry, spec)) return {};
  spec.classes = 0;
  if (builds(entry, spec)) return {};
  spec.given = {{.domain = "image", .shape = {3, 16, 16}}};
  if (builds(entry, spec)) return {kDegraded};
  spec.given = {{.domain = "image", .shape = {3, 32, 32}}};
  if (builds(entry, spec)) return {kPairs};
  return {};
}

// A gan that makes pictures of captions: resume_words_test.cpp.
bool needs_captions(const gans::Registry::Entry& entry) {
  try {
    entry.builder()->build({.domain = "image", .shape = {3, 32, 32}, .classes = 3});
    return false;
  } catch (const UsageError& error) {
    return error.parts().found.find("captions") != std::string::npos;
  }
}

std::vector<Case> cases() {
  const std::map<std::string, std::vector<std::string>> data = {{"image", {"digits", "shapes"}},
                                                                {"points", {"ring8", "gaussian"}},
                                                                {"table", {kTable}},
                                                                {"detector", {kEvents}},
                                                                {"voxels", {kVoxels}},
                                                                {"video", {kVideo}},
                                                                {"music", {kTunes}},
                                                                {"text", {kLines}}};
  std::vector<Case> found;
  for (const auto& entry : gans::registry().entries()) {
    for (const std::string& domain : entry.info.domains) {
      const auto given = domain == "image" ? data_with_given(entry) : std::vector<std::string>{};
      for (const std::string& path : given.empty() ? data.at(domain) : given) {
        if (path == "gaussian" && needs_labels(entry)) continue;
        if (domain == "image" && needs_captions(entry)) continue;
        for (const auto& [variant, assignments] : variants()) {
          found.push_back({entry.info.name, path, variant});
        }
      }
    }
  }
  return found;
}

class Resume : public ::testing::TestWithParam<Case> {
 protected:
  // Small networks gain nothing from a second thread and lose much where the machine is shared.
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override { at::set_num_threads(threads_); }

  std::unique_ptr<Session> open() const {
    auto session = std::make_unique<Session>(recipe_for(GetParam()));
    session->open();
    return session;
  }

 private:
  int threads_ = at::get_num_threads();
};

void take(Session& session, int steps) {
  for (int i = 0; i < steps; ++i) ASSERT_TRUE(session.trainer().step());
}

void save(const Session& session, const fs::path& folder, Trainer& trainer) {
  nlohmann::json state = session.identity();
  state["trainer"] = trainer.scalars();
  media::write_tensor_folder(folder, trainer.tensors(), state);
}

TEST_P(Resume, IsBitExact) {
  constexpr int kSteps = 7;
  const TempFolder folder;
  const auto straight = open();
  std::map<int, fs::path> saved;
  for (int i = 0; i < kSteps; ++i) {
    if (i == 1 || i == 3 || i == 4) {
      saved[i] = folder.path() / std::to_string(i);
      save(*straight, saved[i], straight->trainer());
    }
    take(*straight, 1);
  }
  const State expected = copy_of(straight->trainer());
  for (const auto& [step, path] : saved) {
    const auto resumed = open();
    const media::TensorFolder content = media::read_tensor_folder(path);
    resumed->check_identity(content.state, path.string());
    resumed->trainer().load(content.files, content.state.at("trainer"), path.string());
    EXPECT_EQ(resumed->trainer().steps(), step);
    take(*resumed, kSteps - step);
    EXPECT_EQ(differences(expected, resumed->trainer().tensors()), std::vector<std::string>())
        << "from step " << step;
    EXPECT_EQ(straight->trainer().scalars(), resumed->trainer().scalars()) << "from step " << step;
  }
}

TEST_P(Resume, StateHoldsEverythingThatMoves) {
  const auto session = open();
  const State before = copy_of(session->trainer());
  take(*session, 3);
  const auto changed = differences(before, session->trainer().tensors());
  for (const auto& phase : session->gan().phases()) {
    for (const auto& network : phase.networks) {
      bool moved = false;
      for (const std::string& name : changed) moved |= name.starts_with(network->name + "/");
      EXPECT_TRUE(moved) << network->name;
    }
    bool moments = false;
    for (const std::string& name : changed) {
      moments |= name.starts_with("optimizer_" + phase.optimizer() + "/");
    }
    EXPECT_TRUE(moments) << phase.name;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryGan, Resume, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name(); });

TEST(ResumeErrors, AStateOfAnotherTrainerIsRefused) {
  Session adam(recipe_for({"gan2014", "ring8", "adam"}));
  adam.open();
  Session sgd(recipe_for({"gan2014", "ring8", "sgd"}));
  sgd.open();
  EXPECT_THROW(sgd.trainer().load(adam.trainer().tensors(), adam.trainer().scalars(), "x"),
               ModelError);
  State without = adam.trainer().tensors();
  without.erase("optimizer_G");
  EXPECT_THROW(adam.trainer().load(without, adam.trainer().scalars(), "x"), ModelError);
  nlohmann::json scalars = adam.trainer().scalars();
  scalars.erase("images");
  EXPECT_THROW(adam.trainer().load(adam.trainer().tensors(), scalars, "x"), ModelError);
}

}  // namespace
}  // namespace ganymede::train
