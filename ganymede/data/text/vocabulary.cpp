#include "ganymede/data/text/vocabulary.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tokens.h"
#include "ganymede/media/utf8.h"

namespace ganymede::data {
namespace {

constexpr std::string_view kStandAlone = ".,;:!?()[]{}\"";
constexpr std::string_view kCloses = ".,;:!?)]}";
constexpr std::string_view kOpens = "([{";

bool is_one_of(std::string_view token, std::string_view set) {
  return token.size() == 1 && set.find(token.front()) != std::string_view::npos;
}

// Part of a word: letters, digits and everything beyond ASCII.
bool is_inner(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

// Whether the sign at `at` is within a word, as in 3.5 or u.s.a
bool joins(std::string_view word, size_t at) {
  return (word[at] == '.' || word[at] == ',' || word[at] == ':') && at > 0 &&
         at + 1 < word.size() && is_inner(word[at - 1]) && is_inner(word[at + 1]);
}

void split_word(std::string_view word, std::vector<std::string>& tokens) {
  size_t begin = 0;
  for (size_t at = 0; at < word.size(); ++at) {
    if (kStandAlone.find(word[at]) == std::string_view::npos || joins(word, at)) continue;
    if (at > begin) tokens.emplace_back(word.substr(begin, at - begin));
    tokens.emplace_back(1, word[at]);
    begin = at + 1;
  }
  if (begin < word.size()) tokens.emplace_back(word.substr(begin));
}

template <typename Visit>
void each_word(std::string_view line, const Visit& visit) {
  size_t begin = 0, at = 0;
  media::each_code_point(line, [&](char32_t point, std::string_view bytes) {
    if (media::is_blank(point)) {
      if (at > begin) visit(line.substr(begin, at - begin));
      begin = at + bytes.size();
    }
    at += bytes.size();
  });
  if (at > begin) visit(line.substr(begin));
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> tokens;
  each_word(line, [&](std::string_view word) { split_word(word, tokens); });
  return tokens;
}

std::vector<std::string> characters_of(std::string_view line, bool spaced) {
  std::vector<std::string> tokens;
  each_word(line, [&](std::string_view word) {
    if (!spaced && !tokens.empty()) tokens.emplace_back(" ");
    media::each_code_point(word,
                           [&](char32_t, std::string_view bytes) { tokens.emplace_back(bytes); });
  });
  return tokens;
}

// Whether each line with more than one character has blanks between all of them.
bool are_spaced(const std::vector<std::string_view>& lines) {
  bool blanks = false, spaced = true;
  for (const std::string_view line : lines) {
    int64_t words = 0;
    each_word(line, [&](std::string_view word) {
      ++words;
      spaced = spaced && media::first_code_point(word).bytes == word.size();
    });
    if (!spaced) return false;
    blanks = blanks || words > 1;
  }
  return blanks;
}

std::string lower_case(std::string_view token) {
  std::string lower(token);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

const std::vector<std::string>& special_names() {
  static const std::vector<std::string> names = {"", "", "<unk>", ""};
  return names;
}

}  // namespace

void Vocabulary::index() {
  numbers_.clear();
  for (size_t i = 0; i < tokens_.size(); ++i) {
    numbers_.emplace(tokens_[i], static_cast<int32_t>(kFirstToken + static_cast<int64_t>(i)));
  }
}

Vocabulary Vocabulary::fit(const std::vector<std::string_view>& lines,
                           const VocabularyOptions& options, const std::string& where) {
  Vocabulary vocabulary;
  vocabulary.characters_ = options.characters;
  vocabulary.spaced_ = options.characters && are_spaced(lines);
  std::unordered_map<std::string, int64_t> counts;
  for (const std::string_view line : lines) {
    for (std::string& token : vocabulary.split(line)) ++counts[std::move(token)];
  }
  if (counts.empty()) {
    throw DataError({.where = where, .found = "no text", .allowed = "one sample per line"});
  }
  for (const auto& [token, count] : counts) {
    const bool held = count >= options.min_count;
    if (held) vocabulary.tokens_.push_back(token);
    vocabulary.unknown_ = vocabulary.unknown_ || !held;
  }
  if (static_cast<int64_t>(vocabulary.tokens_.size()) > kMost || vocabulary.tokens_.empty()) {
    throw DataError({.where = where,
                     .found = format_count(static_cast<int64_t>(vocabulary.tokens_.size())) +
                              " different tokens that occur " + std::to_string(options.min_count) +
                              " times or more",
                     .allowed = "1 to " + format_count(kMost),
                     .remedy = "another data.min_count, or data.tokens=characters"});
  }
  std::sort(vocabulary.tokens_.begin(), vocabulary.tokens_.end(),
            [&](const std::string& a, const std::string& b) {
              const int64_t left = counts[a], right = counts[b];
              return left != right ? left > right : a < b;
            });
  vocabulary.index();
  return vocabulary;
}

Vocabulary Vocabulary::of_words(std::vector<std::string> words) {
  Vocabulary vocabulary;
  vocabulary.tokens_ = std::move(words);
  vocabulary.index();
  return vocabulary;
}

Vocabulary Vocabulary::from_json(const nlohmann::json& json, const std::string& where) {
  Vocabulary vocabulary;
  int64_t count = 0;
  const auto refuse = [&](const std::string& found) {
    throw ModelError({.where = where, .found = found, .allowed = "the vocabulary of a text"});
  };
  try {
    vocabulary.characters_ = json.at("kind").get<std::string>() == "characters";
    vocabulary.spaced_ = json.at("spaced");
    vocabulary.unknown_ = json.at("unknown");
    vocabulary.tokens_ = json.at("tokens").get<std::vector<std::string>>();
    count = json.at("vocabulary");
  } catch (const nlohmann::json::exception& error) {
    refuse(error.what());
  }
  vocabulary.index();
  if (vocabulary.tokens_.empty() || static_cast<int64_t>(vocabulary.tokens_.size()) > kMost)
    refuse(format_count(static_cast<int64_t>(vocabulary.tokens_.size())) + " tokens");
  if (vocabulary.numbers_.size() != vocabulary.tokens_.size())
    refuse("a token that is there twice");
  if (count != vocabulary.size()) refuse("a count of tokens that is not theirs");
  return vocabulary;
}

nlohmann::json Vocabulary::to_json() const {
  return {{"kind", characters_ ? "characters" : "words"},
          {"spaced", spaced_},
          {"unknown", unknown_},
          {"vocabulary", size()},
          {"tokens", tokens_}};
}

int64_t Vocabulary::size() const { return kFirstToken + static_cast<int64_t>(tokens_.size()); }

std::vector<std::string> Vocabulary::split(std::string_view line) const {
  return characters_ ? characters_of(line, spaced_) : words_of(line);
}

int32_t Vocabulary::number(std::string_view token) const {
  auto found = numbers_.find(std::string(token));
  if (found == numbers_.end()) found = numbers_.find(lower_case(token));
  return found == numbers_.end() ? static_cast<int32_t>(kUnknownToken) : found->second;
}

std::vector<int32_t> Vocabulary::encode(std::string_view line) const {
  std::vector<int32_t> numbers;
  for (const std::string& token : split(line)) numbers.push_back(number(token));
  return numbers;
}

const std::string& Vocabulary::token(int64_t number) const {
  if (number < 0 || number >= size()) {
    throw ModelError({.where = "text",
                      .found = "a token of number " + std::to_string(number),
                      .allowed = "0 to " + std::to_string(size() - 1)});
  }
  return number < kFirstToken ? special_names()[static_cast<size_t>(number)]
                              : tokens_[static_cast<size_t>(number - kFirstToken)];
}

std::string Vocabulary::decode(std::span<const int32_t> numbers, bool for_people) const {
  std::string text;
  bool glue = true, quoted = false;  // no blank before the next token; within "..."
  for (const int32_t number : numbers) {
    if (number == kEndToken) break;
    const std::string& word = token(number);
    if (word.empty()) continue;
    if (characters_) {
      if (spaced_ && !for_people && !text.empty()) text += ' ';
      text += word;
      continue;
    }
    const bool quote = word == "\"";
    if (!glue && !is_one_of(word, kCloses) && !(quote && quoted)) text += ' ';
    text += word;
    if (quote) quoted = !quoted;
    glue = is_one_of(word, kOpens) || (quote && quoted);
  }
  return text;
}

}  // namespace ganymede::data
