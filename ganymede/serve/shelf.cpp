#include "ganymede/serve/shelf.h"

#include <algorithm>
#include <optional>
#include <set>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/media/tensor_folder.h"

namespace ganymede::serve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestId = 64;

bool is_model(const fs::path& path) {
  return media::is_tensor_folder(path) || fs::is_directory(path / "checkpoints") ||
         media::is_tensor_folder(path / "model");
}

std::vector<fs::path> models_at(const fs::path& path) {
  if (is_model(path)) return {path};
  std::vector<fs::path> found;
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.is_directory() && is_model(entry.path())) found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  if (!found.empty()) return found;
  throw UsageError({.where = path.string(),
                    .found = fs::exists(path) ? "no run and no model is here" : "no such folder",
                    .allowed = "a run, a model folder, or a folder of them",
                    .remedy = "gan train ... makes one"});
}

// The folder's name with other characters replaced; numbered where two would be the same.
std::string id_of(const fs::path& path, std::set<std::string>* taken) {
  const fs::path clean = fs::absolute(path).lexically_normal();
  std::string id = (clean.has_filename() ? clean : clean.parent_path()).filename().string();
  id.resize(std::min(id.size(), kLongestId - 8));
  for (char& c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && c != '.' && c != '_' && c != '-') c = '_';
  }
  if (id.find_first_not_of('.') == std::string::npos) id = "model";
  std::string unique = id;
  for (int number = 2; !taken->insert(unique).second; ++number) {
    unique = id + "-" + std::to_string(number);
  }
  return unique;
}

std::string data_of(const infer::Model& model) {
  const auto path =
      config::Recipe::parse(model.recipe(), model.source().string()).find("data.path");
  if (!path || !std::holds_alternative<std::string>(*path)) return "";
  return fs::path(std::get<std::string>(*path)).filename().string();
}

}  // namespace

std::vector<ServedModel> load_models(const fs::path& path, const std::string& device) {
  std::vector<ServedModel> models;
  std::set<std::string> taken;
  std::optional<ErrorParts> first_error;
  for (const fs::path& one : models_at(path)) {
    try {
      infer::Model model = infer::Model::load(one, device);
      std::string data = data_of(model);
      models.push_back({id_of(one, &taken), std::move(data), std::move(model)});
    } catch (const Error& error) {
      log_warning("left out: {}", error.what());
      if (!first_error) first_error = error.parts();
    }
  }
  if (models.empty()) throw ModelError(*first_error);
  return models;
}

}  // namespace ganymede::serve
