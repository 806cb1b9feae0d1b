#include "ganymede/serve/server.h"

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "ganymede/core/error.h"

namespace ganymede::serve {
namespace {

constexpr size_t kThreads = 8;  // more than may wait for samples, so that /healthz always answers
constexpr int kTimeout_s = 10;
constexpr int kIdle_s = 2;
constexpr size_t kBody = 1024;  // no request needs one

std::vector<std::string> values_of(const httplib::Request& request, const char* name) {
  std::vector<std::string> values;
  const auto range = request.headers.equal_range(name);
  for (auto it = range.first; it != range.second; ++it) values.push_back(it->second);
  return values;
}

HttpRequest convert(const httplib::Request& request) {
  return {.method = request.method,
          .target = request.target,
          .path = request.path,
          .hosts = values_of(request, "Host"),
          .origins = values_of(request, "Origin"),
          .query = {request.params.begin(), request.params.end()}};
}

}  // namespace

struct Server::Impl {
  httplib::Server http;
};

Server::Server(Api& api, const std::string& host, int port) : impl_(std::make_unique<Impl>()) {
  httplib::Server& http = impl_->http;
  http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  http.set_read_timeout(kTimeout_s);
  http.set_write_timeout(kTimeout_s);
  http.set_keep_alive_timeout(kIdle_s);
  http.set_payload_max_length(kBody);
  // Before any body is read.
  http.set_pre_routing_handler([&api](const httplib::Request& request, httplib::Response& out) {
    const HttpResponse response = api.handle(convert(request));
    out.status = response.status;
    for (const auto& [name, value] : response.headers) out.set_header(name, value);
    if (request.method != "GET" && request.method != "HEAD") out.set_header("Connection", "close");
    out.set_content(response.body, response.type);
    return httplib::Server::HandlerResponse::Handled;
  });
  if (port == 0) {
    port_ = http.bind_to_any_port(host);
  } else if (port > 0 && port <= 65535 && http.bind_to_port(host, port)) {
    port_ = port;
  }
  if (port_ <= 0) {
    throw UsageError({.where = host + ":" + std::to_string(port),
                      .found = "cannot listen there",
                      .allowed = "an address of this machine and a port that nobody uses",
                      .remedy = "--port 0 takes a free one"});
  }
}

Server::~Server() = default;

void Server::run(const std::function<bool()>& stop_requested) {
  constexpr auto kLook = std::chrono::milliseconds(50);
  std::atomic<bool> ended{false};
  std::thread listener([this, &ended] {
    impl_->http.listen_after_bind();
    ended = true;
  });
  while (!stop_requested() && !ended) std::this_thread::sleep_for(kLook);
  while (!impl_->http.is_running() && !ended) std::this_thread::sleep_for(kLook);
  impl_->http.stop();
  listener.join();
}

}  // namespace ganymede::serve
