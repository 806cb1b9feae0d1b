// What the Python peer tests need of the picture code, as a program:
// it answers each command line on its standard input (fields separated by tabs) with one line, "ok"
// or "error" and the message.
//   decode FILE OUT [grey|rgb] [black] [raw]   -> raw samples after "W H C\n"
//   encode RAW OUT.ext                         -> by extension, default settings
//   animate DELAY_MS LOOP OUT.gif|OUT.webp RAW...
//   resize RAW OUT WIDTH HEIGHT FILTER
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "ganymede/core/files.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/gif.h"
#include "ganymede/media/resize.h"
#include "ganymede/media/webp.h"

namespace {

using namespace ganymede;
using namespace ganymede::media;

Image read_raw(const std::string& path) {
  const std::string bytes = read_file(path);
  Image image;
  if (std::sscanf(bytes.c_str(), "%d %d %d", &image.width, &image.height, &image.channels) != 3)
    throw std::runtime_error("no header in " + path);
  image.pixels.assign(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.find('\n')) + 1,
                      bytes.end());
  return image;
}

void write_raw(const std::string& path, const Image& image) {
  std::string bytes = std::to_string(image.width) + " " + std::to_string(image.height) + " " +
                      std::to_string(image.channels) + "\n";
  bytes.append(image.pixels.begin(), image.pixels.end());
  write_file_atomic(path, bytes);
}

void decode(const std::vector<std::string>& args) {
  DecodeOptions options;
  for (size_t i = 3; i < args.size(); ++i) {
    if (args[i] == "grey") options.channels = Channels::kGrey;
    if (args[i] == "rgb") options.channels = Channels::kRgb;
    if (args[i] == "black") options.backdrop = Backdrop::kBlack;
    if (args[i] == "raw") options.apply_exif_orientation = false;
  }
  write_raw(args.at(2), read_image(args.at(1), options));
}

void animate(const std::vector<std::string>& args) {
  const int delay_ms = std::stoi(args.at(1));
  const int loop = std::stoi(args.at(2));
  std::vector<Image> frames;
  for (size_t i = 4; i < args.size(); ++i) frames.push_back(read_raw(args[i]));
  const bool gif = args.at(3).ends_with(".gif");
  write_file_atomic(args[3], gif ? encode_gif(frames, delay_ms, loop)
                                 : encode_webp_animation(frames, delay_ms, loop));
}

void resize_file(const std::vector<std::string>& args) {
  const std::map<std::string, Filter> filters = {{"box", Filter::kBox},
                                                 {"bilinear", Filter::kBilinear},
                                                 {"bicubic", Filter::kBicubic},
                                                 {"lanczos", Filter::kLanczos}};
  write_raw(args.at(2), resize(read_raw(args.at(1)), std::stoi(args.at(3)), std::stoi(args.at(4)),
                               filters.at(args.at(5))));
}

void run(const std::vector<std::string>& args) {
  const std::string& command = args.at(0);
  if (command == "decode") return decode(args);
  if (command == "encode") return write_image(args.at(2), read_raw(args.at(1)));
  if (command == "animate") return animate(args);
  if (command == "resize") return resize_file(args);
  throw std::runtime_error("unknown command " + command);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> args;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) args.push_back(field);
    try {
      run(args);
      std::cout << "ok" << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error " << error.what() << std::endl;
    }
  }
}
