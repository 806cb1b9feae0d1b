#include "ganymede/metrics/classifier.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/safetensors.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/metrics/image_batches.h"
#include "ganymede/nn/layers.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kThumbnailPx = 64;
constexpr int64_t kSmallMapPx = 8;
constexpr int64_t kMostSidePx = 4096;
constexpr int64_t kMostChannels = 16;
constexpr int64_t kMostDim = 4096;
constexpr int64_t kMostClasses = 65536;
constexpr int64_t kBatch = 256;
constexpr const char* kFormatKey = "ganymede.features";
constexpr const char* kFormat = "1";

// Channels after block `index` of the encoder.
int64_t width_of(size_t index) {
  constexpr std::array<int64_t, 3> kWidths = {32, 64, 128};
  return kWidths[std::min(index, kWidths.size() - 1)];
}

int64_t whole_factor(int64_t height, int64_t width) {
  return (std::max(height, width) + kThumbnailPx - 1) / kThumbnailPx;
}

// Sides of the maps, from the thumbnail to the last one.
std::vector<std::array<int64_t, 2>> map_sizes(const TrainedNetInfo& info) {
  const int64_t factor = whole_factor(info.shape[1], info.shape[2]);
  std::vector<std::array<int64_t, 2>> sizes = {
      {(info.shape[1] + factor - 1) / factor, (info.shape[2] + factor - 1) / factor}};
  const auto may_halve = [&] {
    const auto [height, width] = sizes.back();
    return std::max(height, width) > kSmallMapPx && std::min(height, width) > 1;
  };
  do {
    sizes.push_back({sizes.back()[0] / 2, sizes.back()[1] / 2});
  } while (may_halve());
  return sizes;
}

void check_info(const TrainedNetInfo& info) {
  const bool image = info.shape.size() == 3 && info.shape[0] >= 1 &&
                     info.shape[0] <= kMostChannels &&
                     std::min(info.shape[1], info.shape[2]) >= 4 &&
                     std::max(info.shape[1], info.shape[2]) <= kMostSidePx;
  // The shorter side must outlast the halving of the longer one.
  const bool square_enough =
      image && std::max(info.shape[1], info.shape[2]) <= 8 * std::min(info.shape[1], info.shape[2]);
  if (square_enough && info.dim >= 1 && info.dim <= kMostDim && info.classes >= 0 &&
      info.classes <= kMostClasses) {
    return;
  }
  throw UsageError({.where = "metrics::TrainedNet",
                    .found = fmt::format("samples of [{}], {} features, {} classes",
                                         fmt::join(info.shape, ", "), info.dim, info.classes),
                    .allowed = "images [1..16, 4..4096, 4..4096], at most 8 times as long as "
                               "wide; 1..4096 features"});
}

int64_t last_values(const TrainedNetInfo& info) {
  const auto sizes = map_sizes(info);
  return width_of(sizes.size() - 2) * sizes.back()[0] * sizes.back()[1];
}

nn::ModulePtr make_encoder(const TrainedNetInfo& info) {
  auto encoder = std::make_shared<nn::Sequential>();
  encoder->push(std::make_shared<nn::Function>(thumbnails));
  int64_t in = info.shape[0];
  for (size_t i = 0; i + 1 < map_sizes(info).size(); ++i) {
    encoder->push(nn::conv(in, width_of(i),
                           {.kernel = 3,
                            .padding = 1,
                            .weight_init = nn::Init::he_uniform(in * 9),
                            .bias_init = nn::Init::constant(0)}));
    encoder->push(nn::relu(/*in_place=*/true));
    encoder->push(nn::max_pool(2, 2));
    in = width_of(i);
  }
  encoder->push(nn::flatten());
  encoder->push(nn::linear(last_values(info), info.dim));
  return encoder;
}

// --- metadata

std::string number_text(double value) { return fmt::format("{}", value); }

std::map<std::string, std::string> metadata_of(const TrainedNetInfo& info) {
  return {{kFormatKey, kFormat},
          {"kind", info.kind()},
          {"shape", fmt::format("{}", fmt::join(info.shape, ","))},
          {"classes", std::to_string(info.classes)},
          {"dim", std::to_string(info.dim)},
          {"data_fingerprint", info.data_fingerprint},
          {"split", info.split},
          {"seed", std::to_string(info.seed)},
          {"kimg", number_text(info.kimg)},
          {"held_out", std::to_string(info.held_out)},
          {"accuracy", number_text(info.accuracy)}};
}

// The metadata of a file, with errors that name it.
struct Metadata {
  const std::map<std::string, std::string>& values;
  const std::string& where;

  [[noreturn]] void refuse(const std::string& key, const std::string& found) const {
    throw ModelError({.where = where,
                      .found = "metadata " + key + " is \"" + found + "\"",
                      .remedy = "make the file again: gan features train"});
  }
  const std::string& text(const std::string& key) const {
    const auto found = values.find(key);
    if (found == values.end()) refuse(key, "missing");
    return found->second;
  }
  template <typename T>
  T parse(const std::string& key, const std::string& text) const {
    T value{};
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) refuse(key, text);
    return value;
  }
  template <typename T>
  T number(const std::string& key) const {
    return parse<T>(key, text(key));
  }
  std::vector<int64_t> numbers(const std::string& key) const {
    std::vector<int64_t> list;
    const std::string& all = text(key);
    for (size_t begin = 0; begin <= all.size();) {
      const size_t end = std::min(all.find(',', begin), all.size());
      list.push_back(parse<int64_t>(key, all.substr(begin, end - begin)));
      begin = end + 1;
    }
    return list;
  }
};

TrainedNetInfo read_info(const Metadata& metadata) {
  if (metadata.text(kFormatKey) != kFormat) metadata.refuse(kFormatKey, metadata.text(kFormatKey));
  TrainedNetInfo info{.shape = metadata.numbers("shape"),
                      .classes = metadata.number<int64_t>("classes"),
                      .dim = metadata.number<int64_t>("dim"),
                      .data_fingerprint = metadata.text("data_fingerprint"),
                      .split = metadata.text("split"),
                      .seed = metadata.number<uint64_t>("seed"),
                      .kimg = metadata.number<double>("kimg"),
                      .held_out = metadata.number<int64_t>("held_out"),
                      .accuracy = metadata.number<double>("accuracy")};
  if (metadata.text("kind") != info.kind()) metadata.refuse("kind", metadata.text("kind"));
  return info;
}

nn::TensorMap with_prefix(const nn::TensorMap& tensors, const std::string& prefix) {
  nn::TensorMap result;
  for (const auto& [name, tensor] : tensors) result[prefix + name] = tensor;
  return result;
}

nn::TensorMap part_of(const nn::TensorMap& tensors, const std::string& prefix) {
  nn::TensorMap result;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) result[name.substr(prefix.size())] = tensor;
  }
  return result;
}

// --- use

class TrainedFeatureNet final : public FeatureNet {
 public:
  TrainedFeatureNet(TrainedNet net, std::string sha256)
      : net_(std::move(net)), sha256_(std::move(sha256)) {}

  std::string name() const override { return net_.info.kind(); }
  std::string sha256() const override { return sha256_; }
  int64_t dim() const override { return net_.info.dim; }
  int64_t classes() const override { return net_.info.classes; }
  std::string resize_mode() const override { return "none"; }

  at::Tensor features(const at::Tensor& samples) const override {
    check_samples(samples, net_.info.shape, name());
    return in_batches(samples, kBatch, net_.info.dim,
                      [&](const at::Tensor& images) { return net_.encoder->forward(images); });
  }
  at::Tensor class_probabilities(const at::Tensor& features) const override {
    const at::NoGradGuard no_grad;
    return net_.head ? net_.head->forward(features).softmax(1) : at::Tensor();
  }

 private:
  TrainedNet net_;
  std::string sha256_;
};

}  // namespace

at::Tensor thumbnails(const at::Tensor& images) {
  const int64_t factor = whole_factor(images.size(2), images.size(3));
  if (factor == 1) return images;
  return at::adaptive_avg_pool2d(
      images, {(images.size(2) + factor - 1) / factor, (images.size(3) + factor - 1) / factor});
}

TrainedNet make_trained_net(const TrainedNetInfo& info) {
  check_info(info);
  TrainedNet net{info, make_encoder(info), nullptr};
  if (info.classes > 0) {
    net.head = nn::sequence(nn::relu(), nn::linear(info.dim, info.classes));
  }
  return net;
}

nn::ModulePtr make_decoder(const TrainedNetInfo& info) {
  check_info(info);
  const auto sizes = map_sizes(info);
  auto decoder = std::make_shared<nn::Sequential>();
  int64_t in = width_of(sizes.size() - 2);
  decoder->push(nn::linear(info.dim, last_values(info)));
  decoder->push(nn::reshape({in, sizes.back()[0], sizes.back()[1]}));
  for (size_t i = sizes.size() - 1; i-- > 0;) {
    const int64_t out = i == 0 ? info.shape[0] : width_of(i - 1);
    const std::array<int64_t, 2> size = sizes[i];
    decoder->push(nn::relu());
    decoder->push(std::make_shared<nn::Function>(
        [size](const at::Tensor& x) { return at::upsample_nearest2d(x, size); }));
    decoder->push(nn::conv(in, out, {.kernel = 3, .padding = 1}));
    in = out;
  }
  decoder->push(nn::tanh());
  return decoder;
}

void save_trained_net(const std::filesystem::path& path, const TrainedNet& net) {
  nn::TensorMap tensors = with_prefix(net.encoder->state(), "encoder.");
  if (net.head) tensors.merge(with_prefix(net.head->state(), "head."));
  write_file_atomic(path, media::encode_tensors(tensors, metadata_of(net.info)));
}

bool is_trained_net(const media::ByteSource& source) {
  return media::read_safetensors_header(source).metadata.contains(kFormatKey);
}

TrainedNet load_trained_net(const media::ByteSource& source) {
  const media::SafetensorsHeader header = media::read_safetensors_header(source);
  const TrainedNetInfo info = read_info({header.metadata, source.name()});
  TrainedNet net;
  try {
    net = make_trained_net(info);
  } catch (const UsageError& error) {
    throw ModelError({.where = source.name(),
                      .found = "metadata of " + error.parts().found,
                      .allowed = error.parts().allowed});
  }
  const nn::TensorMap tensors = media::decode_tensors(source);
  net.encoder->load_state(part_of(tensors, "encoder."), source.name());
  if (net.head) net.head->load_state(part_of(tensors, "head."), source.name());
  return net;
}

std::unique_ptr<FeatureNet> trained_feature_net(TrainedNet net, const std::string& sha256) {
  net.encoder->set_frozen(true);
  if (net.head) net.head->set_frozen(true);
  return std::make_unique<TrainedFeatureNet>(std::move(net), sha256);
}

}  // namespace ganymede::metrics
