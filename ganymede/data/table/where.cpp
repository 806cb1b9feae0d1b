#include "ganymede/data/table/where.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/table/datetime.h"
#include "ganymede/data/table/rows.h"

namespace ganymede::data {
namespace {

constexpr const char* kGrammar =
    "COLUMN = VALUE, != VALUE, in (VALUE, ...), < <= > >= VALUE, is missing, is not missing; "
    "joined by and";

// Reads the text from left to right.
class Parser {
 public:
  Parser(const std::string& text, const TableSchema& schema) : text_(text), schema_(schema) {}

  std::vector<ColumnCondition> parse() {
    do {
      term();
    } while (take_word("and"));
    skip_spaces();
    if (at_ != text_.size()) fail("more text");
    std::vector<ColumnCondition> result;
    for (auto& [column, condition] : conditions_) result.push_back(std::move(condition));
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& found, const std::string& allowed = kGrammar,
                         const std::string& remedy = {}) const {
    throw UsageError({.where = "--where",
                      .found = found + " at \"" + text_.substr(std::min(at_, text_.size())) + "\"",
                      .allowed = allowed,
                      .remedy = remedy});
  }

  // No row can be like that.
  [[noreturn]] void refuse(const Column& column, const std::string& found,
                           const std::string& allowed, const std::string& remedy = {}) const {
    throw UsageError({.where = "--where",
                      .found = "column \"" + column.name + "\" " + found,
                      .allowed = allowed,
                      .remedy = remedy});
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  bool take(std::string_view token) {
    skip_spaces();
    if (text_.compare(at_, token.size(), token) != 0) return false;
    at_ += token.size();
    return true;
  }

  // A word in any case, not followed by more letters.
  bool take_word(std::string_view word) {
    skip_spaces();
    if (at_ + word.size() > text_.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if (std::tolower(static_cast<unsigned char>(text_[at_ + i])) != word[i]) return false;
    }
    const size_t end = at_ + word.size();
    if (end < text_.size() && std::isalnum(static_cast<unsigned char>(text_[end])) != 0) {
      return false;
    }
    at_ = end;
    return true;
  }

  std::string quoted(char quote) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        value.push_back(text_[at_]);
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        value.push_back(text_[at_++]);
      } else {
        ++at_;
        return value;
      }
    }
    fail("a quote that does not close");
  }

  // The longest name of a column that stands here.
  int64_t column() {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '"') return schema_.at(quoted('"'), "--where");
    int64_t best = -1;
    size_t length = 0;
    for (size_t c = 0; c < schema_.columns.size(); ++c) {
      const std::string name(trimmed(schema_.columns[c].name));
      if (name.size() <= length || text_.compare(at_, name.size(), name) != 0) continue;
      const size_t end = at_ + name.size();
      if (end < text_.size() && std::isalnum(static_cast<unsigned char>(text_[end])) != 0) continue;
      best = static_cast<int64_t>(c);
      length = name.size();
    }
    if (best < 0) {
      const size_t end = std::min(text_.find_first_of(" =<>!", at_), text_.size());
      if (end == at_) fail("no column");
      return schema_.at(text_.substr(at_, end - at_), "--where");
    }
    at_ += length;
    return best;
  }

  std::string value() {
    skip_spaces();
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return quoted(text_[at_]);
    size_t end = at_;
    while (end < text_.size() && text_[end] != ',' && text_[end] != ')' &&
           std::isspace(static_cast<unsigned char>(text_[end])) == 0) {
      ++end;
    }
    if (end == at_) fail("no value");
    std::string result = text_.substr(at_, end - at_);
    at_ = end;
    return result;
  }

  std::vector<std::string> list() {
    if (!take("(")) fail("no list", "in (VALUE, VALUE, ...)");
    std::vector<std::string> values;
    do {
      values.push_back(value());
    } while (take(","));
    if (!take(")")) fail("a list without its end", "in (VALUE, VALUE, ...)");
    return values;
  }

  ColumnCondition& condition_of(int64_t place) {
    const auto [entry, fresh] = conditions_.try_emplace(place);
    ColumnCondition& condition = entry->second;
    if (!fresh) return condition;
    const Column& own = schema_.columns[static_cast<size_t>(place)];
    condition.column = place;
    condition.missing = own.missing > 0;
    for (size_t i = 0; i < own.categories.size(); ++i) {
      condition.categories.push_back(static_cast<int32_t>(i));
    }
    for (size_t i = 0; i < own.words.size(); ++i) {
      condition.words.push_back(static_cast<int32_t>(i));
    }
    return condition;
  }

  void term() {
    const int64_t place = column();
    const Column& own = schema_.columns[static_cast<size_t>(place)];
    if (!own.is_discrete() && !own.is_continuous()) {
      refuse(own, std::string("is of the kind ") + name_of(own.kind), "columns that are learned");
    }
    ColumnCondition& condition = condition_of(place);
    if (take_word("is")) {
      const bool negated = take_word("not");
      if (!take_word("missing")) fail("no \"missing\"");
      missing(condition, negated);
    } else if (take_word("in")) {
      equal(condition, list());
    } else if (take("!=") || take("<>")) {
      differ(condition, value());
    } else if (take("<=")) {
      compare(condition, value(), /*upper=*/true, /*open=*/false);
    } else if (take(">=")) {
      compare(condition, value(), /*upper=*/false, /*open=*/false);
    } else if (take("<")) {
      compare(condition, value(), /*upper=*/true, /*open=*/true);
    } else if (take(">")) {
      compare(condition, value(), /*upper=*/false, /*open=*/true);
    } else if (take("==") || take("=")) {
      equal(condition, {value()});
    } else {
      fail("no comparison");
    }
    check(own, condition);
  }

  void missing(ColumnCondition& condition, bool negated) const {
    if (negated) {
      condition.missing = false;
      return;
    }
    condition.categories.clear();
    condition.words.clear();
    condition.numbers = false;
  }

  // The category that is meant; -1 for the spelling of missing cells.
  int32_t category(const Column& own, const std::string& text) const {
    const auto& all = own.categories;
    auto found = std::find(all.begin(), all.end(), text);
    if (found == all.end()) {
      found = std::find_if(all.begin(), all.end(),
                           [&](const auto& known) { return trimmed(known) == trimmed(text); });
    }
    if (found != all.end()) return static_cast<int32_t>(found - all.begin());
    if (own.missing > 0 && trimmed(own.missing_text) == trimmed(text)) return -1;
    std::vector<std::string> plain;
    for (const std::string& known : all) plain.emplace_back(trimmed(known));
    const auto near = did_you_mean(text, plain);
    constexpr size_t kShown = 12;
    std::vector<std::string> shown(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kShown)));
    if (all.size() > kShown) shown.emplace_back("...");
    refuse(own, "has no " + json_string(text) + " in the training data", join(shown),
           near.value_or(""));
  }

  double number(const Column& own, const std::string& text) const {
    const auto value = own.kind == ColumnKind::kDatetime ? parse_datetime(text, own.format)
                                                         : media::parse_csv_number(text);
    if (value && std::isfinite(*value)) return *value;
    refuse(own, "is compared with " + json_string(text),
           own.kind == ColumnKind::kDatetime ? "a time like " + own.format : "a number");
  }

  void equal(ColumnCondition& condition, const std::vector<std::string>& texts) const {
    const Column& own = schema_.columns[static_cast<size_t>(condition.column)];
    std::vector<int32_t> categories, words;
    std::vector<double> values;
    bool allow_missing = false;
    for (const std::string& text : texts) {
      const auto word = std::find(own.words.begin(), own.words.end(), text);
      if (own.is_discrete()) {
        const int32_t code = category(own, text);
        if (code >= 0) {
          categories.push_back(code);
        } else {
          allow_missing = true;
        }
      } else if (word != own.words.end()) {
        words.push_back(static_cast<int32_t>(word - own.words.begin()));
      } else {
        values.push_back(number(own, text));
      }
    }
    keep(condition.categories, categories);
    keep(condition.words, words);
    condition.missing = condition.missing && allow_missing;
    if (!own.is_continuous()) return;
    if (values.empty()) {
      condition.numbers = false;
    } else if (condition.values.empty()) {
      condition.values = values;
    } else {
      std::erase_if(condition.values, [&](double v) {
        return std::find(values.begin(), values.end(), v) == values.end();
      });
      condition.numbers = condition.numbers && !condition.values.empty();
    }
  }

  void differ(ColumnCondition& condition, const std::string& text) const {
    const Column& own = schema_.columns[static_cast<size_t>(condition.column)];
    condition.missing = false;  // as in SQL
    if (own.is_continuous()) {
      condition.forbidden.push_back(number(own, text));
      return;
    }
    const int32_t code = category(own, text);
    std::erase(condition.categories, code);
  }

  void compare(ColumnCondition& condition, const std::string& text, bool upper, bool open) const {
    const Column& own = schema_.columns[static_cast<size_t>(condition.column)];
    if (!own.is_continuous()) {
      refuse(own, std::string("is of the kind ") + name_of(own.kind) + " and has no order",
             "=, !=, in (...)");
    }
    const double bound = number(own, text);
    condition.words.clear();
    condition.missing = false;
    if (upper && (bound < condition.high || (bound == condition.high && open))) {
      condition.high = bound;
      condition.high_open = open;
    }
    if (!upper && (bound > condition.low || (bound == condition.low && open))) {
      condition.low = bound;
      condition.low_open = open;
    }
  }

  static void keep(std::vector<int32_t>& all, const std::vector<int32_t>& wanted) {
    std::erase_if(all, [&](int32_t code) {
      return std::find(wanted.begin(), wanted.end(), code) == wanted.end();
    });
  }

  static bool holds(const ColumnCondition& c, double value) {
    return (c.low_open ? value > c.low : value >= c.low) &&
           (c.high_open ? value < c.high : value <= c.high);
  }

  // Whether some number of the source's range and decimals is left.
  bool numbers_left(const Column& own, ColumnCondition& condition) const {
    if (!condition.numbers || !own.is_continuous()) return false;
    const auto possible = [&](double value) {
      const double scale = std::pow(10.0, std::max(own.decimals, 0));
      const bool written = own.kind == ColumnKind::kDatetime || own.decimals < 0 ||
                           std::abs(value * scale - std::round(value * scale)) < 1e-6;
      return written && value >= own.minimum && value <= own.maximum && holds(condition, value) &&
             std::find(condition.forbidden.begin(), condition.forbidden.end(), value) ==
                 condition.forbidden.end();
    };
    if (!condition.values.empty()) {
      return std::any_of(condition.values.begin(), condition.values.end(), possible);
    }
    const double low = std::max(condition.low, own.minimum);
    const double high = std::min(condition.high, own.maximum);
    return low < high || (low == high && possible(low));
  }

  void check(const Column& own, ColumnCondition& condition) const {
    if (condition.missing || !condition.words.empty() || numbers_left(own, condition) ||
        (own.is_discrete() && !condition.categories.empty())) {
      return;
    }
    const std::string range = own.is_continuous()
                                  ? own.number_text(own.minimum) + " to " +
                                        own.number_text(own.maximum) + ", as in the training data"
                                  : "categories of the training data";
    refuse(own, "is asked for what no row can have", range);
  }

  const std::string& text_;
  const TableSchema& schema_;
  size_t at_ = 0;
  std::map<int64_t, ColumnCondition> conditions_;
};

bool fulfils(const Cells& cells, const Column& column, size_t row, const ColumnCondition& wanted) {
  if (cells.is_missing(static_cast<int64_t>(row))) return wanted.missing;
  if (column.is_discrete()) {
    return std::binary_search(wanted.categories.begin(), wanted.categories.end(), cells.codes[row]);
  }
  if (!cells.codes.empty() && cells.codes[row] >= 0) {
    return std::find(wanted.words.begin(), wanted.words.end(), cells.codes[row]) !=
           wanted.words.end();
  }
  const double value = cells.numbers[row];
  const auto among = [&](const std::vector<double>& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  return wanted.numbers && (wanted.values.empty() || among(wanted.values)) &&
         !among(wanted.forbidden) && (wanted.low_open ? value > wanted.low : value >= wanted.low) &&
         (wanted.high_open ? value < wanted.high : value <= wanted.high);
}

}  // namespace

std::vector<ColumnCondition> parse_where(const std::string& text, const TableSchema& schema) {
  return Parser(text, schema).parse();
}

std::vector<int64_t> matching_rows(const Table& table,
                                   const std::vector<ColumnCondition>& conditions) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < table.rows(); ++row) {
    const bool all = std::all_of(conditions.begin(), conditions.end(), [&](const auto& wanted) {
      return fulfils(table.cells(wanted.column), table.column(wanted.column),
                     static_cast<size_t>(row), wanted);
    });
    if (all) rows.push_back(row);
  }
  return rows;
}

TableFilter::TableFilter(std::shared_ptr<const Encoder> encoder, const std::string& where)
    : encoder_(std::move(encoder)), conditions_(parse_where(where, encoder_->schema())) {
  double rarest = 1;
  int64_t offset = 0;
  for (const ColumnCode& code : encoder_->codes()) {
    const auto wanted = std::find_if(conditions_.begin(), conditions_.end(),
                                     [&](const auto& c) { return c.column == code.column; });
    if (wanted != conditions_.end() && !code.shares.empty()) {
      std::vector<double> shares(code.shares.size(), 0.0);
      const auto allow = [&](int64_t place) {
        shares[static_cast<size_t>(place)] = code.shares[static_cast<size_t>(place)];
      };
      for (const int32_t category : wanted->categories) {
        if (category < code.categories || code.rare) {
          allow(std::min<int64_t>(category, code.categories));
        }
      }
      if (wanted->missing && code.missing) allow(code.places() - 1);
      double total = 0;
      for (const double share : shares) total += share;
      if (total > 0 && total < rarest) {
        rarest = total;
        offset_ = offset;
        shares_ = std::move(shares);
      }
    }
    offset += static_cast<int64_t>(code.shares.size());
  }
}

std::vector<int64_t> TableFilter::accepted(const at::Tensor& samples) const {
  return matching_rows(encoder_->decode(samples), conditions_);
}

}  // namespace ganymede::data
