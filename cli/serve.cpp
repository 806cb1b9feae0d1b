// gan serve: models over HTTP.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ganymede/core/log.h"
#include "ganymede/core/signals.h"
#include "ganymede/core/tuning.h"
#include "ganymede/serve/server.h"

namespace ganymede::cli {
namespace {

struct Arguments {
  std::string path = "runs", host = "127.0.0.1", device = "cpu";
  std::vector<std::string> names;
  int64_t port = 7860, threads = 0;
};

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1";
}

void run_serve(const Arguments& args, const Context& context) {
  const StopSignal stop;
  tune_process(static_cast<int>(args.threads));
  std::vector<std::string> names = args.names;
  names.push_back(args.host.find(':') == std::string::npos ? args.host : "[" + args.host + "]");
  serve::Api api(serve::load_models(args.path, args.device), names);
  serve::Server server(api, args.host, static_cast<int>(args.port));
  const std::string url = fmt::format("http://{}:{}/", names.back(), server.port());
  if (!is_loopback(args.host)) {
    log_warning("everybody who reaches {} may ask for samples: there is no password", url);
  }
  if (context.json) {
    print(
        nlohmann::json{{"event", "serving"}, {"url", url}, {"models", api.models().size()}}.dump());
  } else {
    print(fmt::format("{} model{} on {}   (Ctrl-C stops)", api.models().size(),
                      api.models().size() == 1 ? "" : "s", url));
  }
  std::fflush(stdout);
  server.run([&] { return stop.requested(); });
}

}  // namespace

Command serve_command() {
  auto args = std::make_shared<Arguments>();
  return {.name = "serve",
          .help = "show models and make samples over HTTP",
          .options = {{"path", "a run, a model folder, or a folder of them", &args->path},
                      {"--port", "0: a free one", &args->port},
                      {"--host", "address to listen on", &args->host},
                      {"--name", "further names that browsers reach this server by", &args->names},
                      {"--device", "auto, cpu, cuda, cuda:n", &args->device},
                      {"--threads", "0: as many as this process may use", &args->threads}},
          .run = [args](const Context& context) { run_serve(*args, context); },
          .footer = "gan serve runs/ --port 7860"};
}

}  // namespace ganymede::cli
