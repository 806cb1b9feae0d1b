// gan import: PyTorch checkpoints to safetensors.
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/tensors.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/interop/torch_file.h"
#include "ganymede/media/tensor_safetensors.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::string file, out, only;
};

// The tensors below `prefix` with the prefix taken off their names.
media::TensorMap below(const media::TensorMap& tensors, const std::string& prefix,
                       const std::string& file) {
  if (prefix.empty()) return tensors;
  media::TensorMap chosen;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix + ".")) chosen.emplace(name.substr(prefix.size() + 1), tensor);
  }
  if (!chosen.empty()) return chosen;
  throw UsageError({.where = "--only",
                    .found = "no tensor of " + file + " is below \"" + prefix + "\"",
                    .remedy = "gan info " + file + " lists the names"});
}

void run_import(const Arguments& args, const Context& context) {
  const media::TensorMap tensors = below(interop::read_torch_file(args.file), args.only, args.file);
  if (tensors.empty()) {
    throw ModelError({.where = args.file, .found = "no tensors", .allowed = "a file of weights"});
  }
  write_file_atomic(args.out, media::encode_tensors(tensors, {{"format", "pt"}}));
  if (context.json) {
    return print(
        nlohmann::json{{"event", "done"}, {"file", args.out}, {"tensors", json_of(tensors)}}
            .dump());
  }
  print_tensors(tensors);
  print("\n" + args.out);
}

}  // namespace

Command import_command() {
  auto args = std::make_shared<Arguments>();
  return {.name = "import",
          .help = "turn a PyTorch checkpoint (.pth, .pt) into safetensors, running nothing in it",
          .options = {{"file", "what torch.save wrote", &args->file, true},
                      {"--out,-o", "the .safetensors file", &args->out, true},
                      {"--only", "only the tensors below this name: g_ema", &args->only}},
          .run = [args](const Context& context) { run_import(*args, context); },
          .footer = "gan import 000500.pt --only g_ema --out generator.safetensors"};
}

}  // namespace ganymede::cli
