// The gans of tables against an independent PyTorch script (tests/golden/tables.py): networks,
// losses, gradients, and five steps of Adam in the published order; random draws included.
#include "../golden/gans_golden.h"
#include "ganymede/core/error.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/nn/table_networks.h"
#include "ganymede/ops/multi_tensor.h"

namespace ganymede::golden {
namespace {

const json& table_case(const std::string& name) {
  static const json cases =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/tables.json"));
  return *std::find_if(cases.begin(), cases.end(),
                       [&](const json& golden) { return golden["name"] == name; });
}

SampleSpec rows_spec(const json& golden) {
  SampleSpec spec{.domain = "table", .shape = {0}};
  for (const json& span : golden["spans"]) {
    const std::string kind = span["kind"];
    spec.spans.push_back({.kind = kind == "scalar" ? Span::Kind::kScalar
                                  : kind == "unit" ? Span::Kind::kUnit
                                                   : Span::Kind::kOneHot,
                          .width = span["width"],
                          .column = span["column"],
                          .shares = span["shares"]});
    spec.shape[0] += spec.spans.back().width;
  }
  return spec;
}

at::Tensor rows_of(const json& rows) {
  if (rows.is_null()) return {};
  const auto width = static_cast<int64_t>(rows[0].size());
  at::Tensor tensor = at::empty({static_cast<int64_t>(rows.size()), width});
  float* out = tensor.data_ptr<float>();
  for (const json& row : rows) {
    for (const json& value : row)
      *out++ = value.is_null() ? NAN : static_cast<float>(value.get<double>());
  }
  return tensor;
}

Batch batch_at(const json& golden, size_t index) {
  const json& batch = golden["batches"][index];
  return {
      .samples = rows_of(batch["samples"]), .labels = {}, .condition = rows_of(batch["condition"])};
}

std::unique_ptr<gans::Gan> make_table_gan(const json& golden) {
  const auto builder = gans::registry().find(golden["gan"]).builder();
  config::Recipe recipe;
  for (const auto& [key, literal] : golden["config"].items())
    recipe.set("gan." + key + "=" + literal.get<std::string>());
  recipe.bind(builder->section());
  auto gan = builder->build(rows_spec(golden));
  gan->initialize(0);
  for (const auto& network : gan->networks()) fill_weights(*network->module);
  gan->reset_averages();
  return gan;
}

class GoldenTables : public ::testing::TestWithParam<const char*> {
 protected:
  gans::Request request() const {
    return {.seeds = {},
            .z = by_formula({golden_["rows"], gan_->latent().dim},
                            [](double i) { return std::sin(1.3 * i); }),
            .condition = batch_at(golden_, 0).condition};
  }
  const json& golden_ = table_case(GetParam());
  std::unique_ptr<gans::Gan> gan_ = make_table_gan(golden_);
};

TEST_P(GoldenTables, NetworksHavePyTorchsParameters) {
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(GoldenTables, GeneratesTheSame) {
  expect_digest(gans::sample(*gan_, request()), golden_["generated"], 1e-5, 1e-3, "G(z)");
}

TEST_P(GoldenTables, LossesAndGradientsOfEveryPhaseAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  for (const json& expected : golden_["first"]) {
    const auto phases = gan_->phases();
    const std::string name = expected["phase"];
    const auto phase = std::find_if(phases.begin(), phases.end(),
                                    [&](const gans::Phase& own) { return own.name == name; });
    ASSERT_NE(phase, phases.end());
    step.begin_phase(*phase, 0);
    checked_loss(*gan_, *phase, batch_at(golden_, 0), step, expected["terms"], 1e-5).backward();
    for (const auto& network : phase->networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        ASSERT_TRUE(parameter.grad().defined()) << path;
        expect_digest(parameter.grad(), expected["gradients"].at(path), 1e-4, 0.05,
                      "gradient of " + path);
      });
    }
  }
}

struct Adam {
  std::vector<at::Tensor> parameters, first, second, counts;
  ops::AdamRates rates;

  Adam(const gans::Phase& phase, const json& numbers)
      : rates{.rate = numbers["rate"],
              .beta1 = numbers["beta1"],
              .beta2 = numbers["beta2"],
              .weight_decay = numbers["decay"]} {
    for (const auto& network : phase.networks) {
      network->module->each_parameter([&](const std::string&, at::Tensor& parameter) {
        parameters.push_back(parameter);
        first.push_back(at::zeros_like(parameter.detach()));
        second.push_back(at::zeros_like(parameter.detach()));
        counts.push_back(at::zeros({}));
      });
    }
  }
  void step() {
    std::vector<at::Tensor> values, gradients;
    for (at::Tensor& parameter : parameters) {
      values.push_back(parameter.detach());
      gradients.push_back(parameter.grad());
    }
    for (at::Tensor& count : counts) count += 1;
    ops::adam_step(values, gradients, first, second, counts, rates);
    for (at::Tensor& parameter : parameters) parameter.mutable_grad().reset();
  }
};

TEST_P(GoldenTables, FiveStepsEndInTheSameWeights) {
  const auto phases = gan_->phases();
  std::vector<Adam> optimizers;
  for (const gans::Phase& phase : phases) optimizers.emplace_back(phase, golden_["adam"]);
  size_t at = 0;
  for (int64_t index = 0; index < 5; ++index) {
    gans::Step step(*gan_, golden_["seed"], index, at::kCPU);
    for (size_t i = 0; i < phases.size(); ++i) {
      step.begin_phase(phases[i], 0);
      checked_loss(*gan_, phases[i], batch_at(golden_, static_cast<size_t>(index)), step,
                   golden_["steps"][at++], 1e-4)
          .backward();
      optimizers[i].step();
    }
  }
  for (const auto& network : gan_->networks()) {
    const json& final = golden_["final"][network->name];
    network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
      if (final.contains(path)) expect_digest(parameter, final[path], 1e-4, 0.1, path);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, GoldenTables, ::testing::Values("ctgan", "ctgan_shared", "gain"),
                         [](const auto& info) { return std::string(info.param); });

TEST(GoldenTablesAlone, CompletedRowsAreTheSameAndKeepWhatIsThere) {
  const json& golden = table_case("gain");
  const auto gan = make_table_gan(golden);
  const at::NoGradGuard no_grad;
  const at::Tensor rows = batch_at(golden, 0).samples;
  gans::Request request;
  request.z =
      by_formula({rows.size(0), gan->latent().dim}, [](double i) { return std::sin(1.3 * i); });
  const at::Tensor filled = gan->impute(rows, request);
  expect_digest(filled, golden["imputed"], 1e-5, 1e-3, "completed rows");
  EXPECT_TRUE(at::isfinite(filled).all().item<bool>());
  EXPECT_TRUE(at::isnan(rows).any().item<bool>());
  EXPECT_TRUE(at::equal(at::where(at::isnan(rows), filled, rows), filled));
}

TEST(GoldenTablesAlone, CtganJudgesInPacksAndNeedsWholeOnes) {
  const json& golden = table_case("ctgan");
  const auto gan = make_table_gan(golden);
  Batch batch = batch_at(golden, 0);
  const at::Tensor rows = at::cat({batch.samples, batch.condition}, 1).reshape({4, -1});
  const at::Tensor logits = gan->network("critic").module->forward(rows).flatten();
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_NEAR(logits[i].item<double>(), golden["logits"][static_cast<size_t>(i)].get<double>(),
                2e-5);
  batch.samples = batch.samples.slice(0, 0, 18);
  batch.condition = batch.condition.slice(0, 0, 18);
  gans::Step step(*gan, 1, 0, at::kCPU);
  EXPECT_THROW(gan->loss(gan->phases()[0], batch, step), UsageError);
}

TEST(GoldenTablesAlone, OtherRowsAreRefused) {
  const auto build = [](const char* gan, const SampleSpec& spec) {
    return gans::registry().find(gan).builder()->build(spec);
  };
  EXPECT_THROW(build("ctgan", {.domain = "points", .shape = {2}}), UsageError);
  EXPECT_THROW(build("gain", rows_spec(table_case("ctgan"))), UsageError);
  EXPECT_THROW(build("ctgan", rows_spec(table_case("gain"))), UsageError);
}

// A one-hot span's largest entry under Gumbel noise is a draw from its softmax (Maddison 2017).
TEST(GoldenTablesAlone, SeedsDrawCategoriesByTheirProbability) {
  const std::vector<Span> spans = {{.kind = Span::Kind::kOneHot, .width = 3}};
  const at::Tensor shares = at::tensor(std::vector<float>{0.6F, 0.3F, 0.1F});
  Stream random(4, "test");
  constexpr int64_t kRows = 20000;
  const at::Tensor noise = nn::gumbel_of(random.uniform({kRows, 3}));
  const at::Tensor rows = nn::activate_spans(shares.log().expand({kRows, 3}), spans, 0.2, noise);
  EXPECT_TRUE(at::allclose(rows.sum(1), at::ones({kRows})));
  const at::Tensor found = at::bincount(rows.argmax(1), {}, 3) / static_cast<double>(kRows);
  EXPECT_LT((found - shares).abs().max().item<double>(), 5 * std::sqrt(0.25 / kRows));
}

}  // namespace
}  // namespace ganymede::golden
