// Clips as data, and what their domain writes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "ganymede/core/random.h"
#include "ganymede/data/domain.h"
#include "ganymede/data/video/ffmpeg.h"
#include "ganymede/data/video/frames.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/gif.h"
#include "ganymede/media/npy.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

// Frame t of a clip is all of the grey level 10 t + shade.
std::vector<media::Image> shades(int frames, int side, int shade = 0) {
  std::vector<media::Image> clip;
  for (int t = 0; t < frames; ++t) {
    clip.push_back(
        plain(side, side, std::vector<uint8_t>(3, static_cast<uint8_t>(10 * t + shade))));
  }
  return clip;
}

DataConfig clips_at(const fs::path& path, int64_t frames = 4, int64_t stride = 1) {
  DataConfig config = at_path(path);
  config.domain = "video";
  config.frames = frames;
  config.frame_stride = stride;
  return config;
}

// The grey level of each frame of a sample [3, T, S, S].
std::vector<int> levels(const std::vector<float>& sample, int64_t frames) {
  const size_t plane = sample.size() / static_cast<size_t>(3 * frames);
  std::vector<int> found;
  for (int64_t t = 0; t < frames; ++t) {
    found.push_back(
        static_cast<int>(std::lround((sample[static_cast<size_t>(t) * plane] + 1) * 127.5F)));
  }
  return found;
}

TEST(Frames, StripsAreCutAndJoined) {
  const auto clip = shades(6, 4);
  const media::Image strip = join_strip(clip);
  EXPECT_EQ(strip.width, 24);
  EXPECT_EQ(cut_strip(strip, 0, 6, 1), clip);
  EXPECT_EQ(cut_strip(strip, 1, 2, 3), (std::vector<media::Image>{clip[1], clip[4]}));
  EXPECT_THROW(cut_strip(strip, 1, 3, 3), UsageError);
  EXPECT_EQ(frames_in_strip(4, 25), 6);
  media::Image tall = media::make_image(2, 6, 1);
  tall.at(0, 3)[0] = 9;
  EXPECT_EQ(cut_strip(tall, 1, 1, 1)[0].at(0, 1)[0], 9);
}

TEST(Frames, NumbersInNamesAreNumbers) {
  EXPECT_TRUE(natural_less("frame2.png", "frame10.png"));
  EXPECT_FALSE(natural_less("frame10.png", "frame2.png"));
  EXPECT_TRUE(natural_less("a9", "b1"));
  EXPECT_TRUE(natural_less("a", "a0"));
  EXPECT_TRUE(natural_less("a01b2", "a1b10"));
  EXPECT_NE(natural_less("a01", "a1"), natural_less("a1", "a01"));
  EXPECT_FALSE(natural_less("a1", "a1"));
}

TEST(VideoData, StripsAreFoundByTheirShapeAndHaveClasses) {
  const TempFolder folder;
  write_png(folder / "0/a.png", join_strip(shades(9, 8)));
  write_png(folder / "1/b.jpg", join_strip(shades(10, 8, 3)));  // a PNG by another name
  write_png(folder / "1/short.png", join_strip(shades(3, 8)));
  DataConfig config = at_path(folder.path());
  config.frames = 4;
  config.frame_stride = 2;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->spec().domain, "video");
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 4, 8, 8}));
  EXPECT_EQ(set->spec().classes, 2);
  ASSERT_EQ(set->size(), 2);
  EXPECT_EQ(set->label(1), 1);
  ASSERT_EQ(set->broken().size(), 1U);
  EXPECT_EQ(set->broken()[0].reason, "3 frames");
  config.strict = true;
  EXPECT_TRUE(contains(open_error(config), "7 or more"));
}

TEST(VideoData, TrainingDrawsWhereAClipBegins) {
  const TempFolder folder;
  write_png(folder / "a.png", join_strip(shades(9, 8)));
  const auto set = open_dataset(clips_at(folder.path(), 4, 2));
  std::vector<float> sample(static_cast<size_t>(set->spec().elements()));
  std::set<int> begins;
  for (uint64_t i = 0; i < 40; ++i) {
    Stream random(1, "data", i);
    set->read_pair(0, random, sample.data(), nullptr);
    const auto found = levels(sample, 4);
    EXPECT_EQ(found[3] - found[0], 60) << "every second frame";
    begins.insert(found[0]);
  }
  EXPECT_EQ(begins, (std::set<int>{0, 10, 20}));
  EXPECT_EQ(levels(read_sample(*set, 0), 4), levels(read_sample(*set, 0), 4));
}

TEST(VideoData, FoldersOfFramesAreClips) {
  const TempFolder folder;
  for (int clip = 0; clip < 3; ++clip) {
    for (int t = 0; t < 12; ++t) {
      const std::string name = std::string(clip < 2 ? "walk" : "run") + "/" + std::to_string(clip) +
                               "/" + std::to_string(t);
      write_png(folder / (name + ".png"),
                plain(6, 6, std::vector<uint8_t>(3, static_cast<uint8_t>(t))));
    }
  }
  const auto set = open_dataset(clips_at(folder.path(), 12));
  ASSERT_EQ(set->size(), 3);
  EXPECT_EQ(set->class_names(), (std::vector<std::string>{"run", "walk"}));
  EXPECT_EQ(set->label(0), 0);
  EXPECT_EQ(levels(read_sample(*set, 1), 12),
            (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}))
      << "10 comes after 9";
  DataConfig pictures = at_path(folder.path());
  EXPECT_EQ(open_dataset(pictures)->spec().domain, "image") << "unless they are said to be clips";
}

TEST(VideoData, AnimationsAreClipsAndFramesAreResized) {
  const TempFolder folder;
  std::vector<media::Image> wide;
  for (const auto& frame : shades(5, 12)) {
    wide.push_back(media::make_image(16, 12, 3, frame.pixels[0]));
  }
  write_bytes(folder / "a.gif", media::encode_gif(wide));
  DataConfig config = clips_at(folder.path(), 5);
  EXPECT_TRUE(contains(open_error(config), "16 x 12 px"));
  config.size_px = 6;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 5, 6, 6}));
  EXPECT_EQ(levels(read_sample(*set, 0), 5), (std::vector<int>{0, 10, 20, 30, 40}));
  config.channels = "grey";
  EXPECT_EQ(open_dataset(config)->spec().shape[0], 1);
}

TEST(VideoData, TheShapesOfMoCoGAN) {
  const auto path = shared_data() / "mocogan_video/shapes_1400.tar";
  if (!fs::exists(path)) GTEST_SKIP() << "no mocogan_video";
  DataConfig config = at_path(path);
  config.size_px = 32;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->size(), 1400);
  EXPECT_EQ(set->spec().classes, 2);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 16, 32, 32}));
  const auto actions = open_dataset(clips_at(shared_data() / "mocogan_video/actions", 16, 2));
  EXPECT_EQ(actions->size(), 8);
  EXPECT_EQ(actions->class_names(), (std::vector<std::string>{"0", "1", "3", "4"}));
}

at::Tensor two_clips() {
  at::Tensor clips = at::full({2, 3, 9, 8, 8}, -1.0F);
  for (int64_t t = 0; t < 9; ++t) clips.select(2, t).fill_(-1 + 0.2F * static_cast<float>(t));
  return clips;
}

TEST(VideoDomain, WritesAnimationsStripsAndArrays) {
  const TempFolder folder;
  const Domain& domain = domain_of({.domain = "video", .shape = {3, 9, 8, 8}});
  PreviewOptions options;
  options.columns = 2;
  const auto write = [&](const std::string& name) {
    return domain.write(two_clips(), {"5", "6"}, folder / name, options);
  };
  write("a.gif");
  const auto frames = media::decode_gif_frames(
      [&] {
        std::ifstream file(folder / "a.gif", std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
      }(),
      "a.gif", {}, 100);
  ASSERT_EQ(frames.size(), 9U);
  EXPECT_EQ(frames[0].width, 2 * 64 + 3 * 2);
  EXPECT_EQ(frames[4].at(10, 10)[0], 102);  // (-1 + 0.8 + 1) * 127.5
  EXPECT_TRUE(media::probe_image(
                  [&] {
                    write("a.webp");
                    std::ifstream file(folder / "a.webp", std::ios::binary);
                    return std::string(std::istreambuf_iterator<char>(file), {});
                  }(),
                  "a.webp")
                  .animated);
  write("a.npz");
  EXPECT_EQ(media::read_npz(folder / "a.npz").at("clips").shape,
            (std::vector<int64_t>{2, 9, 8, 8, 3}));
  const auto strips = write("strips");
  ASSERT_EQ(strips.size(), 2U);
  EXPECT_EQ(strips[1].filename(), "6.png");
  for (const char* name : {"a.npz", "strips"}) {
    const auto back = open_dataset(clips_at(folder / name, 9));
    EXPECT_EQ(back->size(), 2) << name;
    EXPECT_EQ(levels(read_sample(*back, 0), 9)[2], 51) << name;
  }
  write("a.png");
  const media::Image sheet = media::read_image(folder / "a.png");
  EXPECT_GT(sheet.width, 9 * 64);
  EXPECT_THROW(write("a.txt"), UsageError);
  EXPECT_THROW(domain.pictures(at::zeros({2, 3, 8, 8})), UsageError);
}

// The environment's PATH while it lives.
class Path {
 public:
  explicit Path(const std::string& value) : old_(std::getenv("PATH")) {
    ::setenv("PATH", value.c_str(), 1);
  }
  ~Path() { ::setenv("PATH", old_.c_str(), 1); }

 private:
  std::string old_;
};

TEST(Film, IsMadeByTheProgramFfmpeg) {
  const TempFolder folder;
  // What it was told to do, in the place of a film.
  write_bytes(folder / "bin/ffmpeg",
              "#!/bin/sh\nfor last; do :; done\nls \"$(dirname \"$last\")\" > \"$last\"\n"
              "echo \"$@\" >> \"$last\"\n");
  fs::permissions(folder / "bin/ffmpeg", fs::perms::owner_all);
  const Path path((folder / "bin").string() + ":/usr/bin:/bin");
  write_film(folder / "a.mp4", shades(3, 8), 10);
  std::ifstream file(folder / "a.mp4");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(contains(text, "000002.png")) << text;
  EXPECT_TRUE(contains(text, "-framerate 10")) << text;
  EXPECT_TRUE(contains(text, "film.mp4")) << text;
}

TEST(Film, WithoutFfmpegTheErrorNamesIt) {
  const TempFolder folder;
  const Path path(folder.string());
  try {
    write_film(folder / "a.mp4", shades(3, 8), 10);
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_TRUE(contains(error.what(), "no program ffmpeg")) << error.what();
    EXPECT_TRUE(contains(error.what(), ".gif")) << error.what();
  }
  EXPECT_FALSE(fs::exists(folder / "a.mp4"));
}

TEST(Film, WhatFfmpegSaysOfAFailureIsTold) {
  const TempFolder folder;
  write_bytes(folder / "bin/ffmpeg", "#!/bin/sh\necho unknown encoder >&2\nexit 3\n");
  fs::permissions(folder / "bin/ffmpeg", fs::perms::owner_all);
  const Path path((folder / "bin").string() + ":/usr/bin:/bin");
  try {
    write_film(folder / "a.mp4", shades(3, 8), 10);
    FAIL() << "accepted";
  } catch (const FileError& error) {
    EXPECT_TRUE(contains(error.what(), "status 3")) << error.what();
    EXPECT_TRUE(contains(error.what(), "unknown encoder")) << error.what();
  }
}

}  // namespace
}  // namespace ganymede::data
