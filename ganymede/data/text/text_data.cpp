#include "ganymede/data/text/text_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/csv_data.h"
#include "ganymede/data/pictures.h"
#include "ganymede/media/csv.h"
#include "ganymede/media/text_file.h"

namespace ganymede::data {
namespace {

constexpr size_t kHeadBytes = size_t{1} << 15;
constexpr size_t kMostTokens = size_t{1} << 31;  // of all rows

std::vector<std::string> head_lines(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  std::vector<std::string> lines;
  for (size_t at = 0; at < head.size();) {
    const size_t end = head.find('\n', at);
    if (end == std::string::npos && !lines.empty() && head.size() == kHeadBytes) break;  // cut
    lines.push_back(head.substr(at, end == std::string::npos ? end : end - at));
    at = end == std::string::npos ? head.size() : end + 1;
  }
  return lines;
}

// Whether all lines have the same number of one delimiter, and some.
bool are_rows(const std::vector<std::string>& lines) {
  constexpr std::array<char, 4> kDelimiters = {',', '\t', ';', '|'};
  return lines.size() > 1 && std::ranges::any_of(kDelimiters, [&](char delimiter) {
           const auto first = std::ranges::count(lines.front(), delimiter);
           return first > 0 && std::ranges::all_of(lines, [&](const std::string& line) {
                    return line.empty() || std::ranges::count(line, delimiter) == first;
                  });
         });
}

// Whether most of what stands between blanks and commas is a number.
bool are_numbers(const std::vector<std::string>& lines) {
  int64_t numbers = 0, others = 0;
  for (const std::string& line : lines) {
    for (size_t at = 0; at < line.size();) {
      const size_t end = std::min(line.find_first_of(" \t\r,;", at), line.size());
      if (end > at) {
        const auto text = std::string_view(line).substr(at, end - at);
        ++(media::parse_csv_number(text) ? numbers : others);
      }
      at = end + 1;
    }
  }
  return numbers > others;
}

struct Lines {
  std::vector<std::vector<int32_t>> numbers;
  size_t longest = 0;
  size_t shortest = 0;
  int64_t left_out = 0;  // longer than wanted
};

std::vector<std::string_view> without_blank(const std::vector<std::string_view>& lines) {
  std::vector<std::string_view> kept;
  for (const std::string_view line : lines) {
    if (line.find_first_not_of(" \t") != std::string_view::npos) kept.push_back(line);
  }
  return kept;
}

[[noreturn]] void refuse_length(const std::string& where, size_t tokens, int64_t most) {
  throw DataError({.where = where,
                   .found = fmt::format("a line of {} tokens", tokens),
                   .allowed = fmt::format("up to data.max_length, {}", most),
                   .remedy = "data.strict=false leaves it out"});
}

Lines encode_lines(const std::vector<std::string_view>& lines, const Vocabulary& vocabulary,
                   const DataConfig& config, const std::string& where) {
  Lines encoded;
  for (const std::string_view line : lines) {
    if (config.limit > 0 && static_cast<int64_t>(encoded.numbers.size()) == config.limit) break;
    std::vector<int32_t> numbers = vocabulary.encode(line);
    if (numbers.empty()) continue;
    if (config.max_length > 0 && static_cast<int64_t>(numbers.size()) > config.max_length) {
      if (config.strict) refuse_length(where, numbers.size(), config.max_length);
      ++encoded.left_out;
      continue;
    }
    encoded.longest = std::max(encoded.longest, numbers.size());
    encoded.shortest =
        encoded.numbers.empty() ? numbers.size() : std::min(encoded.shortest, numbers.size());
    encoded.numbers.push_back(std::move(numbers));
  }
  return encoded;
}

void check_kept(const Lines& lines, size_t length, const DataConfig& config,
                const std::string& where) {
  if (lines.numbers.empty()) {
    throw DataError({.where = where,
                     .found = lines.left_out > 0 ? "only longer lines" : "no text",
                     .allowed = config.max_length > 0
                                    ? fmt::format("lines of up to {} tokens", config.max_length)
                                    : "one sample per line",
                     .remedy = lines.left_out > 0 ? "a larger data.max_length" : ""});
  }
  if (lines.numbers.size() > kMostTokens / length) {
    throw DataError(
        {.where = where,
         .found = fmt::format("{} lines of up to {} tokens",
                              format_count(static_cast<int64_t>(lines.numbers.size())), length),
         .allowed =
             fmt::format("{} tokens in all", format_count(static_cast<int64_t>(kMostTokens))),
         .remedy = "a smaller data.max_length or data.limit"});
  }
}

std::vector<int32_t> joined(const Lines& lines, size_t length) {
  std::vector<int32_t> rows(lines.numbers.size() * length, static_cast<int32_t>(kPadToken));
  for (size_t i = 0; i < lines.numbers.size(); ++i) {
    const auto& numbers = lines.numbers[i];
    int32_t* row = rows.data() + i * length;
    std::ranges::copy(numbers, row);
    if (numbers.size() < length) row[numbers.size()] = static_cast<int32_t>(kEndToken);
  }
  return rows;
}

// What the model that asks for this data knows.
struct Known {
  std::shared_ptr<const Vocabulary> vocabulary;
  bool ends = true;
};

Known known_of(const std::string& state) {
  const auto json = nlohmann::json::parse(state, nullptr, /*allow_exceptions=*/false);
  return {std::make_shared<const Vocabulary>(Vocabulary::from_json(json, "domain_state")),
          json.value("ends", true)};
}

}  // namespace

std::string text_state(const Vocabulary& vocabulary, bool ends) {
  nlohmann::json json = vocabulary.to_json();
  json["ends"] = ends;
  return json.dump();
}

void put_tokens(const std::vector<int32_t>& numbers, int64_t length, float* out) {
  const auto count = std::min(static_cast<int64_t>(numbers.size()), length);
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(numbers[static_cast<size_t>(i)]);
  if (count < length) out[count] = static_cast<float>(kEndToken);
  for (int64_t i = count + 1; i < length; ++i) out[i] = static_cast<float>(kPadToken);
}

TextDataset::TextDataset(std::string kind, std::shared_ptr<const Vocabulary> vocabulary,
                         std::vector<int32_t> rows, int64_t length, bool ends)
    : kind_(std::move(kind)), vocabulary_(std::move(vocabulary)), rows_(std::move(rows)) {
  spec_.domain = "text";
  spec_.shape = {length};
  spec_.domain_state = text_state(*vocabulary_, ends);
}

int64_t TextDataset::size() const { return static_cast<int64_t>(rows_.size()) / spec_.shape[0]; }

void TextDataset::read(int64_t index, float* out) const {
  const int64_t length = spec_.shape[0];
  std::copy_n(rows_.begin() + index * length, length, out);
}

std::string TextDataset::fingerprint() const {
  const std::string_view bytes(reinterpret_cast<const char*>(rows_.data()),
                               rows_.size() * sizeof(int32_t));
  return fmt::format("{:016x}", xxh3(bytes, xxh3(spec_.domain_state)));
}

bool resembles_text(const std::filesystem::path& path, const DataConfig& config) {
  if (path.extension() != ".txt" || !std::filesystem::is_regular_file(path)) return false;
  if (!config.schema.empty() || resembles_points(path)) return false;
  const auto lines = head_lines(path);
  return !lines.empty() && !are_rows(lines) && !are_numbers(lines);
}

std::shared_ptr<Dataset> open_text(const std::filesystem::path& path, const DataConfig& config,
                                   Progress*) {
  const std::string where = path.string();
  if (config.split == "test") refuse_split(where, config.split, {});
  const std::string text = media::read_text(path);
  const auto lines = without_blank(media::split_lines(text, where));
  Known known;
  if (!config.domain_state.empty()) known = known_of(config.domain_state);
  if (known.vocabulary == nullptr) {
    known.vocabulary = std::make_shared<const Vocabulary>(Vocabulary::fit(
        lines, {.characters = config.tokens == "characters", .min_count = config.min_count},
        where));
  }
  const Lines encoded = encode_lines(lines, *known.vocabulary, config, where);
  const size_t length = config.max_length > 0 && !config.domain_state.empty()
                            ? static_cast<size_t>(config.max_length)
                            : std::max<size_t>(encoded.longest, 1);
  check_kept(encoded, length, config, where);
  const bool ends = config.domain_state.empty() ? encoded.shortest < length : known.ends;
  auto set = std::make_shared<TextDataset>("text", known.vocabulary, joined(encoded, length),
                                           static_cast<int64_t>(length), ends);
  if (encoded.left_out > 0) {
    set->set_broken({{where, fmt::format("{} lines of more than {} tokens are left out",
                                         format_count(encoded.left_out), config.max_length)}});
  }
  return set;
}

}  // namespace ganymede::data
