#include "ganymede/data/table/datetime.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

constexpr std::string_view kCodes = "YymdHMSfb";
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr int64_t kMicroseconds = 1'000'000;
constexpr int64_t kDayMicroseconds = 86'400 * kMicroseconds;

struct Parts {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, micro = 0;
};

// `least` to `most` digits from the front.
std::optional<int> take_digits(std::string_view& text, size_t least, size_t most) {
  int value = 0;
  size_t n = 0;
  for (; n < most && n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n) {
    value = value * 10 + (text[n] - '0');
  }
  if (n < least) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

bool take_fraction(std::string_view& text, int& micro) {
  constexpr int kDigits = 6;
  const size_t before = text.size();
  const auto value = take_digits(text, 1, kDigits);
  if (!value) return false;
  micro = *value;
  for (size_t n = before - text.size(); n < kDigits; ++n) micro *= 10;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
  return true;
}

bool take_month_name(std::string_view& text, int& month) {
  for (size_t m = 0; m < kMonths.size(); ++m) {
    if (!text.starts_with(kMonths[m])) continue;
    month = static_cast<int>(m) + 1;
    text.remove_prefix(kMonths[m].size());
    return true;
  }
  return false;
}

bool take_part(char code, std::string_view& text, Parts& parts) {
  const auto number = [&](int& part, size_t least, size_t most) {
    const auto value = take_digits(text, least, most);
    if (value) part = *value;
    return value.has_value();
  };
  switch (code) {
    case 'Y':
      return number(parts.year, 4, 4);
    case 'y': {
      constexpr int kPivot = 69;  // POSIX: 69..99 are of the twentieth century
      if (!number(parts.year, 2, 2)) return false;
      parts.year += parts.year >= kPivot ? 1900 : 2000;
      return true;
    }
    case 'm':
      return number(parts.month, 1, 2);
    case 'd':
      return number(parts.day, 1, 2);
    case 'H':
      return number(parts.hour, 1, 2);
    case 'M':
      return number(parts.minute, 2, 2);
    case 'S':
      return number(parts.second, 2, 2);
    case 'f':
      return take_fraction(text, parts.micro);
    default:
      return take_month_name(text, parts.month);
  }
}

std::optional<double> seconds_of(const Parts& parts) {
  const std::chrono::year_month_day date{std::chrono::year(parts.year),
                                         std::chrono::month(static_cast<unsigned>(parts.month)),
                                         std::chrono::day(static_cast<unsigned>(parts.day))};
  if (!date.ok() || parts.year == 0 || parts.hour > 23 || parts.minute > 59 || parts.second > 59) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds =
      static_cast<int64_t>(days) * 86'400 + parts.hour * 3600 + parts.minute * 60 + parts.second;
  return static_cast<double>(seconds) + parts.micro / static_cast<double>(kMicroseconds);
}

Parts parts_of(double seconds) {
  const auto micros = static_cast<int64_t>(std::llround(seconds * kMicroseconds));
  int64_t days = micros / kDayMicroseconds;
  if (days * kDayMicroseconds > micros) --days;
  const int64_t rest = micros - days * kDayMicroseconds;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const auto second_of_day = static_cast<int>(rest / kMicroseconds);
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<int>(static_cast<unsigned>(date.month())),
          .day = static_cast<int>(static_cast<unsigned>(date.day())),
          .hour = second_of_day / 3600,
          .minute = second_of_day / 60 % 60,
          .second = second_of_day % 60,
          .micro = static_cast<int>(rest % kMicroseconds)};
}

std::string text_of(char code, const Parts& parts) {
  switch (code) {
    case 'Y':
      return fmt::format("{:04}", parts.year);
    case 'y':
      return fmt::format("{:02}", parts.year % 100);
    case 'm':
      return fmt::format("{:02}", parts.month);
    case 'd':
      return fmt::format("{:02}", parts.day);
    case 'H':
      return fmt::format("{:02}", parts.hour);
    case 'M':
      return fmt::format("{:02}", parts.minute);
    case 'S':
      return fmt::format("{:02}", parts.second);
    case 'f':
      return fmt::format("{:06}", parts.micro);
    default:
      return std::string(kMonths[static_cast<size_t>(parts.month) - 1]);
  }
}

}  // namespace

std::optional<double> parse_datetime(std::string_view text, std::string_view format) {
  Parts parts;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      if (!take_part(format[++i], text, parts)) return std::nullopt;
    } else {
      if (text.empty() || text[0] != format[i]) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  return text.empty() ? seconds_of(parts) : std::nullopt;
}

std::string format_datetime(double seconds, std::string_view format) {
  const Parts parts = parts_of(seconds);
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      text += text_of(format[++i], parts);
    } else {
      text.push_back(format[i]);
    }
  }
  return text;
}

double datetime_step(std::string_view format) {
  const auto has = [&](std::string_view code) {
    return format.find(code) != std::string_view::npos;
  };
  if (has("%f")) return 1e-6;
  if (has("%S")) return 1;
  if (has("%M")) return 60;
  return has("%H") ? 3600 : 86'400;
}

void check_datetime_format(std::string_view format, const std::string& where) {
  bool any = false;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    any = true;
    if (++i < format.size() && kCodes.find(format[i]) != std::string_view::npos) continue;
    any = false;
    break;
  }
  if (any) return;
  throw DataError({.where = where,
                   .found = "the format \"" + std::string(format) + "\"",
                   .allowed = "%Y %y %m %d %H %M %S %f %b and letters between them"});
}

const std::vector<std::string>& known_datetime_formats() {
  static const std::vector<std::string> formats = {"%Y-%m-%d",
                                                   "%Y-%m-%d %H:%M:%S",
                                                   "%Y-%m-%dT%H:%M:%S",
                                                   "%Y-%m-%d %H:%M",
                                                   "%Y-%m-%dT%H:%MZ",
                                                   "%Y-%m-%dT%H:%M:%SZ",
                                                   "%Y-%m-%d %H:%M:%S.%f",
                                                   "%Y-%m-%dT%H:%M:%S.%f",
                                                   "%Y-%m-%dT%H:%M:%S.%fZ",
                                                   "%Y/%m/%d",
                                                   "%Y/%m/%d %H:%M:%S",
                                                   "%Y/%m/%d %H:%M",
                                                   "%m/%d/%Y",
                                                   "%d/%m/%Y",
                                                   "%m/%d/%Y %H:%M",
                                                   "%d/%m/%Y %H:%M",
                                                   "%m/%d/%Y %H:%M:%S",
                                                   "%d/%m/%Y %H:%M:%S",
                                                   "%d.%m.%Y",
                                                   "%d.%m.%Y %H:%M",
                                                   "%d.%m.%Y %H:%M:%S",
                                                   "%d-%m-%Y",
                                                   "%d-%b-%Y",
                                                   "%d %b %Y",
                                                   "%d-%b-%y",
                                                   "%m/%d/%y",
                                                   "%d/%m/%y"};
  return formats;
}

}  // namespace ganymede::data
