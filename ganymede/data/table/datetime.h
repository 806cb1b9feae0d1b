// Points in time as text, by formats as strftime knows them: %Y %y %m %d %H %M %S %f (a fraction of
// a second) %b (Jan ... Dec), and letters that stand for themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::data {

// Seconds since 1970-01-01 00:00:00 UTC; nothing for text of another form or a date that does not
// exist. Fractions are exact to a microsecond.
std::optional<double> parse_datetime(std::string_view text, std::string_view format);
std::string format_datetime(double seconds, std::string_view format);

// The smallest step that a format can tell apart, in seconds: 86400, 3600, 60, 1 or 1e-6.
double datetime_step(std::string_view format);

// Throws DataError with `where` for a format that holds something else.
void check_datetime_format(std::string_view format, const std::string& where);

// Formats that are looked for in files, the likelier first.
const std::vector<std::string>& known_datetime_formats();

}  // namespace ganymede::data
