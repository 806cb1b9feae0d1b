// gan info.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/tensors.h"
#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/interop/torch_file.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/media/safetensors.h"
#include "ganymede/train/recorder.h"
#include "ganymede/train/run_folder.h"

namespace ganymede::cli {
namespace {

namespace fs = std::filesystem;

void show_safetensors(const fs::path& path, const Context& context) {
  const media::SafetensorsFile file(path);
  nlohmann::json json = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows = {{"TENSOR", "TYPE", "SHAPE", "BYTES"}};
  for (const std::string& name : file.names()) {
    const media::ArrayView array = file.get(name);
    rows.push_back({name, std::string(media::dtype_name(array.dtype)), shape_text(array.shape),
                    format_count(static_cast<int64_t>(array.bytes.size()))});
    json.push_back({{"name", name}, {"type", rows.back()[1]}, {"shape", array.shape}});
  }
  if (context.json) return print(json.dump());
  print_table(rows);
}

void show_torch_file(const fs::path& path, const Context& context) {
  const media::TensorMap tensors = interop::read_torch_file(path);
  if (context.json) return print(json_of(tensors).dump());
  print_tensors(tensors);
}

void show_tensor_folder(const fs::path& path, const Context& context) {
  const media::TensorFolder folder = media::read_tensor_folder(path);
  nlohmann::json state = folder.state;
  state.erase("recipe");
  std::vector<std::vector<std::string>> rows = {{"FILE", "TENSORS", "VALUES"}};
  nlohmann::json files;
  for (const auto& [stem, tensors] : folder.files) {
    int64_t values = 0;
    for (const auto& [name, tensor] : tensors) values += tensor.numel();
    rows.push_back({stem + ".safetensors", std::to_string(tensors.size()), format_count(values)});
    files[stem] = {{"tensors", tensors.size()}, {"values", values}};
  }
  if (context.json) return print(nlohmann::json{{"files", files}, {"state", state}}.dump());
  print_table(rows);
  print("\nstate " + state.dump(2));
}

void show_run(const fs::path& path, const Context& context) {
  const train::RunFolder run(path);
  const auto checkpoints = media::list_checkpoints(run.checkpoints());
  const auto lines = train::read_stats(run.stats());
  nlohmann::json json = {{"run", path.string()}, {"checkpoints", nlohmann::json::array()}};
  for (const fs::path& checkpoint : checkpoints) json["checkpoints"].push_back(checkpoint.string());
  if (!lines.empty()) {
    for (const auto& [name, value] : lines.back()) {
      json["last"][name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
    }
  }
  if (context.json) return print(json.dump());
  std::vector<std::vector<std::string>> rows = {{"run", path.string()}};
  for (const fs::path& checkpoint : checkpoints)
    rows.push_back({"checkpoint", checkpoint.string()});
  if (fs::exists(run.model())) rows.push_back({"model", run.model().string()});
  if (const auto pictures = run.pictures(); !pictures.empty()) {
    rows.push_back({"samples", pictures.back().string()});
  }
  if (!lines.empty()) {
    for (const auto& [name, value] : lines.back()) rows.push_back({name, format_number(value)});
  }
  print_table(rows);
}

void show(const std::string& what, const std::string& runs, const Context& context) {
  const fs::path path = what == "last" ? train::last_run(runs) : fs::path(what);
  if (train::is_run(path)) return show_run(path, context);
  if (media::is_tensor_folder(path)) return show_tensor_folder(path, context);
  if (path.extension() == ".safetensors") return show_safetensors(path, context);
  if (fs::is_regular_file(path) && interop::is_torch_file(path)) {
    return show_torch_file(path, context);
  }
  throw UsageError({.where = path.string(),
                    .found = fs::exists(path) ? "neither a run, a checkpoint, a model nor a "
                                                ".safetensors or PyTorch file"
                                              : "no such file or folder",
                    .remedy = "gan data info PATH for data"});
}

}  // namespace

Command info_command() {
  auto what = std::make_shared<std::string>();
  auto runs = std::make_shared<std::string>("runs");
  return {.name = "info",
          .help = "what a run, checkpoint, model, .safetensors or PyTorch (.pth) file holds",
          .options = {{"what", "path, or 'last'", what.get(), true},
                      {"--runs", "where 'last' is looked for", runs.get()}},
          .run = [what, runs](const Context& context) { show(*what, *runs, context); }};
}

}  // namespace ganymede::cli
