// Figures that say how they were made, and when two of them may be compared.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ganymede::metrics {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Which way a figure improves: down, up, or toward its floor (reals have that value themselves).
enum class Better { kLower, kHigher, kNearFloor };

// One figure. Numbers that are not known are NaN, in JSON null.
struct Score {
  std::string metric;  // the entry of the table of metrics that made it: "prdc"
  std::string name;    // "precision"; Frechet distances are named by FeatureNet::distance_name()
  Better better = Better::kLower;
  std::string unit;
  double value = kUnknown;      // the mean over the repeats
  std::vector<double> repeats;  // one for each entry of Settings::seeds
  double sd = kUnknown;         // over the repeats
  double low = kUnknown;        // of the interval
  double high = kUnknown;
  std::string interval;                // how it was found: "95 %, Student's t over 3 seeds"
  double floor = kUnknown;             // the same figure of real samples against other real samples
  std::vector<double> per_class = {};  // mean over the repeats for each class; or empty
  std::string note;
  std::string warning;
};

// Everything that changes a figure without the model changing.
struct Settings {
  std::string data;         // as named by the user
  std::string data_kind;    // "IDX", "built-in", ...
  std::string fingerprint;  // of the reference data
  std::string split;
  std::string sample;  // shape, "1 x 28 x 28"
  std::string crop;    // how pictures came to that shape
  int64_t real_samples = 0;
  int64_t fake_samples = 0;     // in each repeat
  int64_t floor_samples = 0;    // each side of the floor; 0: no floor
  std::vector<uint64_t> seeds;  // seed of each repeat's first sample
  std::string net;              // feature network
  std::string net_sha256;       // of its weights
  std::string resize;           // how pictures reach the network's input
  std::string quantisation;     // "8 bits", "none"
  bool flips = false;           // reals counted mirrored as well
  std::string training;         // data for memorisation; empty: the reference itself
  std::string training_fingerprint;
  int64_t training_samples = 0;
};

struct Record {
  std::string subject;       // what was judged, as named by the user
  std::string subject_kind;  // "dcgan", "image folder", ...
  std::string checkpoint;    // path, for models
  double kimg = kUnknown;    // training that the model has had
  Settings settings;
  std::vector<Score> scores;
  std::vector<std::string> class_names = {};  // of the rows of per_class; empty: numbers
  std::string version;                        // of the program
  std::string time;                           // UTC, ISO 8601
  double seconds = 0;                         // that the evaluation took
  std::vector<std::string> warnings;
};

nlohmann::json to_json(const Record& record);
// Throws DataError naming `where` and the part that is missing or of another type.
Record record_from_json(const nlohmann::json& json, const std::string& where);

// {"records": [...]} for several, the record itself for one; reads either.
std::string records_text(const std::vector<Record>& records);
std::vector<Record> parse_records(const std::string& text, const std::string& where);

// The first setting in which two records differ although it changes figures.
struct Difference {
  std::string setting;
  std::string first;
  std::string second;
};
// Nothing when a's and b's figures of the same name may stand side by side. Paths of the same data
// (equal fingerprints) may differ; so may the model, of course, and the time.
std::optional<Difference> not_comparable(const Record& a, const Record& b);

// Nullptr when there is no such score.
const Score* find_score(const Record& record, const std::string& name);

// "lower", "higher", "near floor".
std::string better_text(Better better);

}  // namespace ganymede::metrics
