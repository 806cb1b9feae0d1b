// Generative adversarial imputation: Yoon, Jordon, van der Schaar 2018, arXiv 1806.02920, with the
// numbers of the authors' code (jsyoon0823/GAIN). G completes rows from what is observed, D judges
// for every cell whether it was observed, helped by a hint that shows it most of the answer.
//
// Beyond the paper: a cell may be a category, one-hot, completed by a softmax and judged by its
// cross-entropy; `hide` takes observed cells away in training, whose completion is then judged by
// what was there.
#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/nn/networks.h"
#include "ganymede/nn/table_networks.h"

namespace ganymede::gans {
namespace {

constexpr double kNoise = 0.01;     // missing numbers begin as U(0, this)
constexpr double kLeastLog = 1e-8;  // keeps logarithms finite

struct GainConfig {
  int64_t hidden_units = 0;
  double hint_rate = 0.9;
  double reconstruction_weight = 100;
  double category_weight = 1;
  double hide = 0;

  static void describe(config::Schema<GainConfig>& s) {
    s.field("hidden_units", &GainConfig::hidden_units,
            "width of the two hidden layers of both networks; 0: that of a row")
        .range(0, 65536);
    s.field("hint_rate", &GainConfig::hint_rate, "share of cells that the hint speaks of")
        .range(0, 1);
    s.field("reconstruction_weight", &GainConfig::reconstruction_weight,
            "alpha: of the squared error over observed numbers")
        .range(0, 1e6);
    s.field("category_weight", &GainConfig::category_weight,
            "of the cross-entropy over observed categories")
        .range(0, 1e6);
    s.field("hide", &GainConfig::hide,
            "share of observed cells that training takes for missing, and judges by their values")
        .range(0, 0.95);
  }
};

nn::ModulePtr make_network(const GainConfig& config, int64_t in, int64_t out, int64_t row) {
  const int64_t units = config.hidden_units > 0 ? config.hidden_units : row;
  auto net = std::make_shared<nn::Sequential>();
  const auto layer = [&](int64_t from, int64_t to) {
    // The code's xavier_init: normal with deviation 1 / sqrt(in / 2).
    const double deviation = 1 / std::sqrt(static_cast<double>(from) / 2);
    net->push(nn::linear(
        from, to,
        {.weight_init = nn::Init::normal(0, deviation), .bias_init = nn::Init::constant(0)}));
  };
  layer(in, units);
  net->push(nn::relu());
  layer(units, units);
  net->push(nn::relu());
  layer(units, out);
  return net;
}

class Gain final : public Gan {
 public:
  Gain(const GainConfig& config, const SampleSpec& spec)
      : Gan(checked(spec)),
        config_(config),
        width_(spec.shape.at(0)),
        cells_(static_cast<int64_t>(spec.spans.size())),
        generator_(network("generator", Role::kAveraged,
                           [&] { return make_network(config, width_ + cells_, width_, width_); })),
        discriminator_(network("discriminator", Role::kTrained, [&] {
          return make_network(config, width_ + cells_, cells_, width_);
        })) {}

  std::vector<Phase> phases() const override {
    return {{"D", {discriminator_}}, {"G", {generator_}}};
  }

  Terms loss(const Phase& phase, const Batch& reals, Step& step) override {
    const at::Tensor there = observed_cells(reals.samples);
    const auto chosen = [&](const char* name, double share) {  // both players see the same draws
      return step.once(name, [&] { return (step.uniform(there.sizes()) < share).to(at::kFloat); });
    };
    const at::Tensor observed = config_.hide > 0 ? there * chosen("kept", 1 - config_.hide) : there;
    const at::Tensor mask = by_number(observed);
    const at::Tensor data = at::nan_to_num(reals.samples, 0.0);
    const at::Tensor noise =
        step.once("noise", [&] { return step.latents(latent(), reals.size()); });
    const at::Tensor made = complete(*generator_->module, data, observed, mask, noise);
    at::Tensor filled = mask * data + (1 - mask) * made;
    if (phase.name == "D") filled = filled.detach();
    const at::Tensor hint = observed * chosen("hint", config_.hint_rate);
    const at::Tensor logits = discriminator_(at::cat({filled, hint}, 1));
    if (phase.name == "D")
      return {{"adversarial", at::binary_cross_entropy_with_logits(logits, observed)}};
    return generator_terms(logits, observed, by_number(there), data, made);
  }

  // What a missing number is before it is completed.
  Latent latent() const override {
    return {.dim = width_, .kind = Latent::Kind::kUniform, .low = 0, .high = kNoise};
  }

  // Rows of which nothing is observed.
  at::Tensor generate(const Request& request) override {
    const at::Tensor noise = request.latents(latent());
    const at::Tensor none = at::zeros({request.count(), cells_}, noise.options());
    return complete(averaged(generator_), noise, none, by_number(none), noise);
  }

  at::Tensor impute(const at::Tensor& samples, const Request& request) override {
    const at::Tensor observed = observed_cells(samples);
    const at::Tensor mask = by_number(observed);
    const at::Tensor data = at::nan_to_num(samples, 0.0);
    const at::Tensor made =
        complete(averaged(generator_), data, observed, mask, request.latents(latent()));
    return mask * data + (1 - mask) * made;
  }

 private:
  static SampleSpec checked(const SampleSpec& spec) {
    bool fits = !spec.spans.empty();
    for (const Span& span : spec.spans) fits = fits && span.kind != Span::Kind::kScalar;
    if (fits) return spec;
    throw UsageError({.where = "gain",
                      .found = "samples of the domain " + spec.domain +
                               (spec.spans.empty() ? "" : ", encoded by modes"),
                      .allowed = "rows of a table, numbers scaled to [0, 1]",
                      .remedy = "data.encoding=minmax"});
  }

  // float32 [N, cells]: 1 where the cell is there. A span is missing as a whole.
  at::Tensor observed_cells(const at::Tensor& samples) const {
    std::vector<int64_t> firsts;
    int64_t first = 0;
    for (const Span& span : spec().spans) {
      firsts.push_back(first);
      first += span.width;
    }
    const at::Tensor places = at::tensor(firsts, at::kLong).to(samples.device());
    return at::isnan(samples.index_select(1, places)).logical_not().to(at::kFloat);
  }

  // [N, cells] -> [N, width]: each cell's value for all numbers of its span.
  at::Tensor by_number(const at::Tensor& cells) const {
    std::vector<int64_t> owners;
    for (int64_t cell = 0; cell < cells_; ++cell)
      owners.insert(owners.end(),
                    static_cast<size_t>(spec().spans[static_cast<size_t>(cell)].width), cell);
    return cells.index_select(1, at::tensor(owners, at::kLong).to(cells.device()));
  }

  at::Tensor complete(nn::Module& generator, const at::Tensor& data, const at::Tensor& observed,
                      const at::Tensor& mask, const at::Tensor& noise) const {
    const at::Tensor input = mask * data + (1 - mask) * noise;
    return nn::activate_spans(generator.forward(at::cat({input, observed}, 1)), spec().spans);
  }

  // Cells that are hidden in training are known all the same: `known` has them.
  Terms generator_terms(const at::Tensor& logits, const at::Tensor& observed,
                        const at::Tensor& known, const at::Tensor& data, const at::Tensor& made) {
    Terms terms = {{"adversarial", ((1 - observed) * at::softplus(-logits)).mean()}};
    std::vector<float> numbers, categories;
    for (const Span& span : spec().spans) {
      const bool unit = span.kind == Span::Kind::kUnit;
      numbers.insert(numbers.end(), static_cast<size_t>(span.width), unit ? 1.0F : 0.0F);
      categories.insert(categories.end(), static_cast<size_t>(span.width), unit ? 0.0F : 1.0F);
    }
    const at::Tensor known_numbers = known * at::tensor(numbers).to(known.device());
    const at::Tensor known_categories = known * at::tensor(categories).to(known.device());
    const auto per_cell = [](const at::Tensor& sum, const at::Tensor& count) {
      return sum.sum() / count.sum().clamp_min(1);
    };
    terms.push_back({"reconstruction",
                     per_cell((known_numbers * (data - made)).square(), known_numbers),
                     config_.reconstruction_weight});
    const at::Tensor hits = known_categories * data;  // one 1 in each observed category
    terms.push_back({"cross_entropy", per_cell(-(hits * made.clamp_min(kLeastLog).log()), hits),
                     config_.category_weight});
    return terms;
  }

  GainConfig config_;
  int64_t width_;
  int64_t cells_;
  NetworkRef generator_;
  NetworkRef discriminator_;
};

}  // namespace

void register_gain(Registry& registry) {
  registry.add<Gain, GainConfig>({.name = "gain",
                                  .title = "Generative adversarial imputation of missing values",
                                  .paper = "Yoon et al. 2018, arXiv 1806.02920",
                                  .task = "imputation of table cells",
                                  .domains = {"table"},
                                  .sizes = "any"});
}

}  // namespace ganymede::gans
