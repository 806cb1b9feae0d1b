#include "ganymede/data/text/text_domain.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/text/text_data.h"
#include "ganymede/data/text/text_preview.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"

namespace ganymede::data {
namespace {

at::Tensor numbers_of(const at::Tensor& samples) {
  if (!samples.defined() || samples.dim() != 2) {
    throw UsageError(
        {"text samples", samples.defined() ? "a tensor of another shape" : "none", "[N, length]"});
  }
  return samples.detach().to(at::kCPU, at::kFloat).round().to(at::kInt).contiguous();
}

void write_arrays(const at::Tensor& numbers, const Vocabulary& vocabulary,
                  const std::filesystem::path& path) {
  std::string tokens;
  for (int64_t i = 0; i < vocabulary.size(); ++i) tokens += vocabulary.token(i) + "\n";
  const std::string_view bytes(reinterpret_cast<const char*>(numbers.data_ptr<int32_t>()),
                               static_cast<size_t>(numbers.numel()) * sizeof(int32_t));
  std::map<std::string, media::ArrayView> arrays;
  arrays["tokens"] = {media::DType::kI32, numbers.sizes().vec(), bytes};
  arrays["vocabulary"] = {media::DType::kU8, {static_cast<int64_t>(tokens.size())}, tokens};
  media::write_npz(path, arrays);
}

[[noreturn]] void refuse_words(const std::vector<std::string>& unknown,
                               const Vocabulary& vocabulary) {
  std::vector<std::string> held;
  for (int64_t i = kFirstToken; i < vocabulary.size(); ++i) held.push_back(vocabulary.token(i));
  const auto near = did_you_mean(unknown.front(), held);
  held.resize(std::min<size_t>(held.size(), 12));
  throw UsageError(
      {.where = "text",
       .found = "what the model does not know: " + join(unknown),
       .allowed = format_count(vocabulary.size() - kFirstToken) + " tokens, such as " + join(held),
       .remedy = near ? *near : ""});
}

}  // namespace

TextDomain::TextDomain(const std::string& state) {
  const auto json = nlohmann::json::parse(state, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    throw ModelError({.where = "domain_state",
                      .found = state.empty() ? "no vocabulary" : "text that is not JSON",
                      .allowed = "the vocabulary of a text"});
  }
  vocabulary_ = std::make_shared<const Vocabulary>(Vocabulary::from_json(json, "domain_state"));
}

std::vector<std::string> TextDomain::decoded(const at::Tensor& samples, bool for_people) const {
  const at::Tensor numbers = numbers_of(samples);
  const auto length = static_cast<size_t>(numbers.size(1));
  std::vector<std::string> lines;
  for (int64_t i = 0; i < numbers.size(0); ++i) {
    const int32_t* row = numbers.data_ptr<int32_t>() + static_cast<size_t>(i) * length;
    lines.push_back(vocabulary_->decode({row, length}, for_people));
  }
  return lines;
}

std::vector<std::string> TextDomain::lines(const at::Tensor& samples) const {
  return decoded(samples, false);
}

std::vector<std::string> TextDomain::captions(const at::Tensor& samples) const {
  return decoded(samples, true);
}

media::Image TextDomain::preview(const at::Tensor& samples, const at::Tensor& reals,
                                 const PreviewOptions& options) const {
  const auto real = reals.defined() ? captions(reals) : std::vector<std::string>();
  return text_preview(captions(samples), real, options.title,
                      text_rows(samples.size(1), vocabulary_->characters()));
}

at::Tensor TextDomain::parse(const std::string& text, const SampleSpec& spec) const {
  const TokenSpec tokens = token_spec_of(spec);
  const auto words = vocabulary_->split(text);
  const auto numbers = vocabulary_->encode(text);
  std::vector<std::string> unknown;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == kUnknownToken) unknown.push_back(words[i]);
  }
  const bool none_known = unknown.size() == numbers.size();
  if (!unknown.empty() && (none_known || !vocabulary_->knows_unknown()))
    refuse_words(unknown, *vocabulary_);
  const auto count = static_cast<int64_t>(numbers.size());
  if (count == 0 || count > tokens.length || (count < tokens.length && !tokens.ends)) {
    throw UsageError(
        {.where = "text",
         .found = fmt::format("\"{}\": {} {}", text, count,
                              vocabulary_->characters() ? "characters" : "words"),
         .allowed = fmt::format("{} to {}", tokens.ends ? 1 : tokens.length, tokens.length)});
  }
  at::Tensor sample = at::empty({1, tokens.length}, at::kFloat);
  put_tokens(numbers, tokens.length, sample.data_ptr<float>());
  return sample;
}

std::vector<std::filesystem::path> TextDomain::write(const at::Tensor& samples,
                                                     const std::vector<std::string>&,
                                                     const std::filesystem::path& path,
                                                     const PreviewOptions& options) const {
  const std::string extension = path.extension().string();
  if (extension == ".txt") {
    std::string text;
    for (const std::string& line : lines(samples)) text += line + "\n";
    write_file_atomic(path, text);
  } else if (extension == ".npz") {
    write_arrays(numbers_of(samples), *vocabulary_, path);
  } else if (media::has_image_extension(path)) {
    media::write_image(path, preview(samples, {}, options));
  } else {
    throw UsageError({path.string(),
                      extension.empty() ? "no extension" : "the extension " + extension,
                      ".txt, .npz, .png, .webp, .jpg or .gif"});
  }
  return {path};
}

DataConfig TextDomain::fitting(DataConfig config, const SampleSpec& spec) const {
  config.domain = "text";
  config.domain_state = spec.domain_state;
  config.max_length = spec.shape.at(0);
  return config;
}

const TextDomain* text_domain_of(const SampleSpec& spec) {
  return dynamic_cast<const TextDomain*>(&domain_of(spec));
}

}  // namespace ganymede::data
