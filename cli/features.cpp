// gan features: networks that turn samples into features.
#include "cli/command.h"

namespace ganymede::cli {

Command features_command() {
  return {.name = "features",
          .help = "features of pictures, and what they are worth",
          .children = {features_extract_command(), features_probe_command()}};
}

}  // namespace ganymede::cli
