#include "cli/prompts.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/core/text.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/text/text_domain.h"

namespace ganymede::cli {
namespace {

std::string without_blanks_around(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") + 1 - begin);
}

void tell_unknown(const data::TextDomain& domain, const std::string& prompt) {
  std::vector<std::string> unknown;
  for (const std::string& word : domain.vocabulary().split(prompt))
    if (domain.vocabulary().number(word) == kUnknownToken) unknown.push_back('"' + word + '"');
  if (!unknown.empty())
    log_warning("the model never met {}: passed over in \"{}\"", join(unknown), prompt);
}

}  // namespace

std::vector<std::string> prompts_of(const std::vector<std::string>& typed) {
  std::vector<std::string> prompts;
  for (const std::string& text : typed) {
    size_t begin = 0;
    while (begin <= text.size()) {
      const size_t end = std::min(text.find('|', begin), text.size());
      const std::string part = without_blanks_around(text.substr(begin, end - begin));
      if (part.empty()) {
        throw UsageError({.where = "--prompt",
                          .found = "nothing in \"" + text + "\"",
                          .allowed = "words; several prompts with | between them"});
      }
      prompts.push_back(part);
      begin = end + 1;
    }
  }
  return prompts;
}

at::Tensor parse_prompt(const infer::Model& model, const std::string& prompt) {
  const SampleSpec& spec = model.spec();
  if (!spec.takes_given()) {
    throw UsageError({.where = "--given",
                      .found = model.gan_name() + " makes samples from nothing but z",
                      .remedy = "leave it out"});
  }
  const SampleSpec& given = spec.given[0];
  at::Tensor parsed = data::domain_of(given).parse(prompt, given);
  if (const data::TextDomain* text = data::text_domain_of(given)) tell_unknown(*text, prompt);
  return parsed;
}

gans::SampleGrid prompt_grid(const infer::Model& model, const std::vector<std::string>& prompts,
                             const std::vector<uint64_t>& seeds) {
  gans::SampleGrid grid;
  grid.request.device = model.device();
  std::vector<at::Tensor> rows;
  for (size_t i = 0; i < prompts.size(); ++i) {
    const at::Tensor one = parse_prompt(model, prompts[i]);
    for (const uint64_t seed : seeds) {
      grid.request.seeds.push_back(seed);
      grid.names.push_back(prompts.size() > 1 ? fmt::format("prompt-{}-seed-{}", i, seed)
                                              : fmt::format("seed-{}", seed));
      rows.push_back(one);
    }
  }
  grid.request.given = at::cat(rows);
  if (prompts.size() == 1) return grid;
  grid.row_titles = prompts;
  grid.columns = static_cast<int64_t>(seeds.size());
  return grid;
}

}  // namespace ganymede::cli
