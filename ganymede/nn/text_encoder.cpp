#include "ganymede/nn/text_encoder.h"

#include <ATen/ATen.h>

#include <cmath>

namespace ganymede::nn {
namespace {

constexpr int64_t kWindow = 3;
constexpr double kWordDeviation = 0.3;
constexpr double kSmallest = 1e-6;  // length below which a row is not scaled up any more

class WordTable final : public Module {
 public:
  WordTable(int64_t vocabulary, int64_t dim)
      : weight_(parameter("weight", {vocabulary, dim}, Init::normal(0, kWordDeviation))) {}
  at::Tensor forward(const at::Tensor& numbers) override { return at::embedding(weight_, numbers); }

 private:
  at::Tensor& weight_;
};

class WordWindow final : public Module {
 public:
  WordWindow(int64_t in, int64_t out)
      : weight_(parameter("weight", {out, in, kWindow}, Init::fan_in(in * kWindow))),
        bias_(parameter("bias", {out}, Init::fan_in(in * kWindow))) {}
  // [N, in, length] -> [N, out, length]
  at::Tensor forward(const at::Tensor& input) override {
    return at::conv1d(input, weight_, bias_, /*stride=*/1, /*padding=*/kWindow / 2);
  }

 private:
  at::Tensor& weight_;
  at::Tensor& bias_;
};

class TextEncoder final : public Module {
 public:
  TextEncoder(const TokenSpec& tokens, const TextEncoderOptions& options)
      : word_(child("word", std::make_shared<WordTable>(tokens.vocabulary, options.word_dim))),
        window_(child("window", std::make_shared<WordWindow>(options.word_dim, options.units))),
        out_(child("out",
                   std::make_shared<Linear>(options.word_dim + options.units, options.text_dim))) {}

  at::Tensor forward(const at::Tensor& tokens) override {
    const at::Tensor numbers = tokens.to(at::kLong);
    const at::Tensor known = numbers.ge(kFirstToken).to(at::kFloat).unsqueeze(1);
    const at::Tensor words = word_(numbers).transpose(1, 2) * known;
    const at::Tensor windows = at::relu(window_(words)) * known;
    const at::Tensor sum = at::cat({words, windows}, 1).sum(2);
    return to_unit_size(out_(sum / known.sum(2).clamp_min(1)));
  }

 private:
  WordTable& word_;
  WordWindow& window_;
  Linear& out_;
};

}  // namespace

ModulePtr text_encoder(const TokenSpec& tokens, const TextEncoderOptions& options) {
  return std::make_shared<TextEncoder>(tokens, options);
}

at::Tensor to_unit_size(const at::Tensor& rows) {
  const at::Tensor length = rows.norm(2, 1, /*keepdim=*/true).clamp_min(kSmallest);
  return rows / length * std::sqrt(static_cast<double>(rows.size(1)));
}

}  // namespace ganymede::nn
