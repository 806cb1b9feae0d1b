#include "ganymede/serve/page.h"

#include <fmt/format.h>

#include <cmath>

#include "ganymede/core/text.h"

namespace ganymede::serve {
namespace {

std::string shape_text(const SampleSpec& spec) {
  std::vector<std::string> sizes;
  for (const int64_t size : spec.shape) sizes.push_back(std::to_string(size));
  return spec.domain + " " + join(sizes, " x ");
}

std::string card(const ServedModel& served) {
  const infer::Model& model = served.model;
  const std::string samples = "/api/models/" + escape_html(served.id) + "/samples";
  const bool pictures = model.spec().domain == "image";
  const std::string seeds = pictures ? "0-15" : "0-255";
  return fmt::format(
      "<article>\n<h2>{0}</h2>\n<p>{1}, trained on {2}, {3} kimg, {4}</p>\n"
      "<img src=\"{5}?seeds={6}\" alt=\"samples of {0}\">\n"
      "<p><a href=\"{5}?seeds={6}&amp;format=npz\">as arrays</a></p>\n</article>\n",
      escape_html(served.id), escape_html(model.gan_name()), escape_html(served.data),
      format_number(model.kimg()), escape_html(shape_text(model.spec())), samples, seeds);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string index_page(const std::vector<ServedModel>& models) {
  std::string cards;
  for (const ServedModel& served : models) cards += card(served);
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Ganymede</title>\n"
         "<link rel=\"stylesheet\" "
         "href=\"/style.css\">\n</head>\n<body>\n<h1>Ganymede</h1>\n<main>\n" +
         cards + "</main>\n</body>\n</html>\n";
}

std::string_view style_sheet() {
  return "body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: "
         "#fafafa; }\n"
         "main { display: flex; flex-wrap: wrap; gap: 1.5rem; }\n"
         "article { background: #fff; border: 1px solid #ddd; border-radius: 6px; padding: 1rem; "
         "max-width: 30rem; }\n"
         "h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }\n"
         "img { max-width: 100%; min-height: 4rem; }\n";
}

}  // namespace ganymede::serve
