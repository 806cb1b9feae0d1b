#include "ganymede/data/text/oracle.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "ganymede/core/draw.h"
#include "ganymede/core/random.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/builtin.h"
#include "ganymede/data/text/text_data.h"
#include "ganymede/data/text/vocabulary.h"

namespace ganymede::data {
namespace {

constexpr const char* kName = "oracle-text";
constexpr int64_t kWidth = 32;
constexpr int64_t kTrainTexts = 10'000, kTestTexts = 10'000;
constexpr int64_t kBlock = 100;  // texts that are written together

// Texts come in blocks, each written when one of its texts is first read.
class OracleData final : public Dataset {
 public:
  OracleData(int64_t first, int64_t count)
      : first_(first),
        count_(count),
        written_(static_cast<size_t>((count + kBlock - 1) / kBlock)),
        blocks_(written_.size()) {
    std::vector<std::string> words;
    for (int64_t i = 0; i < Oracle::kTokens; ++i) words.push_back(std::to_string(i));
    spec_.domain = "text";
    spec_.shape = {Oracle::kLength};
    spec_.domain_state = text_state(Vocabulary::of_words(std::move(words)), /*ends=*/false);
  }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return count_; }
  std::string kind() const override { return "built-in"; }
  int64_t label(int64_t) const override { return -1; }
  std::string fingerprint() const override {
    return fmt::format("{:016x}", static_cast<uint64_t>(first_ * kTrainTexts + count_));
  }

  void read(int64_t index, float* out) const override {
    const auto block = static_cast<size_t>(index / kBlock);
    std::call_once(written_[block], [&] {
      const int64_t begin = static_cast<int64_t>(block) * kBlock;
      blocks_[block] =
          (Oracle::get().sample(first_ + begin, kBlock) + kFirstToken).to(at::kFloat).contiguous();
    });
    const float* row = blocks_[block].data_ptr<float>() + (index % kBlock) * Oracle::kLength;
    std::copy_n(row, Oracle::kLength, out);
  }

 private:
  SampleSpec spec_;
  int64_t first_;
  int64_t count_;
  mutable std::vector<std::once_flag> written_;
  mutable std::vector<at::Tensor> blocks_;
};

}  // namespace

Oracle::Oracle() {
  Stream random(kBuiltinSeed, kName);
  embedding_ = random.normal({kTokens, kWidth});
  input_ = random.normal({4 * kWidth, kWidth});
  hidden_ = random.normal({4 * kWidth, kWidth});
  bias_ = random.normal({4 * kWidth});
  output_ = random.normal({kTokens, kWidth});
  output_bias_ = random.normal({kTokens});
}

const Oracle& Oracle::get() {
  static const Oracle oracle;
  return oracle;
}

// As published, a text begins after token 0.
Oracle::State Oracle::begin(int64_t rows) const {
  const at::Tensor zeros = at::zeros({rows, kWidth});
  return read(at::zeros({rows}, at::kLong), {zeros, zeros});
}

Oracle::State Oracle::read(const at::Tensor& token, const State& state) const {
  const auto [hidden, cell] =
      at::lstm_cell(embedding_.index_select(0, token), {state.hidden, state.cell}, input_, hidden_,
                    bias_, at::zeros_like(bias_));
  return {hidden, cell};
}

at::Tensor Oracle::logits(const State& state) const {
  return at::linear(state.hidden, output_, output_bias_);
}

at::Tensor Oracle::sample(int64_t first, int64_t count) const {
  const at::NoGradGuard no_grad;
  at::Tensor uniform = at::empty({count, kLength});
  for (int64_t i = 0; i < count; ++i) {
    Stream random(kBuiltinSeed, "oracle-text/sample", static_cast<uint64_t>(first + i));
    random.fill_uniform(uniform[i].data_ptr<float>(), kLength);
  }
  at::Tensor tokens = at::empty({count, kLength}, at::kLong);
  State state = begin(count);
  for (int64_t t = 0; t < kLength; ++t) {
    const at::Tensor token = draw_from_logits(logits(state), uniform.select(1, t));
    tokens.select(1, t).copy_(token);
    if (t + 1 < kLength) state = read(token, state);
  }
  return tokens;
}

at::Tensor Oracle::nats(const at::Tensor& tokens) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  for (const at::Tensor& block : tokens.split(kBlock)) {
    State state = begin(block.size(0));
    at::Tensor nats = at::zeros({block.size(0)});
    for (int64_t t = 0; t < kLength; ++t) {
      const at::Tensor token = block.select(1, t);
      nats += at::cross_entropy_loss(logits(state), token, {}, at::Reduction::None);
      if (t + 1 < kLength) state = read(token, state);
    }
    parts.push_back(nats);
  }
  return at::cat(parts);
}

std::shared_ptr<Dataset> open_oracle_text(const DataConfig& config) {
  if (config.path != kName) return nullptr;
  SampleRange range = split_range(config.split, kTrainTexts, kTestTexts);
  if (config.limit > 0) range.count = std::min(range.count, config.limit);
  return std::make_shared<OracleData>(range.first, range.count);
}

}  // namespace ganymede::data
