// Loads a trained model and makes samples. Usage: load_and_sample RUN OUT.png [SEEDS]
#include <cstdio>

#include "ganymede/core/error.h"
#include "ganymede/data/domain.h"
#include "ganymede/infer/model.h"

int main(int argc, char** argv) {
  using namespace ganymede;
  if (argc < 3) {
    std::fprintf(stderr, "usage: load_and_sample RUN OUT.png [SEEDS]\n");
    return kExitUsage;
  }
  try {
    const infer::Model model = infer::Model::load(argv[1]);
    const auto seeds = infer::parse_seeds(argc > 3 ? argv[3] : "0-15");
    const at::Tensor samples = model.sample(seeds);  // float32 [N, C, H, W] in [-1, 1]
    for (const auto& path : data::domain_of(model.spec()).write(samples, {}, argv[2], {})) {
      std::printf("%s\n", path.c_str());
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_code();
  }
  return 0;
}
