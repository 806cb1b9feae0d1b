#include "ganymede/gans/classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::gans {
namespace {

constexpr size_t kMostWishes = 1000;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

template <typename Number>
std::optional<Number> number_in(const std::string& text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

class Parser {
 public:
  Parser(const Classes& known, const std::string& where) : known_(known), where_(where) {}

  std::vector<ClassWish> parse(const std::string& text) {
    for (const std::string& row : split(text, ';')) {
      row.find(':') == std::string::npos || by_name(row) ? add_list(row) : add_mix(row);
    }
    return std::move(wishes_);
  }

 private:
  std::optional<int64_t> by_name(const std::string& word) const {
    for (size_t i = 0; i < known_.names.size(); ++i) {
      if (lower(known_.names[i]) == lower(word)) return static_cast<int64_t>(i);
    }
    return std::nullopt;
  }

  // A name, else a number.
  std::optional<int64_t> label_of(const std::string& word) const {
    if (const auto named = by_name(word)) return named;
    const auto number = number_in<int64_t>(word);
    return number && *number >= 0 && *number < known_.count ? number : std::nullopt;
  }

  [[noreturn]] void refuse(const std::string& word) const {
    std::string allowed = fmt::format("0..{}", known_.count - 1);
    constexpr size_t kNamed = 20;
    if (!known_.names.empty() && known_.names.size() <= kNamed)
      allowed += ", " + join(known_.names);
    const auto near = did_you_mean(word, known_.names);
    throw UsageError({.where = where_,
                      .found = "no class is called \"" + word + "\"",
                      .allowed = allowed + ", lists 3,7, ranges 0-9, all, mixes 3:0.5,8:0.5",
                      .remedy = near ? "did you mean " + *near + "?" : std::string()});
  }

  void add(int64_t label) {
    if (wishes_.size() == kMostWishes) {
      throw UsageError(
          {.where = where_, .found = "more than " + std::to_string(kMostWishes) + " classes"});
    }
    ClassWish wish{.title = known_.title(label),
                   .shares = std::vector<double>(static_cast<size_t>(known_.count), 0.0),
                   .label = label};
    wish.shares[static_cast<size_t>(label)] = 1;
    wishes_.push_back(std::move(wish));
  }

  void add_range(int64_t first, int64_t last) {
    for (int64_t label = first; label <= last; ++label) add(label);
  }

  void add_list(const std::string& row) {
    if (lower(row) == "all") return add_range(0, known_.count - 1);
    for (const std::string& word : split(row, ',')) {
      if (const auto label = label_of(word)) {
        add(*label);
        continue;
      }
      const size_t dash = word.find('-');
      const auto first = label_of(word.substr(0, dash));
      const auto last = dash == std::string::npos ? first : label_of(word.substr(dash + 1));
      if (!first || !last || *last < *first) refuse(word);
      add_range(*first, *last);
    }
  }

  void add_mix(const std::string& row) {
    ClassWish wish{.title = {},
                   .shares = std::vector<double>(static_cast<size_t>(known_.count), 0.0)};
    double sum = 0;
    for (const std::string& part : split(row, ',')) {
      const size_t colon = part.rfind(':');
      const auto label = label_of(part.substr(0, colon));
      if (!label) refuse(part.substr(0, colon));
      const auto share =
          colon == std::string::npos ? std::nullopt : number_in<double>(part.substr(colon + 1));
      if (!share || !std::isfinite(*share) || *share < 0) {
        throw UsageError({.where = where_,
                          .found = "\"" + part + "\" in the mix " + row,
                          .allowed = "class:share with shares of 0 or more, such as 3:0.5,8:0.5"});
      }
      wish.shares[static_cast<size_t>(*label)] += *share;
      sum += *share;
    }
    if (!(sum > 0) || !std::isfinite(sum)) {
      throw UsageError({.where = where_, .found = "the mix " + row, .allowed = "a share above 0"});
    }
    for (size_t i = 0; i < wish.shares.size(); ++i) {
      wish.shares[i] /= sum;
      if (wish.shares[i] == 0) continue;
      wish.title += fmt::format("{}{:.0f} % {}", wish.title.empty() ? "" : ", ",
                                100 * wish.shares[i], known_.title(static_cast<int64_t>(i)));
    }
    wishes_.push_back(std::move(wish));
  }

  const Classes& known_;
  const std::string& where_;
  std::vector<ClassWish> wishes_;
};

}  // namespace

std::string Classes::title(int64_t label) const {
  const auto index = static_cast<size_t>(label);
  return index < names.size() ? names[index] : std::to_string(label);
}

std::vector<ClassWish> parse_classes(const std::string& text, const Classes& known,
                                     const std::string& where) {
  return Parser(known, where).parse(text);
}

}  // namespace ganymede::gans
