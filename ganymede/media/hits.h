// Hits of a detector as text: for each event, amounts at places of a grid.
//
// Raw: a line of "pad time amount" triplets for each event, before it perhaps a line
// "params: number number ..." (every event has one, of as many numbers, or none has). CSV: a header
// with evtId, ipad, itime and amp in any order, one hit a line, events together; other columns are
// parameters, the same for all hits of an event.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::media {

struct Hit {
  int64_t pad = 0;
  int64_t time = 0;
  double amount = 0;  // finite, above 0
};

struct HitEvents {
  std::vector<std::string> names;               // of the parameters; "p1", "p2" of raw files
  std::vector<std::vector<double>> parameters;  // for each event, as many as names
  std::vector<std::vector<Hit>> events;
};

// Whether text begins like one of both forms with parameters or a header.
bool resembles_hits(std::string_view head);

// At most 100 million hits, pads and times within +-1 million. Throws DataError as where:line for
// whatever the forms above do not allow, two hits at one place included.
HitEvents parse_hits(std::string_view text, const std::string& where);

}  // namespace ganymede::media
