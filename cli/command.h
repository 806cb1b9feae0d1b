// Subcommands as data, so that each file compiles without the argument parser.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "ganymede/core/progress.h"

namespace ganymede::cli {

// What every command gets beside its own options.
struct Context {
  bool json = false;
  bool quiet = false;
  std::vector<std::string> command_line;
  ProgressMode progress() const { return progress_mode(json, quiet); }
};

using Target = std::variant<std::string*, bool*, int64_t*, double*, std::vector<std::string>*>;

// `flags`: "--out,-o" or, for a positional argument, its bare name.
struct Option {
  std::string flags;
  std::string help;
  Target target;
  bool required = false;
  std::vector<std::string> choices = {};
};

struct Command {
  std::string name;
  std::string help;
  std::vector<Option> options = {};
  std::function<void(const Context&)> run = {};  // empty for a group
  std::vector<Command> children = {};
  std::string footer = {};  // examples
};

Command train_command();
Command resume_command();
Command sample_command();
Command interpolate_command();
Command traverse_command();
Command latent_command();
Command project_command();
Command augment_command();
Command evaluate_command();
Command compare_command();
Command impute_command();
Command info_command();
Command import_command();
Command score_command();
Command serve_command();
Command features_command();
Command features_train_command();
Command features_extract_command();
Command features_probe_command();
Command list_command();
Command data_command();
Command theory_command();
Command translate_command();
Command schema_command();
Command doctor_command();
Command bench_command();

// Prints a table with aligned columns to stdout.
void print_table(const std::vector<std::vector<std::string>>& rows);

// Prints one line to stdout.
void print(const std::string& line);

}  // namespace ganymede::cli
