#include "ganymede/core/progress.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "ganymede/core/progress_text.h"
#include "ganymede/core/text.h"

namespace ganymede {
namespace {

ProgressView view_of_training() {
  return {.task = "train dcgan",
          .unit = "kimg",
          .update = {.done = 12.4, .total = 50, .fields = {{"D", "0.64"}, {"G", "1.21"}}},
          .rate = 0.185,
          .elapsed_s = 67,
          .remaining_s = 203};
}

TEST(ProgressText, Terminal) {
  EXPECT_EQ(progress_line(view_of_training(), {.width = 120}),
            "train dcgan  12.4/50 kimg  ███░░░░░░░░░░░  24%  0.185 kimg/s  1m07, left 3m23  "
            "D 0.64  G 1.21");
  EXPECT_EQ(progress_line(view_of_training(), {.width = 120, .unicode = false}),
            "train dcgan  12.4/50 kimg  [###...........]  24%  0.185 kimg/s  1m07, left 3m23  "
            "D 0.64  G 1.21");
}

TEST(ProgressText, StaysBelowTheWidthWithWholePieces) {
  for (size_t width = 1; width <= 130; ++width) {
    const std::string line = progress_line(view_of_training(), {.width = width});
    EXPECT_LT(display_width(line), std::max<size_t>(width, 1)) << line;
  }
  EXPECT_EQ(progress_line(view_of_training(), {.width = 40}), "train dcgan  12.4/50 kimg  24%");
}

TEST(ProgressText, ColourTakesNoWidth) {
  const std::string plain = progress_line(view_of_training(), {.width = 100});
  std::string colored = progress_line(view_of_training(), {.width = 100, .color = true});
  EXPECT_NE(colored, plain);
  for (const std::string code : {"\x1b[36m", "\x1b[0m"})
    colored.erase(colored.find(code), code.size());
  EXPECT_EQ(colored, plain);
}

TEST(ProgressText, HundredPercentOnlyWhenDone) {
  ProgressView view = view_of_training();
  view.update.done = 49.9;
  EXPECT_NE(progress_plain(view).find("99%"), std::string::npos);
  view.update.done = 50;
  EXPECT_NE(progress_plain(view).find("100%"), std::string::npos);
}

TEST(ProgressText, UnknownTotalAndBytes) {
  const ProgressView view{.task = "download",
                          .unit = "B",
                          .update = {.done = 3.0 * 1024 * 1024, .total = 0, .fields = {}},
                          .rate = 1536.0 * 1024,
                          .elapsed_s = 2};
  EXPECT_EQ(progress_plain(view), "download  3.0 MiB  1.5 MiB/s  2.0 s");
}

TEST(ProgressText, Json) {
  ProgressView view = view_of_training();
  view.update.fields.emplace_back("health", "ok \"so far\"");
  view.update.fields.emplace_back("kid", "nan");
  EXPECT_EQ(progress_json(view),
            R"({"event": "progress", "task": "train dcgan", "done": 12.4, "total": 50, )"
            R"("unit": "kimg", "rate": 0.185, "elapsed_s": 67.000, "remaining_s": 203.0, )"
            R"("D": 0.64, "G": 1.21, "health": "ok \"so far\"", "kid": "nan"})");
  EXPECT_EQ(event_json("checkpoint", {{"path", "runs/1"}, {"kimg", "100"}}),
            R"({"event": "checkpoint", "path": "runs/1", "kimg": 100})");
  EXPECT_EQ(event_plain("checkpoint", {{"path", "runs/1"}}), "checkpoint  path runs/1");
}

TEST(ProgressText, Durations) {
  EXPECT_EQ(format_duration(0.34), "0.3 s");
  EXPECT_EQ(format_duration(9.96), "10 s");
  EXPECT_EQ(format_duration(42.4), "42 s");
  EXPECT_EQ(format_duration(59.6), "1m00");
  EXPECT_EQ(format_duration(187), "3m07");
  EXPECT_EQ(format_duration(3600 + 7 * 60), "1h07");
  EXPECT_EQ(format_duration(86400 * 2 + 3600 * 4), "2d04h");
  EXPECT_EQ(format_duration(-1), "?");
}

TEST(RateMeter, MedianForgetsStalls) {
  RateMeter meter;
  EXPECT_EQ(meter.rate(), 0);
  double time = 0;
  for (int i = 0; i <= 10; ++i) meter.add(time += 1, 5.0 * i);
  EXPECT_DOUBLE_EQ(meter.rate(), 5);
  meter.add(time += 100, 55);  // an evaluation in between
  EXPECT_DOUBLE_EQ(meter.rate(), 5);
  for (int i = 0; i < 20; ++i) meter.add(time += 1, 55 + 2.0 * (i + 1));
  EXPECT_DOUBLE_EQ(meter.rate(), 2);
}

// What a Progress writes to a pipe.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_), 0); }
  ~Pipe() { ::close(ends_[0]); }
  int writer() const { return ends_[1]; }
  std::string finish() {
    ::close(ends_[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends_[0], buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(n));
    }
    return text;
  }

 private:
  int ends_[2];
};

size_t lines_of(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Progress, PlainShowsFirstAndLastAndKeepsQuietBetween) {
  Pipe pipe;
  {
    Progress progress(ProgressMode::kPlain, "convert", "images", std::chrono::hours(1),
                      pipe.writer());
    for (int i = 1; i <= 1000; ++i) progress.update({.done = i * 1.0, .total = 1000, .fields = {}});
    progress.event("broken", {{"file", "x.png"}});
    progress.finish("1,000 images");
    progress.update({.done = 5, .total = 10, .fields = {}});
  }
  const std::string text = pipe.finish();
  EXPECT_EQ(lines_of(text), 4u) << text;
  EXPECT_EQ(text.find("convert  1/1,000 images  0%"), 0u) << text;
  EXPECT_NE(text.find("\nbroken  file x.png\nconvert  1,000/1,000 images  100%"),
            std::string::npos);
  EXPECT_TRUE(text.ends_with("\nconvert: 1,000 images\n"));
}

TEST(Progress, JsonLines) {
  Pipe pipe;
  {
    Progress progress(ProgressMode::kJson, "t", "u", std::chrono::seconds(1), pipe.writer());
    progress.update({.done = 1, .total = 2, .fields = {}});
    progress.update({.done = 2, .total = 2, .fields = {}});
    progress.finish("good");
  }
  const std::string text = pipe.finish();
  EXPECT_EQ(lines_of(text), 3u);
  EXPECT_TRUE(text.ends_with("{\"event\": \"done\", \"task\": \"t\", \"summary\": \"good\"}\n"));
}

TEST(Progress, TerminalRepaintsAtMostFiveTimesASecondAndEndsTheLine) {
  Pipe pipe;
  {
    Progress progress(ProgressMode::kTerminal, "t", "u", std::chrono::seconds(1), pipe.writer());
    for (int i = 1; i <= 100; ++i) progress.update({.done = i * 1.0, .total = 100, .fields = {}});
  }
  const std::string text = pipe.finish();
  const auto paints = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(paints, 2);
  EXPECT_LE(paints, 4);  // 100 updates take well below a second
  EXPECT_NE(text.rfind("100%"), std::string::npos);
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(lines_of(text), 1u);
}

TEST(Progress, QuietSaysNothing) {
  Pipe pipe;
  {
    Progress progress(ProgressMode::kQuiet, "t", "u", std::chrono::seconds(1), pipe.writer());
    progress.update({.done = 1, .total = 2, .fields = {}});
    progress.event("e", {});
    progress.finish("done");
  }
  EXPECT_EQ(pipe.finish(), "");
  EXPECT_EQ(progress_mode(true, true), ProgressMode::kJson);
  EXPECT_EQ(progress_mode(false, true), ProgressMode::kQuiet);
}

}  // namespace
}  // namespace ganymede
