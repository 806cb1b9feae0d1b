// The program `gan`: builds the argument parser from the commands and turns errors into exit codes.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>

#include "cli/command.h"
#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"
#include "ganymede/core/version.h"

namespace ganymede::cli {
namespace {

void add_option(CLI::App& app, const Option& option) {
  CLI::Option* added = std::visit(
      [&](auto* target) -> CLI::Option* {
        using T = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<T, bool>)
          return app.add_flag(option.flags, *target, option.help);
        return app.add_option(option.flags, *target, option.help);
      },
      option.target);
  if (option.required) added->required();
  if (!option.choices.empty()) {
    added->check([choices = option.choices](const std::string& value) {
      for (const std::string& choice : choices) {
        if (choice == value) return std::string();
      }
      return "\"" + value + "\"; allowed: " + join(choices);
    });
  }
}

void add_command(CLI::App& parent, const Command& command, Context& context) {
  CLI::App* app = parent.add_subcommand(command.name, command.help);
  app->footer(command.footer);
  for (const Option& option : command.options) add_option(*app, option);
  for (const Command& child : command.children) add_command(*app, child, context);
  if (!command.children.empty()) app->require_subcommand(1);
  app->add_flag("--json", context.json, "JSON on stdout");
  app->add_flag("-q,--quiet", context.quiet, "no progress");
  if (command.run) app->callback([run = command.run, &context] { run(context); });
}

// The command that the arguments reach, as far as they name commands.
CLI::App* reached(CLI::App& app, int argc, char** argv, int& next) {
  CLI::App* at = &app;
  for (next = 1; next < argc; ++next) {
    const auto children = at->get_subcommands({});
    const auto child = std::find_if(children.begin(), children.end(), [&](const CLI::App* app) {
      return app->get_name() == argv[next];
    });
    if (child == children.end()) break;
    at = *child;
  }
  return at;
}

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* child : app.get_subcommands({})) words.push_back(child->get_name());
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

int usage_error(CLI::App& app, int argc, char** argv, const CLI::ParseError& error) {
  int next = 1;
  const CLI::App* at = reached(app, argc, argv, next);
  std::string hint;
  for (int i = next; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string word = argument.substr(0, argument.find('='));
    const auto words = known_words(*at);
    if (std::find(words.begin(), words.end(), word) != words.end()) continue;
    const bool may_be_wrong =
        word.starts_with("--") || (i == next && !at->get_subcommands({}).empty());
    if (!may_be_wrong) continue;
    hint = word + " is not known";
    if (const auto near = did_you_mean(word, words)) hint += "; did you mean " + *near + "?";
    break;
  }
  fmt::print(stderr, "error: [{}] {}; try: {} --help\n", at->get_display_name(),
             hint.empty() ? std::string(error.what()) : hint,
             at == &app ? "gan" : "gan " + at->get_name());
  return kExitUsage;
}

int run_main(int argc, char** argv) {
  Context context;
  context.command_line.assign(argv, argv + argc);
  CLI::App app{"Generative adversarial networks: train, evaluate, sample.", "gan"};
  app.set_version_flag("--version", fmt::format("gan {} ({})", kVersion, version_commit()));
  app.require_subcommand(1);
  app.footer("Begin with: gan train dcgan --data digits      More: gan COMMAND --help");
  for (const Command& command : {
           train_command(),    resume_command(),  sample_command(),    interpolate_command(),
           traverse_command(), latent_command(),  project_command(),   augment_command(),
           evaluate_command(), compare_command(), score_command(),     info_command(),
           list_command(),     data_command(),    features_command(),  import_command(),
           impute_command(),   serve_command(),   bench_command(),     theory_command(),
           schema_command(),   doctor_command(),  translate_command(),
       }) {
    add_command(app, command, context);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return usage_error(app, argc, argv, error);
  }
  return kExitDone;
}

}  // namespace
}  // namespace ganymede::cli

int main(int argc, char** argv) {
  using namespace ganymede;
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit (ulimit -f) is an error of write() instead
  // Only where many steps follow: it loads LibTorch a second time.
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "train" || command == "resume" || command == "bench")
    reexec_with_wait_policy(argv);
  log_to_terminal(LogLevel::kWarning);
  try {
    return cli::run_main(argc, argv);
  } catch (const StoppedError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_code();
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: [memory] the system has no more; try: a smaller train.batch\n");
    return kExitFailed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: [internal] {}\n", error.what());
    return kExitFailed;
  }
}
