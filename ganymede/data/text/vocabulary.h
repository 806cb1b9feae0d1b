// Words or characters of a text, and the numbers that stand for them. Knows no tensors.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ganymede::data {

struct VocabularyOptions {
  bool characters = false;  // else words
  int64_t min_count = 1;    // rarer tokens become kUnknownToken
};

// Tokens are words (between blanks; . , ; : ! ? ( ) [ ] { } " stand alone unless they are within a
// word, as in 3.5) or characters (code points; several blanks are one space, and none count where
// every line holds single characters with blanks between them). Numbers are those of
// core/tokens.h, then the tokens from the most frequent on (equals by bytes).
class Vocabulary {
 public:
  // Of all tokens in `lines` (valid UTF-8). Throws DataError naming `where` when there are none, or
  // more than kMost.
  static Vocabulary fit(const std::vector<std::string_view>& lines,
                        const VocabularyOptions& options, const std::string& where);
  // Of words as they are, each distinct. `ends` and all else are those of words.
  static Vocabulary of_words(std::vector<std::string> words);

  // Its part of SampleSpec::domain_state. Throws ModelError naming `where`.
  static Vocabulary from_json(const nlohmann::json& json, const std::string& where);
  nlohmann::json to_json() const;

  // Numbers are below this.
  int64_t size() const;
  bool characters() const { return characters_; }
  // Whether training saw tokens that it does not hold.
  bool knows_unknown() const { return unknown_; }

  // The tokens of a line, and their numbers. A word that is not held counts as itself in lower case
  // where that is.
  std::vector<std::string> split(std::string_view line) const;
  std::vector<int32_t> encode(std::string_view line) const;
  int32_t number(std::string_view token) const;  // kUnknownToken for one it does not hold

  // "" for padding and the like, "<unk>" for kUnknownToken. Throws ModelError beyond size().
  const std::string& token(int64_t number) const;
  // Text up to the first kEndToken: written as the source writes it, or for people to read.
  std::string decode(std::span<const int32_t> numbers, bool for_people = false) const;

  static constexpr int64_t kMost = 1'000'000;

 private:
  Vocabulary() = default;
  void index();

  bool characters_ = false;
  bool spaced_ = false;   // characters with blanks between them
  bool unknown_ = false;  // some token of the text is not held
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int32_t> numbers_;
};

}  // namespace ganymede::data
