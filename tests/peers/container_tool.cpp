// What the Python peer tests need of the file containers, as a program. Each command reads a file
// that a peer wrote and writes its content with our writer, for the peer to read back:
//   peer_container_tool safetensors IN OUT      plain arrays
//   peer_container_tool tensors IN OUT          through LibTorch tensors
//   peer_container_tool folder IN DIR           a tensor folder holding IN as model.safetensors
//   peer_container_tool npy IN OUT [IN OUT]...
//   peer_container_tool npz|zip IN OUT
//   peer_container_tool tar IN.tar OUT.zip
//   peer_container_tool idx IN OUT.npy
//   peer_container_tool events DIR PNG WIDTH HEIGHT
//   peer_container_tool resume DIR STEP
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "ganymede/core/files.h"
#include "ganymede/media/idx.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/safetensors.h"
#include "ganymede/media/tar.h"
#include "ganymede/media/tensor_folder.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/media/tfevents.h"
#include "ganymede/media/zip.h"

namespace ganymede::media {
namespace {

using Arguments = std::vector<std::string>;

void copy_safetensors(const Arguments& args) {
  const SafetensorsFile file(args.at(0));
  std::map<std::string, ArrayView> arrays;
  for (const std::string& name : file.names()) arrays.emplace(name, file.get(name));
  write_file_atomic(args.at(1), encode_safetensors(arrays, file.metadata()));
}

void copy_tensors(const Arguments& args) {
  write_file_atomic(args.at(1), encode_tensors(decode_tensors(fs::path(args.at(0)))));
}

void write_folder(const Arguments& args) {
  write_tensor_folder(args.at(1), {{"model", decode_tensors(fs::path(args.at(0)))}}, {{"step", 1}});
}

void copy_npy(const Arguments& args) {
  for (size_t i = 0; i < args.size(); i += 2) {
    write_npy(args.at(i + 1), read_npy(args.at(i)).view());
  }
}

void copy_npz(const Arguments& args) {
  const auto arrays = read_npz(args.at(0));
  std::map<std::string, ArrayView> views;
  for (const auto& [name, array] : arrays) views.emplace(name, array.view());
  write_npz(args.at(1), views);
}

template <typename Reader>
void copy_archive(const Arguments& args) {
  const Reader reader{fs::path(args.at(0))};
  ZipWriter writer(args.at(1));
  for (size_t i = 0; i < reader.members().size(); ++i) {
    writer.add(reader.members()[i].name, reader.read(i));
  }
  writer.finish();
}

void idx_to_npy(const Arguments& args) { write_npy(args.at(1), read_idx(args.at(0)).view()); }

void write_events(const Arguments& args) {
  EventWriter writer(args.at(0));
  writer.session_start(0);
  for (int step = 1; step <= 5; ++step) {
    writer.scalar("loss/d", 1.0 / step, step);
    writer.scalar("speed", 100.0 * step, step);
  }
  writer.image("fakes", read_file(args.at(1)), std::stoi(args.at(2)), std::stoi(args.at(3)), 3, 4);
  writer.text("recipe", "**bold** gr\xc3\xbc\xc3\x9f", 0);
  writer.flush();
}

void resume_events(const Arguments& args) {
  EventWriter writer(args.at(0));
  const int step = std::stoi(args.at(1));
  writer.session_start(step);
  writer.scalar("loss/d", 7.0, step);
}

const std::map<std::string, std::function<void(const Arguments&)>>& commands() {
  static const std::map<std::string, std::function<void(const Arguments&)>> table = {
      {"safetensors", copy_safetensors},
      {"tensors", copy_tensors},
      {"folder", write_folder},
      {"npy", copy_npy},
      {"npz", copy_npz},
      {"zip", copy_archive<ZipReader>},
      {"tar", copy_archive<TarReader>},
      {"idx", idx_to_npy},
      {"events", write_events},
      {"resume", resume_events}};
  return table;
}

}  // namespace

void run_container_tool(const Arguments& args) {
  commands().at(args.at(0))({args.begin() + 1, args.end()});
}

}  // namespace ganymede::media

int main(int argc, char** argv) {
  try {
    ganymede::media::run_container_tool({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
