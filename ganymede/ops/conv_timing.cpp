#include "ganymede/ops/conv_timing.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "ganymede/core/answers.h"
#include "ganymede/core/log.h"
#include "ganymede/core/machine.h"
#include "ganymede/core/version.h"
#include "ganymede/ops/conv_form.h"
#include "ganymede/ops/conv_rules.h"

namespace ganymede::ops {
namespace {

namespace fs = std::filesystem;

constexpr double kLeastFlop = 1e7;  // below, a call is too short to be told from noise
constexpr int kMostRounds = 5;
constexpr double kSecondsForEach = 0.02;
constexpr double kHopeless = 2;  // times the fastest: not called again
constexpr double kGain = 0.86;

class Subject {
 public:
  explicit Subject(const ConvQuestion& question)
      : part_(question.part), geometry_(question.geometry) {
    const ConvSizes& s = question.sizes;
    const thin::Problem p = thin_of(geometry_, s);
    image_ = at::full({s.batch, s.channels, s.height, s.width}, 0.5);
    map_ = at::full({s.batch, s.filters, p.map_height(), p.map_width()}, 0.5);
    weight_ = at::full({s.filters, s.channels, p.kernel, p.kernel}, 0.5);
  }

  double seconds(ConvChoice choice) {
    weight_.mul_(1);  // another version: kept transforms are of no use
    const auto begin = std::chrono::steady_clock::now();
    switch (part_) {
      case ConvPart::kForward:
        form_forward(choice, geometry_, image_, weight_, {});
        break;
      case ConvPart::kTransposed:
        form_transposed(choice, geometry_, map_, weight_, {}, image_.size(2), image_.size(3));
        break;
      case ConvPart::kWeightGradient:
        form_weight_gradient(choice, geometry_, image_, map_);
        break;
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

 private:
  ConvPart part_;
  ConvGeometry geometry_;
  at::Tensor image_, map_, weight_;
};

ConvChoice by_timing(const ConvQuestion& question, const AnswerFile& file) {
  const bool one = candidates(question).size() < 2;
  if (one || direct_flop(question.geometry, question.sizes) < kLeastFlop) return by_rule(question);
  const std::string answer = file.ask(text_of(question), [&] {
    const ConvChoice fastest = fastest_of(time_conv(question));
    log_debug("convolution {}: {}", text_of(question), name_of(fastest));
    return std::string(name_of(fastest));
  });
  const auto choice = choice_named(answer);
  return choice && can_compute(*choice, question) ? *choice : by_rule(question);
}

}  // namespace

std::vector<ConvTiming> time_conv(const ConvQuestion& question) {
  const at::NoGradGuard no_grad;
  Subject subject(question);
  std::vector<ConvTiming> timings;
  double fastest = 0, spent = 0;
  for (const ConvChoice choice : candidates(question)) {
    subject.seconds(choice);  // maps memory, fills caches
    timings.push_back({choice, subject.seconds(choice)});
    const double seconds = timings.back().seconds;
    fastest = timings.size() == 1 ? seconds : std::min(fastest, seconds);
  }
  // In turns, so that what else the machine does befalls all.
  for (int round = 1; round < kMostRounds && spent < kSecondsForEach; ++round) {
    for (auto& [choice, best] : timings) {
      if (best < kHopeless * fastest) best = std::min(best, subject.seconds(choice));
      fastest = std::min(fastest, best);
    }
    spent += fastest;
  }
  return timings;
}

ConvChoice fastest_of(const std::vector<ConvTiming>& timings) {
  const auto best = std::ranges::min_element(timings, {}, &ConvTiming::seconds);
  return best->seconds < kGain * timings.front().seconds ? best->choice : timings.front().choice;
}

fs::path conv_timing_file(const fs::path& folder) {
  if (folder.empty()) return {};
  std::string name = std::string(kVersion) + "-" + version_commit() + "-" + cpu_name() + "-" +
                     winograd::vector_target() + "-" + std::to_string(at::get_num_threads()) +
                     ".txt";
  std::ranges::replace_if(
      name, [](unsigned char c) { return !std::isalnum(c) && c != '.' && c != '-'; }, '_');
  return folder / name;
}

void choose_convs_by_timing(const fs::path& folder) {
  set_conv_judge([file = AnswerFile(conv_timing_file(folder))](const ConvQuestion& question) {
    return by_timing(question, file);
  });
}

void choose_convs_by_rules() { set_conv_judge({}); }

}  // namespace ganymede::ops
