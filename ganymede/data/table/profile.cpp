#include "ganymede/data/table/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <regex>

#include "ganymede/core/log.h"
#include "ganymede/core/text.h"
#include "ganymede/data/table/datetime.h"
#include "ganymede/data/table/rows.h"

namespace ganymede::data {
namespace {

constexpr size_t kMostDistinct = 50'000;  // texts remembered of a column
constexpr size_t kMostCategories = 1000;  // beyond, mostly different texts are no categories
constexpr size_t kMostWords = 8;          // among numbers
constexpr double kMostly = 0.9;           // a share that makes the rest look wrong
constexpr double kHalf = 0.5;             // a share of numbers beside which words may be common
constexpr size_t kFewNumbers = 24;        // so few different ones beside common words are codes
constexpr int64_t kFewRows = 20;          // fewer say nothing about ids
constexpr int kMostDecimals = 15;
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr int64_t kPatience = 100;  // cells that a format of times may miss before it is given up
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string lower(std::string_view text) {
  std::string result(trimmed(text));
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// "007" is a code, "0.7" a number.
bool is_padded(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

// What someone may have meant as a number: "1e999", "inf", "0x10", "1_000".
bool resembles_number(std::string_view text) {
  std::string plain = lower(text);
  plain.erase(0, plain.find_first_not_of("+-"));
  if (plain == "inf" || plain == "infinity" || plain == "nan") return true;
  return !plain.empty() && (std::isdigit(static_cast<unsigned char>(plain[0])) != 0) &&
         plain.find_first_not_of("0123456789abcdefx_.,+-") == std::string::npos;
}

bool resembles_time(std::string_view text) {
  constexpr size_t kShortest = 6, kLongest = 32;
  return text.size() >= kShortest && text.size() <= kLongest &&
         std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

int decimals_of(std::string_view text, char point) {
  const size_t at = text.find(point);
  return at == std::string_view::npos ? 0 : static_cast<int>(text.size() - at - 1);
}

bool is_uuid(const std::string& text) {
  static const std::regex form("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  return std::regex_match(text, form);
}

bool names_an_id(const std::string& name) {
  const std::string plain = lower(name);
  return plain == "id" || plain == "uuid" || plain == "guid" || plain == "key" ||
         plain == "index" || plain.ends_with("_id") || plain.ends_with(" id") ||
         plain.ends_with("-id") || name.ends_with("Id") || name.ends_with("ID");
}

}  // namespace

ColumnProfile::ColumnProfile(const std::string& name, const ColumnHint* hint,
                             const TextSet& missing, const media::CsvReader& reader,
                             bool decimal_comma)
    : name_(name),
      hint_(hint),
      missing_spellings_(missing),
      reader_(reader),
      decimal_comma_(decimal_comma),
      id_name_(names_an_id(name)),
      minimum_(kInfinity),
      maximum_(-kInfinity),
      times_(known_datetime_formats().size(), 0),
      first_misfit_(times_.size()),
      time_minimum_(times_.size(), kInfinity),
      time_maximum_(times_.size(), -kInfinity) {
  for (const std::string& spelling : missing) {
    longest_missing_ = std::max(longest_missing_, spelling.size());
  }
  if (hint_ == nullptr || hint_->format.empty()) return;
  times_.assign(1, 0);
  first_misfit_.resize(1);
}

void ColumnProfile::add(const media::CsvField& field) {
  const std::string_view text = trimmed(field.text);
  if (text.size() <= longest_missing_ &&
      missing_spellings_.find(text) != missing_spellings_.end()) {
    ++missing_;
    const auto found = missing_texts_.find(field.text);
    if (found != missing_texts_.end()) {
      ++found->second;
    } else {
      missing_texts_.emplace(field.text, 1);
    }
    return;
  }
  ++present_;
  if (sample_.empty()) sample_ = text;
  add_distinct(field.text);
  const auto value = media::parse_csv_number(text, decimal_comma_);
  const bool wanted = hint_ != nullptr && hint_->kind == ColumnKind::kNumber;
  if (value && std::isfinite(*value) && (wanted || !is_padded(text))) {
    return add_number(text, *value);
  }
  if (value && std::isfinite(*value)) {
    ++padded_;
  } else if (resembles_number(text)) {
    if (first_bad_.line == 0) first_bad_ = {field.line, field.column, std::string(text)};
  } else {
    if (first_word_.line == 0) first_word_ = {field.line, field.column, std::string(text)};
    if (many_words_) {
      // No longer words among numbers.
    } else if (const auto found = words_.find(field.text); found != words_.end()) {
      ++found->second;
    } else if (words_.size() < kMostWords) {
      words_.emplace(field.text, 1);
    } else {
      many_words_ = true;
    }
  }
  add_times(field, text);
}

void ColumnProfile::add_number(std::string_view text, double value) {
  if (numbers_ > 0 && value != previous_ + 1) consecutive_ = false;
  previous_ = value;
  ++numbers_;
  minimum_ = std::min(minimum_, value);
  maximum_ = std::max(maximum_, value);
  const bool exponent = text.find_first_of("eE") != std::string_view::npos;
  exponents_ = exponents_ || exponent;
  const int decimals = exponent ? 0 : decimals_of(text, decimal_comma_ ? ',' : '.');
  most_decimals_ = std::max(most_decimals_, decimals);
  least_decimals_ = std::min(least_decimals_, decimals);
  if (decimals > 0 || exponent) consecutive_ = false;
  if (decimals == 0 && std::abs(value) > kExactIntegers) exact_ = false;
}

void ColumnProfile::add_times(const media::CsvField& field, std::string_view text) {
  const bool fixed = hint_ != nullptr && !hint_->format.empty();
  if (!fixed && !resembles_time(text)) return;
  for (size_t f = 0; f < times_.size(); ++f) {
    if (!fixed && present_ - times_[f] > kPatience + present_ / 10) continue;
    const auto seconds = parse_datetime(text, fixed ? hint_->format : known_datetime_formats()[f]);
    if (seconds) {
      ++times_[f];
      time_minimum_[f] = std::min(time_minimum_[f], *seconds);
      time_maximum_[f] = std::max(time_maximum_[f], *seconds);
    } else if (first_misfit_[f].line == 0) {
      first_misfit_[f] = {field.line, field.column, std::string(text)};
    }
  }
}

void ColumnProfile::add_distinct(std::string_view text) {
  if (many_) return;  // nothing asks for them any more
  if (const auto found = distinct_.find(text); found != distinct_.end()) {
    ++found->second.count;
  } else if (distinct_.size() < most_distinct()) {
    distinct_.emplace(text, Seen{1, present_});
  } else {
    many_ = true;
  }
}

// Nothing asks how many different numbers there are beyond a few, but for ids.
size_t ColumnProfile::most_distinct() const {
  const bool numbers = numbers_ + 1 == present_ && hint_ == nullptr && !id_name_;
  return numbers ? kMostCategories : kMostDistinct;
}

void ColumnProfile::fail(const Place& place, const std::string& allowed,
                         const std::string& remedy) const {
  reader_.fail({.text = {}, .line = place.line, .column = place.column},
               json_string(place.text) + " in column \"" + name_ + "\"", allowed, remedy);
}

size_t ColumnProfile::best_format() const {
  return static_cast<size_t>(std::max_element(times_.begin(), times_.end()) - times_.begin());
}

bool ColumnProfile::is_boolean() const {
  static const std::vector<std::pair<std::string, std::string>> pairs = {
      {"0", "1"}, {"false", "true"}, {"no", "yes"}, {"n", "y"}, {"f", "t"}, {"off", "on"}};
  if (many_ || distinct_.size() != 2) return false;
  std::string a = lower(distinct_.begin()->first), b = lower(std::next(distinct_.begin())->first);
  if (b < a) std::swap(a, b);
  return std::find(pairs.begin(), pairs.end(), std::pair(a, b)) != pairs.end();
}

// Different in every row.
bool ColumnProfile::is_key() const {
  return missing_ == 0 && present_ >= kFewRows &&
         (many_ || static_cast<int64_t>(distinct_.size()) == present_);
}

bool ColumnProfile::numbers_with_words() const {
  const double share = static_cast<double>(numbers_) / static_cast<double>(present_);
  const char* remedy = "--schema FILE with its kind, or this text under \"missing\"";
  if (share >= kMostly && first_bad_.line > 0)
    fail(first_bad_, "a finite decimal number, as in the rest of it", remedy);
  if (first_bad_.line > 0 || padded_ > 0 || many_words_) return false;
  const bool quantities = many_ || distinct_.size() > words_.size() + kFewNumbers;
  return share >= kMostly || (share >= kHalf && quantities);
}

ColumnKind ColumnProfile::kind() const {
  if (present_ == 0 || (!many_ && distinct_.size() == 1 && missing_ == 0)) {
    return ColumnKind::kConstant;
  }
  if (is_boolean()) return ColumnKind::kBoolean;
  if (numbers_ == present_) {
    const bool key = missing_ == 0 && present_ >= kFewRows && most_decimals_ == 0 && !exponents_ &&
                     (consecutive_ || (id_name_ && is_key()));
    return key || !exact_ ? ColumnKind::kId : ColumnKind::kNumber;
  }
  if (numbers_ > 0 && numbers_with_words()) return ColumnKind::kNumber;
  const size_t format = best_format();
  const auto times = static_cast<double>(times_[format]);
  if (times >= kMostly * static_cast<double>(present_)) {
    if (times_[format] < present_) {
      fail(first_misfit_[format],
           "a time like " + known_datetime_formats()[format] + ", as in the rest of it",
           "--schema FILE with its kind, or this text under \"missing\"");
    }
    return ColumnKind::kDatetime;
  }
  const size_t different = distinct_.size();
  const bool mostly_different = different > static_cast<size_t>(present_) / 2;
  if (is_key() || many_ || (different > kMostCategories && mostly_different)) {
    return ColumnKind::kId;
  }
  return ColumnKind::kCategory;
}

void ColumnProfile::fill_number(Column& column) const {
  if (numbers_ < present_ && (many_words_ || numbers_ == 0 || first_bad_.line > 0 || padded_ > 0)) {
    if (first_bad_.line > 0) fail(first_bad_, "a finite decimal number", "");
    fail(first_word_, "a number", "");
  }
  if (numbers_ == 0) fail(first_word_, "a number", "");
  column.minimum = minimum_;
  column.maximum = maximum_;
  const bool plain = !exponents_ && most_decimals_ <= kMostDecimals;
  column.decimals = plain ? most_decimals_ : -1;
  column.fixed_decimals = most_decimals_ == least_decimals_;
  for (const auto& [word, count] : words_) column.words.push_back(word);
  if (hint_ == nullptr) return;
  if (hint_->decimals) column.decimals = *hint_->decimals;
  if (hint_->minimum) column.minimum = std::min(column.minimum, *hint_->minimum);
  if (hint_->maximum) column.maximum = std::max(column.maximum, *hint_->maximum);
}

void ColumnProfile::fill_categories(Column& column) const {
  std::vector<std::pair<std::string, Seen>> sorted(distinct_.begin(), distinct_.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.count != b.second.count ? a.second.count > b.second.count
                                            : a.second.first < b.second.first;
  });
  for (const auto& [text, seen] : sorted) {
    column.categories.push_back(text);
    column.counts.push_back(seen.count);
  }
}

void ColumnProfile::fill_id(Column& column) const {
  if (is_uuid(sample_)) {
    column.pattern = "uuid";
  } else if (numbers_ == present_ && present_ > 0 && exact_) {
    column.pattern = "%d";
    column.next_id = static_cast<int64_t>(maximum_) + 1;
  } else {
    const size_t digits = sample_.find_last_not_of("0123456789") + 1;
    constexpr size_t kLongest = 64;
    const bool numbered = digits < sample_.size() && sample_.find('%') == std::string::npos &&
                          sample_.size() <= kLongest;
    column.pattern =
        numbered ? fmt::format("{}%0{}d", sample_.substr(0, digits), sample_.size() - digits)
                 : "row-%06d";
    column.next_id = present_ + 1;
  }
}

std::string ColumnProfile::missing_text() const {
  const auto most =
      std::max_element(missing_texts_.begin(), missing_texts_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == missing_texts_.end() ? std::string() : most->first;
}

Column ColumnProfile::finish() const {
  Column column;
  column.name = name_;
  column.missing = missing_;
  column.missing_text = missing_text();
  column.kind = hint_ != nullptr && hint_->kind ? *hint_->kind : kind();
  if (present_ == 0) column.kind = ColumnKind::kConstant;
  switch (column.kind) {
    case ColumnKind::kNumber:
      fill_number(column);
      break;
    case ColumnKind::kDatetime: {
      const size_t format = best_format();
      const bool fixed = hint_ != nullptr && !hint_->format.empty();
      column.format = fixed ? hint_->format : known_datetime_formats()[format];
      if (times_[format] < present_)
        fail(first_misfit_[format], "a time like " + column.format, "");
      column.minimum = time_minimum_[format];
      column.maximum = time_maximum_[format];
      break;
    }
    case ColumnKind::kId:
      fill_id(column);
      break;
    case ColumnKind::kCategory:
    case ColumnKind::kBoolean:
      if (many_) {
        fail(
            {.line = 1, .column = 1, .text = name_},
            fmt::format("at most {} categories", format_count(static_cast<int64_t>(kMostDistinct))),
            "the kind id in --schema FILE");
      }
      fill_categories(column);
      break;
    case ColumnKind::kConstant:
      fill_categories(column);
      break;
  }
  return column;
}

}  // namespace ganymede::data
