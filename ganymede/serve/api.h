// What a server answers, as functions of a request: no sockets here.
//
//   GET /                                   a page with one card per model
//   GET /healthz                            {"status": "ok"}; needs no model
//   GET /api/models                         what is served
//   GET /api/models/<id>/samples?seeds=0-15&class=3&columns=4&format=png|npz|json
//
// class: as --class of gan sample; several classes make a grid, rows of classes and columns of
// seeds.
//
// Everything else is refused. Names from the client are looked up in the list of models and never
// reach the file system.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ganymede/serve/shelf.h"

namespace ganymede::serve {

struct HttpRequest {
  std::string method;
  std::string target;                // as sent, with the query
  std::string path;                  // decoded, without it
  std::vector<std::string> hosts;    // values of Host
  std::vector<std::string> origins;  // values of Origin
  std::multimap<std::string, std::string> query;
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct ApiLimits {
  size_t target_bytes = 2048;
  size_t seeds = 256;
  int64_t json_values = 1 << 20;  // of samples as JSON
  int waiting = 4;                // requests for samples at once; others are told to come again
};

class Api {
 public:
  // `hosts`: names that Host and Origin may carry besides the loopback ones.
  Api(std::vector<ServedModel> models, std::vector<std::string> hosts,
      const ApiLimits& limits = {});

  const std::vector<ServedModel>& models() const { return models_; }

  // Never throws: errors become JSON {"error": {...}} with a status. Thread-safe; one request at a
  // time computes. What the client did not cause is logged and answered without details.
  HttpResponse handle(const HttpRequest& request);

 private:
  HttpResponse route(const HttpRequest& request);
  HttpResponse list() const;
  HttpResponse page() const;
  HttpResponse samples(const HttpRequest& request, const ServedModel& served);
  const ServedModel& find(std::string_view id) const;
  void check_host(const HttpRequest& request) const;
  bool is_allowed_host(std::string_view host) const;

  std::vector<ServedModel> models_;
  std::vector<std::string> hosts_;
  ApiLimits limits_;
  std::mutex computing_;
  std::atomic<int> waiting_{0};
};

}  // namespace ganymede::serve
