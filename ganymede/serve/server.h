// HTTP/1.1 around an Api.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ganymede/serve/api.h"

namespace ganymede::serve {

class Server {
 public:
  // Binds at once; port 0 takes a free one. Throws UsageError when host and port cannot be had.
  Server(Api& api, const std::string& host, int port);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }

  // Answers until `stop_requested` is true (looked at a few times a second); requests that were
  // accepted are finished.
  void run(const std::function<bool()>& stop_requested);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  int port_ = 0;
};

}  // namespace ganymede::serve
