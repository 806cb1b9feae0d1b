// gan features: networks that turn samples into features.
#include "cli/command.h"

namespace ganymede::cli {

Command features_command() {
  return {
      .name = "features",
      .help = "networks that evaluation sees samples through; features of pictures",
      .children = {features_train_command(), features_extract_command(), features_probe_command()}};
}

}  // namespace ganymede::cli
