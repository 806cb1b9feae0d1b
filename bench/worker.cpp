// The C++ side of bench/compare. Usage: gan-bench-worker WORKLOAD THREADS [LEVER...]
// The levers (core/levers.h, and "timing": convolutions chosen by timing) are turned off.
// Reads one command per line from stdin and answers each with one line of JSON on stdout; between
// commands it sleeps in read().
//   trace FILE   runs the first steps; writes their start and inputs to FILE (safetensors)
//   time N       runs N steps: seconds of wall and CPU (all threads), page faults
//   machine      peak GFLOP/s and memory bandwidth
//   load PATH S  reads batches of 64 from data for S seconds, decoding every sample: samples,
//                seconds
//   encode PATH  reads, infers, fits and encodes a table as CTGAN does: seconds
//   save FOLDER  one checkpoint: seconds that training waits for it
//   quit
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/workload.h"
#include "ganymede/core/answers.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/levers.h"
#include "ganymede/core/speed.h"
#include "ganymede/core/tuning.h"
#include "ganymede/core/version.h"
#include "ganymede/data/loader.h"
#include "ganymede/media/tensor_folder.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/ops/conv_timing.h"

namespace ganymede::bench {
namespace {

constexpr int64_t kLoadedSizePx = 64;

struct Usage {
  std::chrono::steady_clock::time_point wall;
  double user_s, system_s;
  int64_t faults;

  static Usage now() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return {std::chrono::steady_clock::now(), seconds(usage.ru_utime), seconds(usage.ru_stime),
            usage.ru_minflt + usage.ru_majflt};
  }
};

// What happened since `begin`, as the answer to "so many steps".
nlohmann::json turn_since(const Usage& begin, int64_t steps) {
  const Usage end = Usage::now();
  const std::chrono::duration<double> wall = end.wall - begin.wall;
  return {{"steps", steps},
          {"wall_s", wall.count()},
          {"cpu_s", end.user_s - begin.user_s + end.system_s - begin.system_s},
          {"system_s", end.system_s - begin.system_s},
          {"page_faults", end.faults - begin.faults},
          {"peak_bytes", peak_resident_bytes()}};
}

nlohmann::json time_steps(Workload& workload, int64_t steps) {
  const Usage begin = Usage::now();
  for (int64_t i = 0; i < steps; ++i) workload.step();
  return turn_since(begin, steps);
}

nlohmann::json encode(const std::string& path) {
  data::DataConfig config;
  config.path = path;
  config.domain = "table";
  config.conditions = true;
  const Usage begin = Usage::now();
  const auto rows = data::open_dataset(config);
  return turn_since(begin, /*steps=*/1);
}

nlohmann::json trace(Workload& workload, const std::string& path) {
  const Trace trace = workload.trace();
  write_file_durable(path, media::encode_tensors(trace.tensors));
  return {{"losses", trace.losses}};
}

nlohmann::json load(const std::string& path, double seconds) {
  data::DataConfig config;
  config.path = path;
  config.size_px = kLoadedSizePx;
  config.cache_mb = 0;
  data::Loader loader(data::open_dataset(config), {});
  loader.next();
  const int64_t before = loader.position();
  const Usage begin = Usage::now();
  std::chrono::duration<double> wall{};
  while (wall.count() < seconds) {
    loader.next();
    wall = Usage::now().wall - begin.wall;
  }
  const Usage end = Usage::now();
  return {{"samples", loader.position() - before},
          {"wall_s", wall.count()},
          {"cpu_s", end.user_s - begin.user_s + end.system_s - begin.system_s}};
}

nlohmann::json save(Workload& workload, const std::string& folder) {
  train::Trainer* trainer = workload.trainer();
  if (trainer == nullptr) throw UsageError({.where = "save", .found = "nothing is trained here"});
  const Usage begin = Usage::now();
  trainer->check_finite();
  media::write_tensor_folder(folder, trainer->tensors(), {{"trainer", trainer->scalars()}});
  const std::chrono::duration<double> wall = Usage::now().wall - begin.wall;
  int64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    bytes += static_cast<int64_t>(entry.file_size());
  }
  return {{"wall_s", wall.count()}, {"bytes", bytes}};
}

nlohmann::json answer(const std::string& line, Workload& workload, int threads) {
  std::istringstream words(line);
  std::string command, argument, second;
  words >> command >> argument >> second;
  if (command == "trace") return trace(workload, argument);
  if (command == "time") return time_steps(workload, std::stoll(argument));
  if (command == "load") return load(argument, std::stod(second));
  if (command == "encode") return encode(argument);
  if (command == "save") return save(workload, argument);
  if (command == "machine") {
    return {{"peak_gflops", peak_gflops(threads)},
            {"memory_gbytes_per_s", memory_gbytes_per_s(threads)}};
  }
  throw UsageError({.where = "worker", .found = "\"" + command + "\""});
}

void turn_off_levers(const std::vector<std::string>& names) {
  bool timing = true;
  for (const std::string& name : names) {
    if (name == "timing") {
      timing = false;
    } else {
      turn_off(name);
    }
  }
  if (timing) ops::choose_convs_by_timing(cache_folder("convolutions"));
}

void run(const std::string& name, int threads) {
  const auto begin = std::chrono::steady_clock::now();
  const TuningReport tuning = tune_process(threads);
  const auto workload = make_workload(name);
  const std::chrono::duration<double> start = std::chrono::steady_clock::now() - begin;
  const auto say = [](const nlohmann::json& json) { std::cout << json.dump() << std::endl; };
  say({{"ready", name},
       {"version", version_commit()},
       {"tuning", tuning.notes},
       {"start_s", start.count()}});
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    say(answer(line, *workload, tuning.threads));
  }
}

}  // namespace
}  // namespace ganymede::bench

int main(int argc, char** argv) {
  using namespace ganymede;
  reexec_with_wait_policy(argv);
  if (argc < 3) {
    fmt::print(stderr,
               "usage: gan-bench-worker WORKLOAD THREADS [LEVER...]\n"
               "workloads: {}\nlevers to turn off: timing {}\n",
               fmt::join(bench::workload_names(), " "), fmt::join(lever_names(), " "));
    return kExitUsage;
  }
  try {
    bench::turn_off_levers({argv + 3, argv + argc});
    bench::run(argv[1], std::stoi(argv[2]));
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    fmt::print(stderr, "[worker] {}\n", error.what());
    return kExitFailed;
  }
  return kExitDone;
}
