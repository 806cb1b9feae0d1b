// What tests/interop/test_torch_files.py needs of the reader of PyTorch files, as a program:
//   peer_torch_tool read IN OUT [IN OUT]...   tensors to safetensors
//   peer_torch_tool refuse IN...              prints the error of each; fails where one is read
//   peer_torch_tool cut IN STEP               the file cut off at every STEP bytes
//   peer_torch_tool soak IN SEED COUNT        the file with one to eight bytes changed, COUNT times
// cut and soak print how many variants were refused; anything but a ModelError fails.
#include <ATen/ATen.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/random.h"
#include "ganymede/interop/torch_file.h"
#include "ganymede/media/tensor_safetensors.h"

namespace ganymede::interop {
namespace {

using Arguments = std::vector<std::string>;

void read(const Arguments& args) {
  for (size_t i = 0; i < args.size(); i += 2) {
    write_file_atomic(args.at(i + 1), media::encode_tensors(read_torch_file(args.at(i))));
  }
}

void refuse(const Arguments& args) {
  for (const std::string& path : args) {
    try {
      read_torch_file(path);
    } catch (const ModelError& error) {
      std::printf("%s\n", error.what());
      continue;
    }
    throw std::runtime_error(path + " was read");
  }
}

// Whether the reader refuses `bytes`; every byte of what it does read is touched.
bool refused(std::string bytes) {
  try {
    for (const auto& [name, tensor] :
         read_torch_file(media::ByteSource(std::move(bytes), "variant"))) {
      if (tensor.numel() > 0) static_cast<void>(tensor.ne(0).any().item<bool>());
    }
    return false;
  } catch (const ModelError&) {
    return true;
  }
}

void cut(const Arguments& args) {
  const std::string whole = read_file(args.at(0));
  const size_t step = std::stoul(args.at(1));
  int64_t count = 0;
  for (size_t size = 0; size < whole.size(); size += step) {
    if (!refused(whole.substr(0, size))) {
      throw std::runtime_error("read although cut at byte " + std::to_string(size));
    }
    ++count;
  }
  std::printf("%lld\n", static_cast<long long>(count));
}

void soak(const Arguments& args) {
  constexpr uint64_t kMostChanges = 8;
  const std::string whole = read_file(args.at(0));
  const uint64_t seed = std::stoull(args.at(1));
  const uint64_t variants = std::stoull(args.at(2));
  uint64_t count = 0;
  for (uint64_t i = 0; i < variants; ++i) {
    Stream random(seed, "soak", i);
    std::string bytes = whole;
    for (uint64_t changes = 1 + random.below(kMostChanges); changes > 0; --changes) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    count += refused(std::move(bytes)) ? 1 : 0;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(count));
}

const std::map<std::string, std::function<void(const Arguments&)>>& commands() {
  static const std::map<std::string, std::function<void(const Arguments&)>> table = {
      {"read", read}, {"refuse", refuse}, {"cut", cut}, {"soak", soak}};
  return table;
}

}  // namespace

void run_torch_tool(const Arguments& args) {
  commands().at(args.at(0))({args.begin() + 1, args.end()});
}

}  // namespace ganymede::interop

int main(int argc, char** argv) {
  try {
    ganymede::interop::run_torch_tool({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
