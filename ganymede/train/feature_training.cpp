#include "ganymede/train/feature_training.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/core/text.h"
#include "ganymede/train/optimizer.h"

namespace ganymede::train {
namespace {

constexpr int64_t kFewestImages = 20;
constexpr int64_t kMostHeldOut = 5000;
constexpr int64_t kMostBatch = 65536;
constexpr int64_t kJudgeBatch = 256;
constexpr int64_t kReportEverySteps = 10;
constexpr double kPasses = 3;
constexpr double kLeastKimg = 60;
constexpr double kMostKimg = 300;
constexpr double kMostKimgAsked = 1e6;
constexpr double kRate = 1e-3;

constexpr const char* kWhere = "features train";

// A keyed split into held-out and training images, and the order of the latter.
class Order {
 public:
  Order(int64_t size, uint64_t seed)
      : all_(static_cast<uint64_t>(size), seed, "features/held-out", 0),
        seed_(seed),
        held_out_(std::min(size / 10, kMostHeldOut)) {}

  int64_t held_out() const { return held_out_; }
  int64_t training() const { return static_cast<int64_t>(all_.size()) - held_out_; }
  std::vector<int64_t> held_out(int64_t begin, int64_t end) const { return entries(begin, end); }
  // The images at positions [position, position + count) of the endless training order.
  std::vector<int64_t> batch(int64_t position, int64_t count) const {
    std::vector<int64_t> indices;
    const auto size = static_cast<uint64_t>(training());
    for (auto p = static_cast<uint64_t>(position); std::ssize(indices) < count; ++p) {
      const Permutation epoch(size, seed_, "features/order", p / size);
      const auto slot = held_out_ + static_cast<int64_t>(epoch(p % size));
      indices.push_back(static_cast<int64_t>(all_(static_cast<uint64_t>(slot))));
    }
    return indices;
  }

 private:
  std::vector<int64_t> entries(int64_t begin, int64_t end) const {
    std::vector<int64_t> indices;
    for (int64_t i = begin; i < end; ++i) {
      indices.push_back(static_cast<int64_t>(all_(static_cast<uint64_t>(i))));
    }
    return indices;
  }

  Permutation all_;
  uint64_t seed_;
  int64_t held_out_;
};

void check(const data::Dataset& dataset, const FeatureTrainingConfig& config) {
  const auto refuse = [](const std::string& found, const std::string& allowed,
                         const std::string& remedy = "") {
    throw UsageError({.where = kWhere, .found = found, .allowed = allowed, .remedy = remedy});
  };
  if (dataset.spec().domain != "image") {
    refuse("data of the domain " + dataset.spec().domain, "images",
           "features \"identity\" need no training");
  }
  if (dataset.size() < kFewestImages) {
    refuse(std::to_string(dataset.size()) + " images", "20 or more");
  }
  if (config.kind == "classifier" && dataset.spec().classes < 2) {
    refuse(dataset.spec().classes == 0 ? "data without labels" : "data with a single class",
           "two or more classes", "--kind autoencoder");
  }
  if (config.kind != "auto" && config.kind != "classifier" && config.kind != "autoencoder") {
    refuse("kind \"" + config.kind + "\"", "auto, classifier, autoencoder");
  }
  if (!(config.kimg >= 0 && config.kimg <= kMostKimgAsked)) {
    refuse(format_number(config.kimg) + " kimg", "0 to 1,000,000");
  }
  if (config.batch < 1 || config.batch > kMostBatch) {
    refuse("batch " + std::to_string(config.batch), "1 to 65536");
  }
}

metrics::TrainedNetInfo info_of(const data::Dataset& dataset, const FeatureTrainingConfig& config,
                                int64_t held_out) {
  const SampleSpec& spec = dataset.spec();
  const bool classify = config.kind != "autoencoder" && spec.classes >= 2;
  const double passes = kPasses * static_cast<double>(dataset.size() - held_out) / 1000;
  return {.shape = spec.shape,
          .classes = classify ? spec.classes : 0,
          .dim = config.dim,
          .data_fingerprint = dataset.fingerprint(),
          .split = config.split,
          .seed = config.seed,
          .kimg = config.kimg > 0 ? config.kimg : std::clamp(passes, kLeastKimg, kMostKimg),
          .held_out = held_out};
}

// The network in training, with what only training needs.
class Training {
 public:
  Training(const data::Dataset& dataset, const FeatureTrainingConfig& config)
      : dataset_(dataset),
        order_(dataset.size(), config.seed),
        net_(metrics::make_trained_net(info_of(dataset, config, order_.held_out()))),
        decoder_(net_.head ? nullptr : metrics::make_decoder(net_.info)),
        batch_(config.batch) {
    each_part([&](const std::string& name, nn::Module& part) {
      part.initialize(config.seed, "features/" + name);
    });
  }

  void run(Progress* progress);
  void judge();
  metrics::TrainedNet result() { return std::move(net_); }

 private:
  void each_part(const std::function<void(const std::string&, nn::Module&)>& visit) {
    visit("encoder", *net_.encoder);
    if (net_.head) visit("head", *net_.head);
    if (decoder_) visit("decoder", *decoder_);
  }
  NamedParameters parameters() {
    NamedParameters all;
    each_part([&](const std::string& name, nn::Module& part) {
      part.each_parameter([&](const std::string& path, at::Tensor& tensor) {
        all.emplace_back(name + "/" + path, tensor);
      });
    });
    return all;
  }
  at::Tensor loss(const Batch& batch) const {
    const at::Tensor features = net_.encoder->forward(batch.samples);
    if (net_.head) return at::cross_entropy_loss(net_.head->forward(features), batch.labels);
    return at::mse_loss(decoder_->forward(features), metrics::thumbnails(batch.samples));
  }
  double accuracy(const Batch& batch) const;

  const data::Dataset& dataset_;
  Order order_;
  metrics::TrainedNet net_;
  nn::ModulePtr decoder_;
  int64_t batch_;
};

void Training::run(Progress* progress) {
  const auto images = static_cast<int64_t>(std::ceil(net_.info.kimg * 1000));
  Optimizer optimizer({.learning_rate = kRate,
                       .beta1 = 0.9,
                       .decay = Decay::kLinear,
                       .decay_end_kimg = net_.info.kimg},
                      parameters());
  for (int64_t shown = 0, step = 0; shown < images; shown += batch_, ++step) {
    const at::Tensor value = loss(data::read_batch(dataset_, order_.batch(shown, batch_)));
    optimizer.zero_grad();
    value.backward();
    optimizer.step(static_cast<double>(shown) / 1000);
    if (step % kReportEverySteps != 0 && shown + batch_ < images) continue;
    const auto number = value.item<double>();
    if (!std::isfinite(number)) {
      throw NumericError(
          {.where = kWhere,
           .found = "a loss that is not finite after " + format_count(shown + batch_) + " images",
           .remedy = "another --seed"});
    }
    if (progress != nullptr) {
      progress->update({static_cast<double>(std::min(shown + batch_, images)),
                        static_cast<double>(images),
                        {{"loss", format_number(number)}}});
    }
  }
}

// How many of one batch are named rightly.
double Training::accuracy(const Batch& batch) const {
  return net_.head->forward(net_.encoder->forward(batch.samples))
      .argmax(1)
      .eq(batch.labels)
      .sum()
      .item<double>();
}

void Training::judge() {
  const at::NoGradGuard no_grad;
  double right = 0;
  double error = 0;
  at::Tensor sum;
  double squares = 0;
  const int64_t count = order_.held_out();
  for (int64_t begin = 0; begin < count; begin += kJudgeBatch) {
    const int64_t end = std::min(begin + kJudgeBatch, count);
    const Batch batch = data::read_batch(dataset_, order_.held_out(begin, end));
    if (net_.head) {
      right += accuracy(batch);
      continue;
    }
    const at::Tensor small = metrics::thumbnails(batch.samples).to(at::kDouble);
    error += (decoder_->forward(net_.encoder->forward(batch.samples)) - small)
                 .square()
                 .sum()
                 .item<double>();
    const at::Tensor total = small.sum(0);
    sum = sum.defined() ? sum + total : total;
    squares += small.square().sum().item<double>();
  }
  const auto n = static_cast<double>(count);
  if (net_.head) {
    net_.info.accuracy = right / n;
  } else {
    const double variance = squares - sum.square().sum().item<double>() / n;
    net_.info.accuracy = variance > 0 ? 1 - error / variance : 0;
  }
}

}  // namespace

metrics::TrainedNet train_feature_net(const data::Dataset& dataset,
                                      const FeatureTrainingConfig& config, Progress* progress) {
  check(dataset, config);
  Training training(dataset, config);
  training.run(progress);
  training.judge();
  return training.result();
}

}  // namespace ganymede::train
