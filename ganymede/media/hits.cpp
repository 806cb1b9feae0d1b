#include "ganymede/media/hits.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::media {
namespace {

constexpr int64_t kFarthest = 1'000'000;
constexpr size_t kMostHits = 100'000'000;
constexpr std::string_view kParameters = "params:";
constexpr size_t kShown = 40;  // bytes of a bad field in a message

class Lines {
 public:
  Lines(std::string_view text, std::string where) : rest_(text), where_(std::move(where)) {}

  // The next line without its end; false after the last.
  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    ++number_;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }

  [[noreturn]] void refuse(const std::string& found, const std::string& allowed) const {
    throw DataError({fmt::format("{}:{}", where_, number_), found, allowed});
  }

 private:
  std::string_view rest_;
  std::string where_;
  int64_t number_ = 0;
};

std::string shown(std::string_view field) {
  return json_string(field.substr(0, kShown)) + (field.size() > kShown ? "..." : "");
}

double number(std::string_view field, const Lines& lines) {
  double value = 0;
  const auto parsed = std::from_chars(field.data(), field.data() + field.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != field.data() + field.size() ||
      !std::isfinite(value)) {
    lines.refuse(shown(field), "a finite number");
  }
  return value;
}

int64_t place(std::string_view field, const Lines& lines) {
  int64_t value = 0;
  const auto parsed = std::from_chars(field.data(), field.data() + field.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != field.data() + field.size() ||
      std::abs(value) > kFarthest) {
    lines.refuse(shown(field), fmt::format("a whole number within +-{}", format_count(kFarthest)));
  }
  return value;
}

std::vector<std::string_view> words(std::string_view line) {
  constexpr std::string_view kBlank = " \t";
  std::vector<std::string_view> found;
  for (size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    found.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlank, end);
  }
  return found;
}

std::vector<std::string_view> fields(std::string_view line) {
  std::vector<std::string_view> found;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(',', begin), line.size());
    found.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return found;
}

// Adds hits to an event and refuses two at one place.
class Event {
 public:
  void add(const Hit& hit, const Lines& lines) {
    if (!(hit.amount > 0)) lines.refuse(fmt::format("the amount {}", hit.amount), "above 0");
    if (!places_.insert({hit.pad, hit.time}).second) {
      lines.refuse(fmt::format("two hits at pad {}, time {}", hit.pad, hit.time), "one");
    }
    hits_.push_back(hit);
  }
  std::vector<Hit> take() {
    places_.clear();
    return std::move(hits_);
  }

 private:
  std::set<std::pair<int64_t, int64_t>> places_;
  std::vector<Hit> hits_;
};

void count_hits(size_t& total, size_t more, const Lines& lines) {
  total += more;
  if (total > kMostHits) {
    lines.refuse("more hits than are read",
                 format_count(static_cast<int64_t>(kMostHits)) + " at most");
  }
}

std::vector<double> parameters_of(std::string_view line, const Lines& lines) {
  std::vector<double> values;
  for (const auto word : words(line.substr(kParameters.size())))
    values.push_back(number(word, lines));
  if (values.empty()) lines.refuse("no parameters", "params: and one or more numbers");
  return values;
}

std::vector<Hit> hits_of(std::string_view line, const Lines& lines) {
  const auto found = words(line);
  if (found.size() % 3 != 0) {
    lines.refuse(fmt::format("{} numbers", found.size()), "triplets of pad, time and amount");
  }
  Event event;
  for (size_t i = 0; i < found.size(); i += 3) {
    event.add({place(found[i], lines), place(found[i + 1], lines), number(found[i + 2], lines)},
              lines);
  }
  return event.take();
}

HitEvents parse_raw(std::string_view text, const std::string& where) {
  HitEvents all;
  Lines lines(text, where);
  bool announced = false;
  size_t total = 0;
  for (std::string_view line; lines.next(line);) {
    if (line.starts_with(kParameters)) {
      if (announced) lines.refuse("parameters twice", "a line of hits behind parameters");
      if (all.parameters.empty() && !all.events.empty()) {
        lines.refuse("parameters", "none, as for the events above");
      }
      all.parameters.push_back(parameters_of(line, lines));
      if (all.parameters.back().size() != all.parameters.front().size()) {
        lines.refuse(fmt::format("{} parameters", all.parameters.back().size()),
                     fmt::format("{}, as above", all.parameters.front().size()));
      }
      announced = true;
      continue;
    }
    if (!announced && !all.parameters.empty()) {
      if (words(line).empty()) continue;
      lines.refuse("an event without parameters", "params: before each, as above");
    }
    announced = false;
    all.events.push_back(hits_of(line, lines));
    count_hits(total, all.events.back().size(), lines);
  }
  if (announced) lines.refuse("the end behind parameters", "a line of hits");
  if (!all.parameters.empty()) {
    for (size_t i = 1; i <= all.parameters.front().size(); ++i)
      all.names.push_back(fmt::format("p{}", i));
  }
  return all;
}

struct Columns {
  size_t event = 0, pad = 0, time = 0, amount = 0, count = 0;
  std::vector<size_t> parameters;
};

Columns columns_of(std::string_view header, const Lines& lines, HitEvents& all) {
  const auto names = fields(header);
  Columns columns;
  columns.count = names.size();
  const auto find = [&](std::string_view name) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      lines.refuse("no column " + std::string(name), "evtId, ipad, itime, amp");
    }
    return static_cast<size_t>(found - names.begin());
  };
  columns.event = find("evtId");
  columns.pad = find("ipad");
  columns.time = find("itime");
  columns.amount = find("amp");
  for (size_t i = 0; i < names.size(); ++i) {
    if (i == columns.event || i == columns.pad || i == columns.time || i == columns.amount)
      continue;
    columns.parameters.push_back(i);
    all.names.emplace_back(names[i]);
  }
  return columns;
}

HitEvents parse_table(std::string_view text, const std::string& where) {
  HitEvents all;
  Lines lines(text, where);
  std::string_view line;
  lines.next(line);
  const Columns columns = columns_of(line, lines, all);
  Event event;
  std::set<int64_t> seen;
  int64_t current = 0;
  size_t total = 0;
  std::vector<double> parameters;
  const auto finish = [&] {
    if (seen.empty()) return;
    all.events.push_back(event.take());
    if (!all.names.empty()) all.parameters.push_back(parameters);
  };
  while (lines.next(line)) {
    if (line.empty()) continue;
    const auto row = fields(line);
    if (row.size() != columns.count) {
      lines.refuse(fmt::format("{} fields", row.size()), fmt::format("{}", columns.count));
    }
    const int64_t number_of_event = place(row[columns.event], lines);
    std::vector<double> values;
    for (const size_t at : columns.parameters) values.push_back(number(row[at], lines));
    if (seen.empty() || number_of_event != current) {
      finish();
      current = number_of_event;
      if (!seen.insert(current).second) {
        lines.refuse(fmt::format("event {} again", current), "the hits of an event together");
      }
      parameters = values;
    } else if (values != parameters) {
      lines.refuse(fmt::format("other parameters within event {}", current), "the same");
    }
    event.add({place(row[columns.pad], lines), place(row[columns.time], lines),
               number(row[columns.amount], lines)},
              lines);
    count_hits(total, 1, lines);
  }
  finish();
  return all;
}

bool is_table(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\n'));
  return line.find("evtId") != std::string_view::npos && line.find(',') != std::string_view::npos;
}

}  // namespace

bool resembles_hits(std::string_view head) {
  return head.starts_with(kParameters) || is_table(head);
}

HitEvents parse_hits(std::string_view text, const std::string& where) {
  HitEvents all = is_table(text) ? parse_table(text, where) : parse_raw(text, where);
  const bool hits =
      std::ranges::any_of(all.events, [](const auto& event) { return !event.empty(); });
  if (!hits) throw DataError({where, "no hits", "events with pads, times and amounts"});
  return all;
}

}  // namespace ganymede::media
