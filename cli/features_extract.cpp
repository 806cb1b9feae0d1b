// gan features extract: what a run's discriminator sees in pictures.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/run_data.h"
#include "ganymede/core/error.h"
#include "ganymede/core/tuning.h"
#include "ganymede/infer/critic.h"
#include "ganymede/media/npy.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::string run, images, out, device = "cpu", split = "all";
  int64_t count = 0, threads = 0;
};

// uint8 [N, longest]: UTF-8 padded with zeros, since NPY has no plain text type without pickles.
std::string padded_names(const data::Dataset& set, int64_t count, int64_t* width) {
  *width = 1;
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) {
    names.push_back(set.name(i));
    *width = std::max(*width, static_cast<int64_t>(names.back().size()));
  }
  std::string bytes;
  for (std::string& name : names) {
    name.resize(static_cast<size_t>(*width));
    bytes += name;
  }
  return bytes;
}

void write(const data::Dataset& set, const at::Tensor& features, const std::string& path) {
  const int64_t count = features.size(0);
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < count; ++i) labels.push_back(set.label(i));
  int64_t width = 0;
  const std::string names = padded_names(set, count, &width);
  const at::Tensor values = features.contiguous();
  const auto bytes = [](const void* data, size_t size) {
    return std::string_view(static_cast<const char*>(data), size);
  };
  media::write_npz(
      path, {{"features",
              {media::DType::kF32, values.sizes().vec(),
               bytes(values.data_ptr<float>(), static_cast<size_t>(values.numel()) * 4)}},
             {"labels", {media::DType::kI64, {count}, bytes(labels.data(), labels.size() * 8)}},
             {"names", {media::DType::kU8, {count, width}, names}}});
}

void run_extract(const Arguments& args, const Context& context) {
  tune_process(static_cast<int>(args.threads));
  const infer::Critic critic = infer::Critic::load(args.run, args.device);
  Progress progress(context.progress(), "extracting", "images");
  const auto set = open_for(critic.model(), args.images, args.split);
  const int64_t count = args.count > 0 ? std::min(args.count, set->size()) : set->size();
  const at::Tensor features = judged(
      *set, count, [&](const Batch& batch) { return critic.features(batch.samples); }, &progress);
  progress.finish("");
  write(*set, features, args.out);
  if (context.json) {
    return print(nlohmann::json{
        {"event", "done"}, {"file", args.out}, {"count", count}, {"dim", features.size(1)}}
                     .dump());
  }
  print(fmt::format("{}: {} x {}", args.out, count, features.size(1)));
}

}  // namespace

Command features_extract_command() {
  auto args = std::make_shared<Arguments>();
  Command command = {
      .name = "extract",
      .help = "what a run's discriminator sees in pictures, as an array",
      .options = {{"run", "a run, checkpoint or model folder", &args->run, true},
                  {"images", "a folder, archive or array of pictures, or a data set", &args->images,
                   true},
                  {"--out,-o", ".npz: features [N, dim], labels [N] (-1: none), names", &args->out,
                   true},
                  {"--count,-n", "only the first n; 0: all", &args->count},
                  {"--split", "of the pictures", &args->split, false, {"train", "test", "all"}},
                  {"--device", "auto, cpu, cuda, cuda:n", &args->device},
                  {"--threads", "0: as many as this process may use", &args->threads}},
      .run = [args](const Context& context) { run_extract(*args, context); },
      .footer = "gan features extract runs/00003-dcgan-mnist mnist -o features.npz"};
  return command;
}

}  // namespace ganymede::cli
