// Trains a gan from a program: recipe, session, run. Usage: train_gan [DATA] [FOLDER]
#include <cstdio>
#include <filesystem>

#include "ganymede/core/error.h"
#include "ganymede/core/tuning.h"
#include "ganymede/train/run.h"

int main(int argc, char** argv) {
  using namespace ganymede;
  const std::string data = argc > 1 ? argv[1] : "ring8";
  const std::filesystem::path folder = argc > 2 ? argv[2] : "runs/example";
  try {
    config::Recipe recipe = train::choose_recipe("gan2014", data);
    recipe.set("data.path=" + data);
    recipe.set("train.kimg=20");
    recipe.set("train.threads=1");

    train::Session session(std::move(recipe));
    tune_process(static_cast<int>(session.train().threads));
    std::filesystem::create_directories(folder);
    Progress progress(ProgressMode::kPlain, "example", "kimg");
    const train::RunResult result = train::train_run(session, folder, progress);
    progress.finish("");

    std::printf("%.1f kimg, samples in %s\n", result.kimg, result.picture.c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_code();
  }
  return 0;
}
