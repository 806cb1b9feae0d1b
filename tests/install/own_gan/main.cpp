// Prints the names of all gans that this program knows, one a line.
#include <cstdio>

#include "ganymede/gans/registry.h"

int main() {
  for (const auto& entry : ganymede::gans::registry().entries()) {
    std::printf("%s\n", entry.info.name.c_str());
  }
}
