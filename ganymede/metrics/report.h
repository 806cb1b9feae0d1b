// Records as text for people: a table for the terminal, and a page that needs no other file.
#pragma once

#include <string>
#include <vector>

#include "ganymede/media/image.h"
#include "ganymede/metrics/metric_table.h"
#include "ganymede/metrics/score.h"

namespace ganymede::metrics {

using TextTable = std::vector<std::vector<std::string>>;  // the first row is the head

// One row per score: name, value, interval, floor, which way is better, what else to know.
TextTable score_table(const Record& record);

// One row per class, one column per score that knows its classes; only a head where none does.
TextTable class_table(const Record& record);

// One column per record, one row per score that some record has; the best of each row is marked
// with a star where a figure has a best and more than one record has it. `heads` name the columns.
TextTable comparison_table(const std::vector<Record>& records,
                           const std::vector<std::string>& heads);

// "5,000 real, 3 x 5,000 generated, pca (no resizing), 8 bits, digits (test) 0123456789abcdef".
std::string settings_line(const Record& record);

// The warnings of all records, each once, with the heads of the columns it belongs to where it does
// not belong to all.
std::vector<std::string> warning_lines(const std::vector<Record>& records,
                                       const std::vector<std::string>& heads);

// A picture of the page and what it shows.
struct ReportPicture {
  std::string title;
  std::string caption;
  media::Image image;
};

struct Report {
  std::string title;
  std::vector<Record> records;     // one or more; several are shown side by side
  std::vector<std::string> heads;  // of their columns
  std::vector<ReportPicture> pictures;
};

// A whole HTML page: every text escaped, pictures inside as PNG, styles inside, light and dark.
std::string report_html(const Report& report);

// Samples, reals, nearest training pictures, where there are any.
std::vector<ReportPicture> exhibit_pictures(const Exhibits& exhibits, const SampleSpec& spec);

// Scores over the kimg of several checkpoints with their floors; empty below two.
std::vector<ReportPicture> checkpoint_curves(const std::vector<Record>& records);

// Four significant digits, exponents for very small and large values, "-" for NaN.
std::string figure_text(double value);

}  // namespace ganymede::metrics
