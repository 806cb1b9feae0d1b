#include "ganymede/data/captions/caption_file.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/media/csv.h"

namespace ganymede::data {
namespace {

using nlohmann::json;

enum class Column { kNone, kFile, kCaption, kCategory, kWords };

constexpr const char* kWanted =
    "a column file (or file_name, image, path) and a column caption (or text, title)";

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

Column column_of(std::string_view name) {
  static const std::vector<std::pair<Column, std::vector<std::string>>> known = {
      {Column::kFile, {"file", "file_name", "filename", "image", "image_file", "path", "picture"}},
      {Column::kCaption,
       {"caption", "captions", "text", "title", "description", "comment", "sentence"}},
      {Column::kCategory, {"category", "class", "label"}},
      {Column::kWords, {"aliases", "tags", "keywords"}},
  };
  std::string plain = plain_caption(name);
  while (!plain.empty() &&
         (std::isdigit(static_cast<unsigned char>(plain.back())) != 0 || plain.back() == '_')) {
    plain.pop_back();
  }
  for (const auto& [column, names] : known)
    if (std::ranges::find(names, plain) != names.end()) return column;
  return Column::kNone;
}

// "sweat_smile hot" -> "sweat smile", "hot"
void add_words(std::string_view text, std::vector<std::string>& words) {
  std::string word;
  const auto finish = [&] {
    if (word.find_first_not_of(' ') != std::string::npos) words.push_back(word);
    word.clear();
  };
  for (const char c : text) {
    if (is_blank(c))
      finish();
    else
      word += c == '_' ? ' ' : c;
  }
  finish();
}

void add(Column column, const std::string& text, CaptionRow& row) {
  switch (column) {
    case Column::kFile:
      row.file = text;
      std::ranges::replace(row.file, '\\', '/');
      return;
    case Column::kCaption:
      if (!plain_caption(text).empty()) row.captions.main.push_back(text);
      return;
    case Column::kCategory:
      row.captions.category = text;
      return;
    case Column::kWords:
      return add_words(text, row.captions.others);
    case Column::kNone:
      return;
  }
}

void keep(CaptionRow row, CaptionFile& file) {
  if (row.file.empty()) {
    file.broken.push_back({row.place, "a row without a picture's name"});
  } else if (row.captions.main.empty()) {
    file.broken.push_back({row.place, "no caption for " + row.file});
  } else {
    file.rows.push_back(std::move(row));
  }
}

void check_columns(const std::vector<Column>& columns, const std::string& where,
                   const std::vector<std::string>& names) {
  const auto has = [&](Column column) {
    return std::ranges::find(columns, column) != columns.end();
  };
  if (has(Column::kFile) && has(Column::kCaption)) return;
  throw DataError({where, "the columns " + join(names), kWanted});
}

std::vector<Column> columns_of(const std::vector<media::CsvField>& header,
                               const std::string& where) {
  std::vector<Column> columns;
  std::vector<std::string> names;
  for (const media::CsvField& field : header) {
    names.emplace_back(field.text);
    columns.push_back(column_of(field.text));
  }
  check_columns(columns, where, names);
  return columns;
}

CaptionFile parse_table(std::string_view text, const std::string& name) {
  const bool tabs = name.ends_with(".tsv");
  media::CsvReader reader(text, name, {.delimiter = tabs ? '\t' : media::sniff_delimiter(text)});
  std::vector<media::CsvField> fields;
  CaptionFile file;
  if (!reader.next(fields)) throw DataError({name, "an empty file", kWanted});
  const std::vector<Column> columns = columns_of(fields, name + ":1");
  while (reader.next(fields)) {
    if (fields.size() == 1 && fields[0].text.empty()) continue;
    CaptionRow row{.place = name + ":" + std::to_string(fields[0].line)};
    if (fields.size() != columns.size()) {
      file.broken.push_back({row.place, std::to_string(fields.size()) +
                                            " fields where the first "
                                            "line has " +
                                            std::to_string(columns.size())});
      continue;
    }
    for (size_t i = 0; i < fields.size(); ++i) add(columns[i], std::string(fields[i].text), row);
    keep(std::move(row), file);
  }
  return file;
}

void add_json(Column column, const json& value, CaptionRow& row) {
  if (value.is_string()) return add(column, value.get<std::string>(), row);
  if (!value.is_array()) return;
  for (const json& entry : value) {
    if (!entry.is_string()) continue;
    const auto& text = entry.get_ref<const std::string&>();
    column == Column::kWords ? row.captions.others.push_back(text) : add(column, text, row);
  }
}

CaptionFile parse_json_lines(std::string_view text, const std::string& name) {
  CaptionFile file;
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string place = name + ":" + std::to_string(++number);
    if (plain_caption(line).empty()) continue;
    const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object())
      throw DataError({place, "no JSON object",
                       "one object per line: {\"file_name\": ..., "
                       "\"text\": ...}"});
    CaptionRow row{.place = place};
    for (const auto& [key, value] : object.items()) add_json(column_of(key), value, row);
    keep(std::move(row), file);
  }
  return file;
}

}  // namespace

const std::vector<std::string>& caption_file_names() {
  static const std::vector<std::string> names = {"captions.tsv", "captions.csv",   "captions.jsonl",
                                                 "captions.txt", "metadata.jsonl", "metadata.csv",
                                                 "metadata.tsv"};
  return names;
}

CaptionFile parse_captions(std::string_view text, const std::string& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return name.ends_with(".jsonl") ? parse_json_lines(text, name) : parse_table(text, name);
}

std::vector<std::string> caption_lines(std::string_view text) {
  std::vector<std::string> lines;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!plain_caption(line).empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::string plain_caption(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (is_blank(c)) {
      if (!plain.empty() && plain.back() != ' ') plain += ' ';
    } else {
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  if (!plain.empty() && plain.back() == ' ') plain.pop_back();
  return plain;
}

}  // namespace ganymede::data
