#include "ganymede/serve/api.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/data/domain.h"
#include "ganymede/media/codec.h"
#include "ganymede/serve/page.h"
#include "ganymede/serve/scratch.h"

namespace ganymede::serve {
namespace {

constexpr std::string_view kModels = "/api/models";

// A refusal with its HTTP status.
class Refused : public Error {
 public:
  Refused(int status, ErrorParts parts) : Error(std::move(parts)), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

HttpResponse error_response(int status, const ErrorParts& parts) {
  nlohmann::json error = {{"where", parts.where}, {"found", parts.found}};
  if (!parts.allowed.empty()) error["allowed"] = parts.allowed;
  HttpResponse response{.status = status};
  response.body = nlohmann::json{{"error", error}}.dump(-1, ' ', false,
                                                        nlohmann::json::error_handler_t::replace);
  if (status == 405) response.headers.emplace_back("Allow", "GET, HEAD");
  if (status == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

nlohmann::json describe(const ServedModel& served) {
  const infer::Model& model = served.model;
  return {{"id", served.id},
          {"gan", model.gan_name()},
          {"data", served.data},
          {"kimg", model.kimg()},
          {"conditional", model.gan().conditional()},
          {"class_names", model.classes().names},
          {"spec",
           {{"domain", model.spec().domain},
            {"shape", model.spec().shape},
            {"classes", model.spec().classes}}}};
}

// The query of a request for samples. Each name may appear once; others are errors.
struct SampleQuery {
  std::string seeds = "0-15";
  std::string format = "png";
  std::string classes;
  int64_t columns = 0;
};

int64_t parse_integer(const std::string& name, const std::string& text, int64_t last) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value < 0 || value > last) {
    throw Refused(400, {.where = name,
                        .found = "\"" + text + "\"",
                        .allowed = "a number of 0 to " + std::to_string(last)});
  }
  return value;
}

SampleQuery parse_query(const HttpRequest& request) {
  SampleQuery query;
  for (const auto& [name, value] : request.query) {
    if (request.query.count(name) > 1) {
      throw Refused(400, {.where = "query", .found = "\"" + name + "\" appears twice"});
    }
    if (name == "seeds") {
      query.seeds = value;
    } else if (name == "format") {
      query.format = value;
    } else if (name == "class") {
      query.classes = value;
    } else if (name == "columns") {
      query.columns = parse_integer(name, value, 256);
    } else {
      throw Refused(400, {.where = "query",
                          .found = "\"" + name + "\"",
                          .allowed = "seeds, class, columns, format"});
    }
  }
  if (query.format != "png" && query.format != "npz" && query.format != "json") {
    throw Refused(
        400, {.where = "format", .found = "\"" + query.format + "\"", .allowed = "png, npz, json"});
  }
  return query;
}

std::string json_of(const at::Tensor& samples, const gans::SampleGrid& grid) {
  nlohmann::json list = nlohmann::json::array();
  const at::Tensor rows = samples.flatten(1).contiguous();
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const float* values = rows[i].data_ptr<float>();
    list.push_back({{"seed", grid.request.seeds[static_cast<size_t>(i)]},
                    {"name", grid.names[static_cast<size_t>(i)]},
                    {"values", std::vector<float>(values, values + rows.size(1))}});
  }
  return nlohmann::json{{"shape", samples.sizes().slice(1).vec()}, {"samples", list}}.dump();
}

HttpResponse encode(const at::Tensor& samples, const SampleQuery& query,
                    const gans::SampleGrid& grid, const SampleSpec& spec) {
  const data::Domain& domain = data::domain_of(spec);
  data::PreviewOptions options;
  options.columns = static_cast<int>(query.columns > 0 ? query.columns : grid.columns);
  if (query.columns == 0) options.row_labels = grid.row_titles;
  if (query.format == "json") return {.body = json_of(samples, grid)};
  if (query.format == "npz") {
    return {.type = "application/octet-stream",
            .body = file_bytes("samples.npz",
                               [&](const auto& path) { domain.write(samples, {}, path, options); }),
            .headers = {{"Content-Disposition", "attachment; filename=\"samples.npz\""}}};
  }
  return {.type = "image/png",
          .body = media::encode_image(domain.preview(samples, {}, options), ".png")};
}

// Counts who waits for samples while it lives.
class Waiting {
 public:
  Waiting(std::atomic<int>& count, int most) : count_(count) {
    if (++count_ <= most) return;
    --count_;
    throw Refused(429, {.where = "samples", .found = "too many requests at once"});
  }
  ~Waiting() { --count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::atomic<int>& count_;
};

}  // namespace

Api::Api(std::vector<ServedModel> models, std::vector<std::string> hosts, const ApiLimits& limits)
    : models_(std::move(models)), hosts_(std::move(hosts)), limits_(limits) {
  for (const char* name : {"localhost", "127.0.0.1", "[::1]"}) hosts_.emplace_back(name);
}

HttpResponse Api::handle(const HttpRequest& request) {
  HttpResponse response;
  try {
    response = route(request);
  } catch (const Refused& error) {
    response = error_response(error.status(), error.parts());
  } catch (const UsageError& error) {  // a class that does not exist, malformed seeds
    response = error_response(400, error.parts());
  } catch (const std::exception& error) {
    log_warning("a request failed: {}", error.what());
    response = error_response(500, {.where = "server", .found = "the request failed"});
  }
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; img-src 'self'; style-src 'self'; "
                                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

// "name" or "name:port".
bool Api::is_allowed_host(std::string_view host) const {
  return std::ranges::any_of(hosts_, [&](const std::string& name) {
    if (!host.starts_with(name)) return false;
    const std::string_view port = host.substr(name.size());
    if (port.empty()) return true;
    return port[0] == ':' && port.size() > 1 && port.size() <= 6 &&
           std::ranges::all_of(port.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  });
}

// Against pages elsewhere whose name was made to point here, and against their scripts.
void Api::check_host(const HttpRequest& request) const {
  if (request.hosts.size() != 1) {
    throw Refused(400, {.where = "Host",
                        .found = std::to_string(request.hosts.size()) + " values",
                        .allowed = "one"});
  }
  if (!is_allowed_host(request.hosts[0])) {
    throw Refused(403, {.where = "Host", .found = "a name that this server does not go by"});
  }
  for (const std::string& origin : request.origins) {
    constexpr std::string_view kScheme = "http://";
    if (!origin.starts_with(kScheme) || !is_allowed_host(origin.substr(kScheme.size()))) {
      throw Refused(403, {.where = "Origin", .found = "a page of another server"});
    }
  }
}

HttpResponse Api::route(const HttpRequest& request) {
  check_host(request);
  if (request.target.size() > limits_.target_bytes) {
    throw Refused(414, {.where = "address",
                        .found = std::to_string(request.target.size()) + " bytes",
                        .allowed = "at most " + std::to_string(limits_.target_bytes)});
  }
  if (request.method != "GET" && request.method != "HEAD") {
    throw Refused(405, {.where = "method", .found = "no GET", .allowed = "GET, HEAD"});
  }
  const std::string_view path = request.path;
  if (path == "/healthz") return {.body = R"({"status":"ok"})"};
  if (path == "/") return page();
  if (path == "/style.css") {
    return {.type = "text/css; charset=utf-8", .body = std::string(style_sheet())};
  }
  if (path == kModels) return list();
  constexpr std::string_view kSamples = "/samples";
  if (path.starts_with("/api/models/") && path.ends_with(kSamples)) {
    const std::string_view rest = path.substr(kModels.size() + 1);
    if (rest.size() > kSamples.size()) {
      return samples(request, find(rest.substr(0, rest.size() - kSamples.size())));
    }
  }
  throw Refused(404, {.where = "address", .found = "nothing is here", .allowed = "/, /api/models"});
}

const ServedModel& Api::find(std::string_view id) const {
  const auto found = std::ranges::find(models_, id, &ServedModel::id);
  if (found != models_.end()) return *found;
  throw Refused(404, {.where = "model", .found = "no such model", .allowed = "ids of /api/models"});
}

HttpResponse Api::list() const {
  nlohmann::json models = nlohmann::json::array();
  for (const ServedModel& served : models_) models.push_back(describe(served));
  return {.body = nlohmann::json{{"models", models}}.dump(
              -1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

HttpResponse Api::page() const {
  return {.type = "text/html; charset=utf-8", .body = index_page(models_)};
}

HttpResponse Api::samples(const HttpRequest& request, const ServedModel& served) {
  const SampleQuery query = parse_query(request);
  const std::vector<uint64_t> seeds = infer::parse_seeds(query.seeds, "seeds", limits_.seeds);
  const SampleSpec& spec = served.model.spec();
  const gans::SampleGrid grid = served.model.grid(seeds, query.classes);
  const auto count = static_cast<size_t>(grid.request.count());
  if (count > limits_.seeds) {
    throw Refused(400, {.where = "class",
                        .found = std::to_string(count) + " samples: each class with each seed",
                        .allowed = "at most " + std::to_string(limits_.seeds)});
  }
  const auto values = static_cast<int64_t>(count) * spec.elements();
  if (query.format == "json" && values > limits_.json_values) {
    throw Refused(400, {.where = "format",
                        .found = std::to_string(values) + " values as JSON",
                        .allowed = "at most " + std::to_string(limits_.json_values) + ", or npz"});
  }
  const Waiting waiting(waiting_, limits_.waiting);
  const std::lock_guard lock(computing_);
  return encode(served.model.samples_of(grid), query, grid, spec);
}

}  // namespace ganymede::serve
