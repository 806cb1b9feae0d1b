// gan project: the code whose sample comes nearest to a picture.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/command.h"
#include "cli/picture_rows.h"
#include "cli/run_data.h"
#include "ganymede/core/error.h"
#include "ganymede/core/tuning.h"
#include "ganymede/infer/latent.h"
#include "ganymede/infer/projection.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/metrics/perceptual.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::string run, images, out, z, lpips, device = "cpu";
  int64_t steps = 300, starts = 4, candidates = 256, seed = 0, label = -1, limit = 4, threads = 0;
  double rate = 0.05, features = 0.1, perceptual = 1;
};

infer::ProjectionOptions options_of(const Arguments& args) {
  infer::ProjectionOptions options{.steps = args.steps,
                                   .learning_rate = args.rate,
                                   .starts = args.starts,
                                   .candidates = args.candidates,
                                   .feature_weight = args.features,
                                   .perceptual_weight = args.perceptual,
                                   .seed = static_cast<uint64_t>(args.seed),
                                   .label = args.label};
  if (args.lpips.empty()) return options;
  const auto net = std::make_shared<const metrics::Lpips>(
      media::decode_tensors(std::filesystem::path(args.lpips)), args.lpips);
  options.perceptual = [net](const at::Tensor& a, const at::Tensor& b) {
    return net->distance(a, b);
  };
  return options;
}

PictureRow row_of(const infer::Projection& found, const at::Tensor& target) {
  std::vector<at::Tensor> pictures = {target};
  for (const auto& [step, sample] : found.way) pictures.push_back(sample);
  pictures.push_back(found.sample);
  return {fmt::format("{:.1f} dB", found.psnr_db), at::stack(pictures)};
}

void tell(const std::vector<infer::Projection>& all, const Arguments& args,
          const Context& context) {
  nlohmann::json json = {{"event", "done"}, {"files", {args.out}}};
  if (!args.z.empty()) json["files"].push_back(args.z);
  std::vector<std::vector<std::string>> table = {
      {"PICTURE", "MSE AT START", "MSE", "PSNR", "D FEATURES", "LPIPS"}};
  for (size_t i = 0; i < all.size(); ++i) {
    const infer::Projection& found = all[i];
    const std::string lpips =
        args.lpips.empty() ? "-" : fmt::format("{:.3f}", found.perceptual_distance);
    table.push_back({std::to_string(i), fmt::format("{:.4f}", found.start_mse),
                     fmt::format("{:.4f}", found.mse), fmt::format("{:.1f} dB", found.psnr_db),
                     fmt::format("{:.3f}", found.feature_distance), lpips});
    json["pictures"].push_back({{"start_mse", found.start_mse},
                                {"mse", found.mse},
                                {"psnr_db", found.psnr_db},
                                {"feature_distance", found.feature_distance},
                                {"perceptual_distance", found.perceptual_distance}});
  }
  if (context.json) return print(json.dump());
  print_table(table);
  for (const auto& file : json["files"]) print(file.get<std::string>());
}

void run_project(const Arguments& args, const Context& context) {
  tune_process(static_cast<int>(args.threads));
  const infer::Model model = infer::Model::load(args.run, args.device);
  const auto set = open_for(model, args.images, "train");
  std::vector<int64_t> ids(
      static_cast<size_t>(std::min(set->size(), std::max<int64_t>(args.limit, 1))));
  std::iota(ids.begin(), ids.end(), 0);
  const Batch targets = data::read_batch(*set, ids);
  const infer::ProjectionOptions options = options_of(args);
  Progress progress(context.progress(), "projecting", "steps");
  const auto total = static_cast<double>(targets.size() * (args.steps + 1));
  std::vector<infer::Projection> all;
  std::vector<PictureRow> rows;
  std::vector<at::Tensor> codes;
  for (int64_t i = 0; i < targets.size(); ++i) {
    all.push_back(
        infer::project(model, targets.samples[i], options, [&](int64_t step, double loss) {
          progress.update({static_cast<double>(i * (args.steps + 1) + step),
                           total,
                           {{"loss", fmt::format("{:.4f}", loss)}}});
        }));
    rows.push_back(row_of(all.back(), targets.samples[i]));
    codes.push_back(all.back().z);
  }
  progress.finish("");
  write_rows(args.out, model.spec(),
             fmt::format("target | the way there, {} steps | result", args.steps), rows);
  if (!args.z.empty()) infer::save_latents(args.z, at::cat(codes));
  tell(all, args, context);
}

}  // namespace

Command project_command() {
  auto args = std::make_shared<Arguments>();
  return {.name = "project",
          .help = "find the code whose sample comes nearest to a picture",
          .options = {{"model", "a run, checkpoint or model folder", &args->run, true},
                      {"images", "a picture or a folder", &args->images, true},
                      {"--out,-o", "a strip: target, way, result", &args->out, true},
                      {"--save-z", "the codes as .npz, for gan sample --z", &args->z},
                      {"--steps", "of the optimisation", &args->steps},
                      {"--rate", "its step size", &args->rate},
                      {"--starts", "codes optimised side by side", &args->starts},
                      {"--candidates", "random codes to begin from", &args->candidates},
                      {"--features", "weight of D's features", &args->features},
                      {"--lpips", "weights of LPIPS (.safetensors) for the loss", &args->lpips},
                      {"--perceptual", "weight of LPIPS", &args->perceptual},
                      {"--limit", "pictures of a folder", &args->limit},
                      {"--seed", "of the random codes", &args->seed},
                      {"--class", "class of the samples, for conditional gans", &args->label},
                      {"--device", "auto, cpu, cuda, cuda:n", &args->device},
                      {"--threads", "0: as many as this process may use", &args->threads}},
          .run = [args](const Context& context) { run_project(*args, context); },
          .footer =
              "gan project last face.png -o strip.png --save-z face.npz\n"
              "gan sample last --z face.npz -o face-again.png"};
}

}  // namespace ganymede::cli
