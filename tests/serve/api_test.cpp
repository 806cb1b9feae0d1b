// What a server answers, without sockets.
#include "ganymede/serve/api.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/domain.h"
#include "ganymede/media/codec.h"
#include "ganymede/serve/page.h"
#include "tests/core/fixture.h"
#include "tests/infer/made_models.h"

namespace ganymede::serve {
namespace {

class ServeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    infer::write(infer::make(infer::kinds()[2]), folder_->path() / "faces" / "model");
    infer::write(infer::make(infer::kinds()[0]), folder_->path() / "odd name <b>");
    std::filesystem::create_directories(folder_->path() / "empty");
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static HttpRequest get(const std::string& path,
                         std::multimap<std::string, std::string> query = {}) {
    return {.method = "GET",
            .target = path,
            .path = path,
            .hosts = {"127.0.0.1:7860"},
            .origins = {},
            .query = std::move(query)};
  }
  HttpResponse samples(std::multimap<std::string, std::string> query,
                       const std::string& id = "faces") {
    return api_.handle(get("/api/models/" + id + "/samples", std::move(query)));
  }
  int status_of(const HttpRequest& request) { return api_.handle(request).status; }

  static TempFolder* folder_;
  Api api_{load_models(folder_->path()), {"studio.example"}};
};
TempFolder* ServeTest::folder_ = nullptr;

TEST_F(ServeTest, ListsModelsByTheirFolders) {
  const auto json = nlohmann::json::parse(api_.handle(get("/api/models")).body);
  ASSERT_EQ(json["models"].size(), 2U);
  EXPECT_EQ(json["models"][0]["id"], "faces");
  EXPECT_EQ(json["models"][0]["gan"], "dcgan");
  EXPECT_EQ(json["models"][0]["spec"]["shape"], (std::vector<int>{3, 32, 32}));
  EXPECT_EQ(json["models"][0]["kimg"], 1.5);
  EXPECT_EQ(json["models"][1]["id"], "odd_name__b_");
}

TEST_F(ServeTest, SamplesAreThoseOfTheModel) {
  const infer::Model model = infer::Model::load(folder_->path() / "faces");
  const at::Tensor expected = model.sample({3, 4, 9});
  const data::Domain& domain = data::domain_of(model.spec());
  const HttpResponse png = samples({{"seeds", "3-4,9"}, {"columns", "3"}});
  EXPECT_EQ(png.status, 200);
  EXPECT_EQ(png.type, "image/png");
  data::PreviewOptions options;
  options.columns = 3;
  EXPECT_EQ(png.body, media::encode_image(domain.preview(expected, {}, options), ".png"));
  const HttpResponse npz = samples({{"seeds", "3-4,9"}, {"format", "npz"}});
  const auto path = folder_->path() / "expected.npz";
  domain.write(expected, {}, path, {});
  EXPECT_EQ(npz.body, read_file(path));
  const auto json = nlohmann::json::parse(samples({{"seeds", "9"}, {"format", "json"}}).body);
  EXPECT_EQ(json["samples"][0]["seed"], 9);
  const auto values = json["samples"][0]["values"].get<std::vector<float>>();
  EXPECT_TRUE(at::equal(at::tensor(values).view({3, 32, 32}), expected[2]));
}

TEST_F(ServeTest, RefusesBadQueries) {
  EXPECT_EQ(samples({{"seeds", "0-255"}, {"format", "npz"}}).status, 200);
  const std::vector<std::multimap<std::string, std::string>> bad = {
      {{"seeds", "0-256"}},
      {{"seeds", "0-199,0-56"}},
      {{"seeds", "-1"}},
      {{"seeds", "a"}},
      {{"seeds", ""}},
      {{"seeds", "5-1"}},
      {{"format", "exe"}},
      {{"class", "1"}},
      {{"class", "-1"}},
      {{"class", "x"}},
      {{"columns", "257"}},
      {{"out", "/etc/passwd"}},
      {{"seeds", "1"}, {"seeds", "2"}}};
  for (const auto& query : bad) {
    const HttpResponse response = samples(query);
    EXPECT_EQ(response.status, 400) << query.begin()->first << "=" << query.begin()->second;
    EXPECT_TRUE(nlohmann::json::parse(response.body)["error"].contains("found"));
  }
  Api small(load_models(folder_->path()), {}, {.json_values = 3 * 32 * 32});
  EXPECT_EQ(
      small.handle(get("/api/models/faces/samples", {{"seeds", "0"}, {"format", "json"}})).status,
      200);
  EXPECT_EQ(
      small.handle(get("/api/models/faces/samples", {{"seeds", "0-1"}, {"format", "json"}})).status,
      400);
}

TEST_F(ServeTest, NothingElseIsThere) {
  for (const std::string path :
       {"/x", "//", "/api", "/api/models/", "/api/models/faces", "/api/models/samples",
        "/api/models//samples", "/api/models/../samples", "/api/models/none/samples",
        "/api/models/faces/../../etc/passwd/samples", "/api/models/FACES/samples", ""}) {
    EXPECT_EQ(status_of(get(path)), 404) << path;
  }
  HttpRequest post = get("/api/models");
  post.method = "POST";
  EXPECT_EQ(status_of(post), 405);
  HttpRequest lengthy = get("/healthz");
  lengthy.target += std::string(2048, 'a');
  EXPECT_EQ(status_of(lengthy), 414);
}

TEST_F(ServeTest, OnlyItsOwnNamesAreAnswered) {
  const auto with_host = [&](std::vector<std::string> hosts) {
    HttpRequest request = get("/healthz");
    request.hosts = std::move(hosts);
    return status_of(request);
  };
  for (const char* good :
       {"localhost", "127.0.0.1", "127.0.0.1:1", "[::1]:65535", "studio.example:80"}) {
    EXPECT_EQ(with_host({good}), 200) << good;
  }
  for (const char* bad :
       {"evil.test", "127.0.0.1.evil.test", "localhost:", "localhost:80:80", "",
        "localhost@evil.test", "127.0.0.1:80a", "127.0.0.12", "localhost:123456"}) {
    EXPECT_EQ(with_host({bad}), 403) << bad;
  }
  EXPECT_EQ(with_host({}), 400);
  EXPECT_EQ(with_host({"localhost", "evil.test"}), 400);
}

TEST_F(ServeTest, OnlyItsOwnPagesAreAnswered) {
  const auto with_origin = [&](const std::string& origin) {
    HttpRequest request = get("/api/models");
    request.origins = {origin};
    return status_of(request);
  };
  EXPECT_EQ(with_origin("http://127.0.0.1:7860"), 200);
  EXPECT_EQ(with_origin("http://localhost"), 200);
  for (const char* bad :
       {"null", "http://evil.test", "https://127.0.0.1.evil.test", "file://", "http://"}) {
    EXPECT_EQ(with_origin(bad), 403) << bad;
  }
}

TEST_F(ServeTest, ThePageHoldsNoMarkupFromNames) {
  const HttpResponse page = api_.handle(get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("/api/models/faces/samples?seeds=0-15"), std::string::npos);
  EXPECT_EQ(page.body.find("<b>"), std::string::npos);
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  EXPECT_EQ(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  bool policy = false;
  for (const auto& [name, value] : page.headers) {
    policy |= name == "Content-Security-Policy" && value.starts_with("default-src 'none'");
  }
  EXPECT_TRUE(policy);
}

TEST_F(ServeTest, RequestsAtOnceGetTheSameBytes) {
  const std::string alone = samples({{"seeds", "0-3"}}).body;
  std::vector<HttpResponse> responses(4);
  std::vector<std::thread> threads;
  for (HttpResponse& response : responses) {
    threads.emplace_back([&] { response = samples({{"seeds", "0-3"}}); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const HttpResponse& response : responses) EXPECT_EQ(response.body, alone);
}

TEST_F(ServeTest, TooManyAtOnceAreToldToComeAgain) {
  Api closed(load_models(folder_->path()), {}, {.waiting = 0});
  EXPECT_EQ(closed.handle(get("/api/models/faces/samples")).status, 429);
  EXPECT_EQ(closed.handle(get("/healthz")).status, 200);
}

TEST_F(ServeTest, LoadsOneModelOrRefuses) {
  EXPECT_EQ(load_models(folder_->path() / "faces").size(), 1U);
  EXPECT_THROW(load_models(folder_->path() / "empty"), UsageError);
  EXPECT_THROW(load_models(folder_->path() / "nowhere"), UsageError);
}

}  // namespace
}  // namespace ganymede::serve
