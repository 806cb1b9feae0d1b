// What the cells of one column look like, seen one by one, and the kind of column that follows.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ganymede/data/table/schema.h"

namespace ganymede::data {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

class ColumnProfile {
 public:
  // All outlive the profile.
  ColumnProfile(const std::string& name, const ColumnHint* hint, const TextSet& missing,
                const media::CsvReader& reader, bool decimal_comma);

  void add(const media::CsvField& field);
  // Throws DataError at the first cell that does not belong.
  Column finish() const;

 private:
  struct Place {
    int64_t line = 0;
    int64_t column = 0;
    std::string text;
  };
  struct Seen {
    int64_t count = 0;
    int64_t first = 0;
  };

  void add_number(std::string_view text, double value);
  void add_times(const media::CsvField& field, std::string_view text);
  void add_distinct(std::string_view text);
  [[noreturn]] void fail(const Place& place, const std::string& allowed,
                         const std::string& remedy) const;
  ColumnKind kind() const;
  bool numbers_with_words() const;
  bool is_boolean() const;
  bool is_key() const;
  size_t best_format() const;
  size_t most_distinct() const;
  void fill_number(Column& column) const;
  void fill_categories(Column& column) const;
  void fill_id(Column& column) const;
  std::string missing_text() const;

  const std::string& name_;
  const ColumnHint* hint_;
  const TextSet& missing_spellings_;
  const media::CsvReader& reader_;
  bool decimal_comma_;
  bool id_name_;
  size_t longest_missing_ = 0;

  int64_t present_ = 0, missing_ = 0, numbers_ = 0, padded_ = 0;
  std::map<std::string, int64_t, std::less<>> missing_texts_;
  double minimum_, maximum_, previous_ = 0;
  int most_decimals_ = 0, least_decimals_ = 100;
  bool exponents_ = false, consecutive_ = true, exact_ = true;
  Place first_bad_, first_word_;
  std::unordered_map<std::string, Seen, TextHash, std::equal_to<>> distinct_;
  bool many_ = false;  // distinct_ is no longer complete
  std::map<std::string, int64_t, std::less<>> words_;
  bool many_words_ = false;
  std::vector<int64_t> times_;       // by format: cells that it fits
  std::vector<Place> first_misfit_;  // by format
  std::string sample_;               // a cell
  std::vector<double> time_minimum_, time_maximum_;
};

}  // namespace ganymede::data
