#include "ganymede/core/machine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <fstream>
#include <map>

#include "ganymede/core/device.h"
#include "ganymede/core/speed.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/core/version.h"

namespace ganymede {
namespace {

constexpr int64_t kLittleMemory = int64_t{4} << 30;
constexpr int64_t kLittleDisk = int64_t{2} << 30;
constexpr double kSpeedSeconds = 0.33;  // for each measured speed

MachineFact matrix_speed() {
  const at::NoGradGuard no_grad;
  const int64_t n = 1024;
  const at::Tensor a = at::ones({n, n}), b = at::ones({n, n});
  const double rate = best_rate(2e-9 * n * n * n, kSpeedSeconds, [&] { at::mm(a, b); });
  return {"matrix product",
          fmt::format("{:.0f} GFLOP/s (float32, {} threads)", rate, at::get_num_threads()), ""};
}

MachineFact convolution_speed() {
  const at::NoGradGuard no_grad;
  const at::Tensor input = at::ones({16, 64, 32, 32}), weight = at::ones({128, 64, 4, 4});
  const double flop = 2.0 * 16 * 128 * 16 * 16 * 64 * 16;
  const double rate =
      best_rate(flop * 1e-9, kSpeedSeconds, [&] { at::conv2d(input, weight, {}, 2, 1); });
  return {"convolution", fmt::format("{:.0f} GFLOP/s (4x4 stride 2, 64 to 128 channels)", rate),
          at::hasMKLDNN() ? "" : "this LibTorch has no oneDNN: pip install torch in .deps/torch"};
}

MachineFact threads_fact() {
  const int usable = usable_cpus();
  const int threads = at::get_num_threads();
  return {"threads", fmt::format("{} of {} usable CPUs", threads, usable),
          threads < usable ? "--set train.threads=0 uses all" : ""};
}

MachineFact memory_fact() {
  const int64_t bytes = usable_memory_bytes();
  return {"memory", format_bytes(bytes),
          bytes < kLittleMemory ? "a smaller train.batch with train.accumulate" : ""};
}

MachineFact disk_fact(const std::filesystem::path& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error) return {"disk", error.message(), "name a folder that exists"};
  const auto free = static_cast<int64_t>(space.available);
  return {"disk", format_bytes(free) + " free at " + folder.string(),
          free < kLittleDisk ? "free some space, or --out on another disk" : ""};
}

}  // namespace

std::string cpu_name() {
  std::ifstream facts("/proc/cpuinfo");
  std::map<std::string, std::string> first;
  for (std::string line; std::getline(facts, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto trimmed = [](std::string text) {
      text.erase(text.find_last_not_of(" \t") + 1);
      return text.erase(0, text.find_first_not_of(" \t"));
    };
    first.emplace(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  std::string name;
  for (const char* part : {"model name", "cpu family", "model", "CPU implementer", "CPU part"}) {
    const auto found = first.find(part);
    if (found != first.end()) name += (name.empty() ? "" : " ") + found->second;
  }
  return name.empty() ? "unknown" : name;
}

std::vector<MachineFact> examine_machine(const std::filesystem::path& folder) {
  const int devices = cuda_devices();
  std::vector<MachineFact> facts = {
      {"ganymede", fmt::format("{} ({})", kVersion, version_commit()), ""},
      {"engine",
       fmt::format("LibTorch {}, oneDNN {}, {}", TORCH_VERSION, at::hasMKLDNN() ? "yes" : "no",
                   at::get_cpu_capability()),
       ""},
      {"CPU", cpu_name(), ""},
      {"BLAS",
       at::hasMKL()      ? "MKL"
       : at::hasLAPACK() ? "generic with LAPACK"
                         : "none",
       ""},
      threads_fact(),
      memory_fact(),
      disk_fact(folder),
      {"GPU",
       devices == 0 ? "none (training runs on the CPU)" : fmt::format("{} CUDA device(s)", devices),
       ""},
      matrix_speed(),
      convolution_speed()};
  return facts;
}

}  // namespace ganymede
