// Captions as people store them beside pictures. Knows no pictures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

// What is said of one picture.
struct Captions {
  std::vector<std::string> main = {};    // captions, at least one
  std::vector<std::string> others = {};  // further names and keywords
  std::string category = {};
};

struct CaptionRow {
  std::string place;      // "captions.tsv:12"
  std::string file = {};  // as written, with '/'
  Captions captions = {};
};

struct CaptionFile {
  std::vector<CaptionRow> rows;
  std::vector<BrokenFile> broken;  // rows that say nothing, and why
};

// Names that are looked for beside the pictures, in this order.
const std::vector<std::string>& caption_file_names();

// By the extension of `name`:
// - .csv, .tsv, .txt: a table whose first line names the columns. One of file, file_name, filename,
//   image, image_file, path, picture says which picture; columns caption, captions, text, title,
//   description, comment, sentence (also with a number behind: caption1) hold captions; category,
//   class, label the class; aliases, tags, keywords words with blanks between them, '_' within one
//   standing for a blank. Several rows may tell of one picture.
// - .jsonl: one object per line with the same names; captions may be lists.
// Throws DataError as name:line:column for text that is no such table, and for columns missing.
CaptionFile parse_captions(std::string_view text, const std::string& name);

// A file that belongs to one picture: every line is a caption. Empty lines are passed over.
std::vector<std::string> caption_lines(std::string_view text);

// As it is compared and learnt: lower case (ASCII), blanks made single.
std::string plain_caption(std::string_view text);

}  // namespace ganymede::data
