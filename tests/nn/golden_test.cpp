// Every layer and network family against PyTorch's own layers: output, gradients for input and
// parameters, and the gradients of the squared input gradient (what a gradient penalty needs).
#include <torch/csrc/autograd/autograd.h>

#include <functional>

#include "ganymede/nn/networks.h"
#include "tests/golden/summary.h"

namespace ganymede::nn {
namespace {

using golden::wave;

struct Case {
  std::string name;
  std::function<ModulePtr()> build;
  std::vector<int64_t> input;
  Mode mode = Mode::kTrain;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::vector<at::Tensor> gradients(const at::Tensor& value, const std::vector<at::Tensor>& wanted) {
  if (!value.requires_grad()) return std::vector<at::Tensor>(wanted.size());
  return torch::autograd::grad({value}, wanted, {}, true, true, /*allow_unused=*/true);
}

at::Tensor joined(const std::vector<at::Tensor>& tensors, const std::vector<at::Tensor>& like) {
  std::vector<at::Tensor> flat;
  for (size_t i = 0; i < like.size(); ++i) {
    flat.push_back(tensors[i].defined() ? tensors[i].reshape(-1)
                                        : at::zeros(like[i].numel(), like[i].options()));
  }
  return flat.empty() ? at::zeros(1) : at::cat(flat);
}

std::vector<at::Tensor> without_first(const std::vector<at::Tensor>& all) {
  return {all.begin() + 1, all.end()};
}

class GoldenLayer : public testing::TestWithParam<Case> {
 protected:
  // Compares all five results in `dtype`.
  static void compare(at::ScalarType dtype, double tolerance, double second_tolerance) {
    const Case& c = GetParam();
    static const nlohmann::json table = golden::load("nn.json");
    ASSERT_TRUE(table.contains(c.name));
    const nlohmann::json& wanted = table[c.name];
    const ModulePtr module = c.build();
    module->to(dtype);
    golden::fill(*module);
    Stream random(1, "unused");
    const ForwardScope scope(c.mode, &random);

    std::vector<at::Tensor> inputs = {wave(c.input, 1.0, 0.37, 0.5).to(dtype)};
    inputs[0].set_requires_grad(true);
    module->each_parameter([&](const std::string&, at::Tensor& p) { inputs.push_back(p); });
    const at::Tensor out = module->forward(inputs[0]);
    const auto first = gradients((out * wave(out.sizes(), 1.0, 0.2, 1.3).to(dtype)).sum(), inputs);
    const auto second = gradients(first[0].square().sum(), inputs);
    const auto parameters = without_first(inputs);

    golden::expect_matches(out, wanted["out"], "output", tolerance);
    golden::expect_matches(first[0], wanted["dx"], "input gradient", tolerance);
    golden::expect_matches(joined(without_first(first), parameters), wanted["dp"],
                           "parameter gradients", tolerance);
    golden::expect_matches(joined({second[0]}, {inputs[0]}), wanted["d2x"], "second, input",
                           second_tolerance);
    golden::expect_matches(joined(without_first(second), parameters), wanted["d2p"],
                           "second, parameters", second_tolerance);
    compare_buffers(*module, wanted, tolerance);
  }

  static void compare_buffers(Module& module, const nlohmann::json& wanted, double tolerance) {
    std::vector<at::Tensor> buffers;
    module.each_buffer([&](const std::string&, at::Tensor& b) { buffers.push_back(b); });
    ASSERT_EQ(buffers.empty(), !wanted.contains("buffers"));
    if (!buffers.empty()) {
      golden::expect_matches(at::cat(buffers), wanted["buffers"], "running means", tolerance);
    }
  }
};

TEST_P(GoldenLayer, DoubleMatchesPyTorch) { compare(at::kDouble, 1e-10, 1e-9); }
TEST_P(GoldenLayer, FloatMatchesPyTorch) { compare(at::kFloat, 2e-4, 2e-3); }

ModulePtr residual_up16() { return residual_up(5, 3, {2, 16, 16}); }
ModulePtr residual_down32() { return residual_down({2, 32, 32}, 3, {.norm = Norm::kLayer}); }

std::vector<Case> cases() {
  std::vector<Case> all = {
      {"linear", [] { return linear(5, 3); }, {4, 5}},
      {"maxout", [] { return maxout(5, 3, 4); }, {4, 5}},
      {"conv", [] { return conv(2, 3, {.kernel = 3, .stride = 2, .padding = 1}); }, {2, 2, 7, 7}},
      {"conv_transpose",
       [] { return conv_transpose(3, 2, {.kernel = 4, .stride = 2, .padding = 1}); },
       {2, 3, 4, 4}},
      {"conv_transpose_output_padding",
       [] {
         return conv_transpose(3, 2, {.kernel = 3, .stride = 2, .padding = 1, .output_padding = 1});
       },
       {2, 3, 4, 4}},
      {"batch_norm_images", [] { return batch_norm(3); }, {4, 3, 5, 5}},
      {"batch_norm_features", [] { return batch_norm(3); }, {6, 3}},
      {"batch_norm_evaluate", [] { return batch_norm(3); }, {4, 3, 5, 5}, Mode::kEvaluate},
      {"layer_norm_images", [] { return layer_norm(3); }, {4, 3, 5, 5}},
      {"layer_norm_features", [] { return layer_norm(6); }, {4, 6}},
      {"relu", [] { return relu(); }, {4, 9}},
      {"leaky_relu", [] { return leaky_relu(0.2); }, {4, 9}},
      {"tanh", [] { return tanh(); }, {4, 9}},
      {"sigmoid", [] { return sigmoid(); }, {4, 9}},
      {"softplus", [] { return softplus(); }, {4, 9}},
      {"upsample_nearest", [] { return upsample_nearest(2); }, {2, 2, 3, 3}},
      {"average_pool", [] { return average_pool(2); }, {2, 2, 6, 6}},
      {"max_pool", [] { return max_pool(3, 2); }, {2, 2, 7, 7}},
      {"crop", [] { return crop(3, 4); }, {2, 2, 6, 6}},
      {"global_mean", [] { return global_mean(); }, {2, 3, 4, 4}},
      {"global_sum", [] { return global_sum(); }, {2, 3, 4, 4}},
      {"mlp",
       [] {
         return mlp(12, {7, 5}, 2,
                    {.hidden = Activation::kLeakyRelu, .output = Activation::kSigmoid});
       },
       {3, 3, 2, 2}},
      {"residual_up16", residual_up16, {3, 5}},
      {"residual_down32", residual_down32, {2, 2, 32, 32}},
      {"block_identity",
       [] { return residual_block(2, 2, Resample::kNone, Norm::kNone); },
       {2, 2, 4, 4}},
  };
  const std::vector<std::pair<const char*, Resample>> resamples = {
      {"none", Resample::kNone}, {"up", Resample::kUp}, {"down", Resample::kDown}};
  for (const auto& [resample_name, resample] : resamples) {
    for (const auto& [norm_name, norm] : enum_names(Norm{})) {
      all.push_back({std::string("block_") + resample_name + "_" + norm_name,
                     [resample, norm] { return residual_block(2, 3, resample, norm); },
                     {2, 2, 4, 4}});
    }
  }
  for (const int64_t size : {8, 16, 28, 32, 64}) {
    const ImageShape image{3, size, size};
    all.push_back({"pyramid_up" + std::to_string(size),
                   [image] { return conv_pyramid_up(5, 2, image); },
                   {3, 5}});
    all.push_back({"pyramid_down" + std::to_string(size),
                   [image] { return conv_pyramid_down(image, 2); },
                   {3, 3, size, size}});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenLayer, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ganymede::nn
