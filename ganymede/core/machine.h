// What this machine can do for training, and what to do where it is less than it could be.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ganymede {

// One row of `gan doctor`. `fix` is empty when all is well.
struct MachineFact {
  std::string name;
  std::string value;
  std::string fix;
};

// Model name, family and model number of the CPU as the system calls it: "AMD EPYC 25 1"; "unknown"
// where it says nothing.
std::string cpu_name();

// Engine, BLAS, threads, memory, disk (free space where `folder` lies), GPU, and the speed of
// matrix products and convolutions measured for about a second.
std::vector<MachineFact> examine_machine(const std::filesystem::path& folder);

}  // namespace ganymede
