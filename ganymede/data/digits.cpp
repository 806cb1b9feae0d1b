#include "ganymede/data/digits.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ganymede/core/random.h"
#include "ganymede/data/builtin.h"
#include "ganymede/data/drawn.h"
#include "ganymede/data/pen.h"

namespace ganymede::data {
namespace {

constexpr int64_t kTrainDigits = 60'000;
constexpr int64_t kTestDigits = 10'000;
constexpr int kDefaultPx = 28;
constexpr char kName[] = "digits";
constexpr char kVersion[] = "digits 1";  // changes when the pictures do

double clipped_normal(Stream& stream, double deviation) {
  return deviation * std::clamp(stream.next_normal(), -2.2, 2.2);
}

double between(Stream& stream, double low, double high) {
  return low + (high - low) * stream.next_uniform();
}

const Glyph& choose_form(Stream& stream, int digit) {
  const auto forms = glyphs_of(digit);
  double rest = stream.next_uniform();
  for (const Glyph& form : forms) {
    rest -= form.weight;
    if (rest < 0) return form;
  }
  return forms.back();
}

// How one hand writes: a slow wave bends everything, an affine map leans and stretches it, every
// knot has a small error of its own.
class Hand {
 public:
  explicit Hand(Stream& stream) : stream_(stream) {
    const double width = between(stream, 0.72, 1.12), height = between(stream, 0.88, 1.08);
    const double lean = 0.1 + clipped_normal(stream, 0.17);
    const double angle = clipped_normal(stream, 0.09);
    const double c = std::cos(angle), s = std::sin(angle);
    // Rotation * shear * scale; a positive lean moves the top to the right.
    matrix_ = {c * width, (-c * lean - s) * height, s * width, (-s * lean + c) * height};
    for (auto& wave : waves_)
      wave = {clipped_normal(stream, 0.018), between(stream, 0.6, 1.3),
              between(stream, 0, 2 * std::numbers::pi)};
  }

  Point place(const Knot& knot) const {
    const double jitter_x = clipped_normal(stream_, 0.018);
    const double jitter_y = clipped_normal(stream_, 0.018);
    const double x = knot.x - 0.5 + jitter_x + bend(waves_[0], knot.y);
    const double y = knot.y - 0.5 + jitter_y + bend(waves_[1], knot.x);
    return {static_cast<float>(matrix_[0] * x + matrix_[1] * y),
            static_cast<float>(matrix_[2] * x + matrix_[3] * y)};
  }

 private:
  struct Wave {
    double amplitude, frequency, phase;
  };
  static double bend(const Wave& wave, double at) {
    return wave.amplitude * std::sin(2 * std::numbers::pi * wave.frequency * at + wave.phase);
  }

  Stream& stream_;
  std::array<double, 4> matrix_;
  std::array<Wave, 2> waves_;
};

struct Box {
  float left = 1e9F, right = -1e9F, top = 1e9F, bottom = -1e9F;
  void add(Point p) {
    left = std::min(left, p.x);
    right = std::max(right, p.x);
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
};

struct Writing {
  std::array<Polyline, kMaxStrokes> lines;
  int count = 0;
  Box box;
};

Writing write(Stream& stream, int digit) {
  const Glyph& form = choose_form(stream, digit);
  const Hand hand(stream);
  Writing writing;
  for (; writing.count < form.count; ++writing.count) {
    GlyphStroke stroke = form.strokes[writing.count];
    for (int i = 0; i < stroke.count; ++i) {
      const Point p = hand.place(stroke.knots[i]);
      stroke.knots[i].x = p.x;
      stroke.knots[i].y = p.y;
    }
    Polyline& line = writing.lines[writing.count] = trace(stroke);
    for (int i = 0; i < line.count; ++i) writing.box.add(line.points[i]);
  }
  return writing;
}

// Moves the writing to the middle and to about 20 of 28 pixels, as MNIST has it, inside the frame.
void fit(Writing& writing, float scale, float margin, float size, Point shift) {
  const Box& box = writing.box;
  const float extent = std::max(box.right - box.left, box.bottom - box.top);
  scale = std::min(scale, (size - 2 * margin) / extent);
  const auto offset = [&](float low, float high, float move) {
    const float slack = std::max(0.0F, (size - (high - low) * scale) / 2 - margin);
    return size / 2 + std::clamp(move, -slack, slack) - scale * (low + high) / 2;
  };
  const float dx = offset(box.left, box.right, shift.x), dy = offset(box.top, box.bottom, shift.y);
  for (int i = 0; i < writing.count; ++i) {
    Polyline& line = writing.lines[i];
    for (int p = 0; p < line.count; ++p)
      line.points[p] = {line.points[p].x * scale + dx, line.points[p].y * scale + dy};
  }
}

}  // namespace

media::Image draw_digit(int64_t index, int size) {
  static const Stream keyed(kBuiltinSeed, kName);
  Stream stream = keyed.at(static_cast<uint64_t>(index));
  const float unit = static_cast<float>(size) / kDefaultPx;
  Writing writing = write(stream, static_cast<int>(index % 10));

  const double radius =
      std::clamp(std::exp(std::log(1.2) + 0.22 * stream.next_normal()), 0.75, 2.0);
  const double pressure = clipped_normal(stream, 0.12);
  const auto start = static_cast<float>(radius * (1 + pressure)) * unit;
  const auto end = static_cast<float>(radius * (1 - pressure)) * unit;
  const Point shift = {static_cast<float>(clipped_normal(stream, 0.8)) * unit,
                       static_cast<float>(clipped_normal(stream, 0.8)) * unit};
  fit(writing, 19.0F * unit, std::max(start, end) + 1.5F * unit, static_cast<float>(size), shift);

  Pen pen(size);
  for (int i = 0; i < writing.count; ++i) pen.draw(writing.lines[i], start, end);
  media::Image image = media::make_image(size, size, 1);
  pen.ink(static_cast<float>(between(stream, 1.1, 1.7)),
          static_cast<float>(between(stream, 0.9, 1.0)), image.pixels.data());
  return image;
}

PictureSet open_digits(const DataConfig& config) {
  DrawnSet drawn{kName, kVersion, draw_digit, 1, kDefaultPx, kTrainDigits, kTestDigits, {}};
  for (int digit = 0; digit < 10; ++digit) drawn.class_names.push_back(std::to_string(digit));
  return open_drawn(drawn, config);
}

}  // namespace ganymede::data
